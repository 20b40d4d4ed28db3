// Server side of ordinary TLS for clients outside of the mesh: the certificate is chosen by SNI.
import type { Socket } from 'node:net';
import { createSecureContext, createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type { GatewayServer } from '@malha/traffic/config';
import { mostSpecific } from '@malha/traffic/hostname';
import type { Telemetry } from '../telemetry/record.ts';
import type { GatewayCertificate, GatewayCertificates } from './certificates.ts';

/** Older versions are refused by browsers too (RFC 8996). */
const MIN_VERSION = 'TLSv1.2' as const;

export interface TlsTerminatorOptions {
  readonly telemetry: Telemetry;
  readonly handshakeTimeoutMs: number;
  /** Best first; absent = ALPN is not answered, what is spoken is between the client and the backend. */
  readonly alpnProtocols?: string[];
  /** `serverName`: SNI of the handshake, lower case; empty without one. */
  readonly secured: (socket: TLSSocket, serverName: string) => void;
}

interface SecuredServer {
  readonly hostname: string;
  /** Undefined: its certificates are not there. Its names are not served with those of a less specific one. */
  readonly secured: { readonly material: ReturnType<typeof materialOf>; readonly context: SecureContext } | undefined;
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
    this.servers = servers.map((server) => {
      const { hostname } = server;
      const own = certificates.of(server);
      if (own.length === 0) return { hostname, secured: undefined };
      const material = materialOf(own);
      return { hostname, secured: { material, context: createSecureContext(material) } };
    });
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
    const { handshakeTimeoutMs, alpnProtocols, secured, telemetry } = this.options;
    // Clients that name no server get the one for all hosts, if there is one.
    const fallback = this.servers.find(({ hostname }) => hostname === '*')?.secured?.material;
    const server = createServer({
      ...fallback,
      ...(alpnProtocols !== undefined && { ALPNProtocols: alpnProtocols }),
      minVersion: MIN_VERSION,
      handshakeTimeout: handshakeTimeoutMs,
      SNICallback: (name, done) => {
        const chosen = this.contextFor(name);
        if (chosen === undefined) done(new Error(`no certificate for ${name}`));
        else done(null, chosen);
      },
    });
    server.on('secureConnection', (socket) => {
      secured(socket, typeof socket.servername === 'string' ? socket.servername.toLowerCase() : '');
    });
    server.on('tlsClientError', (_error, socket) => {
      telemetry.counter('handshake-failed');
      socket.destroy();
    });
    return server;
  }

  private contextFor(name: string): SecureContext | undefined {
    return mostSpecific(this.servers, name.toLowerCase())?.secured?.context;
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
