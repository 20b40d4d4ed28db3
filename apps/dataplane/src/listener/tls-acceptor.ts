// Server side of mutual TLS on accepted sockets: only peers of the mesh come through, with who they are.
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { contextOptions, type WorkloadTls } from '../cluster/identity.ts';
import type { PeerFacts } from '../exchange/exchange.ts';
import type { Telemetry } from '../telemetry/record.ts';

/** Protocols that we speak to a peer, best first. */
const ALPN = ['h2', 'http/1.1'];

export interface TlsAcceptorOptions {
  readonly telemetry: Telemetry;
  readonly handshakeTimeoutMs: number;
  readonly now: () => number;
  readonly secured: (socket: TLSSocket, peer: PeerFacts) => void;
}

export class TlsAcceptor {
  private readonly options: TlsAcceptorOptions;
  private server: Server | undefined;

  constructor(options: TlsAcceptorOptions) {
    this.options = options;
  }

  /** For new handshakes; also ends the life of session tickets given out under the old trust. */
  setIdentity(identity: WorkloadTls | undefined): void {
    this.server = identity === undefined ? undefined : this.createServer(identity);
  }

  /** Takes a socket whose first bytes are a ClientHello. Without a certificate it can only be closed. */
  accept(socket: Socket): void {
    if (this.server === undefined) {
      this.options.telemetry.counter('handshake-failed');
      socket.destroy();
      return;
    }
    // Our peers never half-close; a peer that goes away within the handshake would otherwise be waited for.
    socket.allowHalfOpen = false;
    this.server.emit('connection', socket);
  }

  private createServer(identity: WorkloadTls): Server {
    const server = createServer({
      ...contextOptions(identity.secrets),
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ALPN,
      handshakeTimeout: this.options.handshakeTimeoutMs,
    });
    server.on('secureConnection', (socket) => this.secured(socket, identity));
    server.on('tlsClientError', (_error, socket) => {
      this.options.telemetry.counter('handshake-failed');
      socket.destroy();
    });
    return server;
  }

  private secured(socket: TLSSocket, identity: WorkloadTls): void {
    let peer: PeerFacts;
    try {
      peer = this.peerOf(socket, identity);
    } catch {
      // Refused identities are counted; who it was stands in no request record, as there is no request.
      this.options.telemetry.counter('peer-rejected');
      socket.destroy();
      return;
    }
    this.options.secured(socket, peer);
  }

  private peerOf(socket: TLSSocket, identity: WorkloadTls): PeerFacts {
    const certificate = socket.getPeerX509Certificate();
    if (!socket.authorized || certificate === undefined) throw new Error('the peer is not authenticated');
    const { id, namespace, serviceAccount } = identity.verify(certificate, 'client', this.options.now());
    return {
      spiffeId: id,
      namespace,
      serviceAccount,
      serverName: typeof socket.servername === 'string' ? socket.servername.toLowerCase() : '',
      certificateSha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    };
  }
}
