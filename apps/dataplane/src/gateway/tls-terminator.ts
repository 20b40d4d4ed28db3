// Server side of ordinary TLS for clients outside of the mesh: the certificate is chosen by SNI.
import type { Socket } from 'node:net';
import { createSecureContext, createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type { GatewayServer } from '@malha/traffic/config';
import { mostSpecific } from '@malha/traffic/hostname';
import type { ClientFacts } from '../exchange/exchange.ts';
import type { Telemetry } from '../telemetry/record.ts';
import type { GatewayCertificate, GatewayCertificates } from './certificates.ts';

/** Protocols that we speak to clients, best first. */
const ALPN = ['h2', 'http/1.1'];

/** Older versions are refused by browsers too (RFC 8996). */
const MIN_VERSION = 'TLSv1.2' as const;

export interface TlsTerminatorOptions {
  readonly telemetry: Telemetry;
  readonly handshakeTimeoutMs: number;
  readonly secured: (socket: TLSSocket, client: ClientFacts) => void;
}

interface SecuredServer {
  readonly hostname: string;
  readonly material: ReturnType<typeof materialOf>;
  readonly context: SecureContext;
}

export class TlsTerminator {
  private readonly options: TlsTerminatorOptions;
  private servers: readonly SecuredServer[] = [];
  private tls: Server | undefined;

  constructor(options: TlsTerminatorOptions) {
    this.options = options;
  }

  /** For new handshakes; throws with nothing changed. Also ends the life of session tickets given out before. */
  serve(servers: readonly GatewayServer[], certificates: GatewayCertificates): void {
    const secured = servers.flatMap((server) => {
      const own = certificates.of(server);
      if (own.length === 0) return [];
      const material = materialOf(own);
      return [{ hostname: server.hostname, material, context: createSecureContext(material) }];
    });
    this.servers = secured;
    this.tls = this.createServer();
  }

  /** Takes a socket of which nothing was read. */
  accept(socket: Socket): void {
    // A client that goes away within the handshake would otherwise be waited for.
    socket.allowHalfOpen = false;
    if (this.tls === undefined) socket.destroy();
    else this.tls.emit('connection', socket);
  }

  private createServer(): Server {
    const { handshakeTimeoutMs, secured, telemetry } = this.options;
    // Clients that name no server get the one for all hosts, if there is one.
    const fallback = this.servers.find(({ hostname }) => hostname === '*')?.material;
    const server = createServer({
      ...fallback,
      ALPNProtocols: ALPN,
      minVersion: MIN_VERSION,
      handshakeTimeout: handshakeTimeoutMs,
      SNICallback: (name, done) => {
        const chosen = this.contextFor(name);
        if (chosen === undefined) done(new Error(`no certificate for ${name}`));
        else done(null, chosen);
      },
    });
    server.on('secureConnection', (socket) => {
      const serverName = typeof socket.servername === 'string' ? socket.servername.toLowerCase() : '';
      secured(socket, { scheme: 'https', serverName });
    });
    server.on('tlsClientError', (_error, socket) => {
      telemetry.counter('handshake-failed');
      socket.destroy();
    });
    return server;
  }

  private contextFor(name: string): SecureContext | undefined {
    return mostSpecific(this.servers, name.toLowerCase())?.context;
  }
}

/** Several certificates of one server: OpenSSL takes the one whose kind of key the client knows. */
function materialOf(certificates: readonly GatewayCertificate[]) {
  return {
    cert: certificates.map(({ certificateChainPem }) => certificateChainPem),
    key: certificates.map(({ privateKeyPem }) => privateKeyPem),
    minVersion: MIN_VERSION,
  } as const;
}
