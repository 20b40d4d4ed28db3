// Clients of a gateway that speak HTTP: in plaintext, or over TLS as browsers do, in HTTP/1.1 or HTTP/2.
import type { Socket } from 'node:net';
import type { HttpGatewayListener, RouteTable } from '@malha/traffic/config';
import type { RouteBreakerReport } from '@malha/traffic/route-breakers';
import type { ClientFacts, ConnectionFacts } from '../exchange/exchange.ts';
import { ServerConnection } from '../http1/server-connection.ts';
import { Http2ServerConnection } from '../http2/server-connection.ts';
import { CLIENT_FACING_SETTINGS } from '../http2/settings.ts';
import type { Listener } from '../listener/listener.ts';
import { ProtocolDetector } from '../listener/protocol-detector.ts';
import type { ServerContext } from '../listener/server-context.ts';
import { GatewayStack } from './gateway-stack.ts';
import type { GatewayPortOptions } from './port-options.ts';
import { TlsTerminator } from './tls-terminator.ts';

/** A client connects because it has a request. */
const FIRST_BYTE_TIMEOUT_MS = 30_000;

/** Protocols that we speak to clients, best first. */
const ALPN = ['h2', 'http/1.1'];

export class HttpAcceptor {
  readonly context: ServerContext;
  private readonly options: GatewayPortOptions;
  private readonly listener: Listener;
  private readonly stack: GatewayStack;
  private readonly terminator: TlsTerminator;
  private config: HttpGatewayListener | undefined;

  constructor(options: GatewayPortOptions, listener: Listener) {
    const { wheel, monotonic, timeouts } = options;
    const { telemetry } = options.stack;
    this.options = options;
    this.listener = listener;
    this.stack = new GatewayStack(options.stack, options.countries);
    this.context = {
      handler: this.stack,
      wheel,
      monotonic,
      timeouts,
      isDraining: false,
      connectionClosed: (connection) => listener.remove(connection),
    };
    this.terminator = new TlsTerminator({
      telemetry,
      handshakeTimeoutMs: timeouts.handshakeTimeoutMs,
      alpnProtocols: ALPN,
      secured: (socket, serverName) => {
        const client: ClientFacts = { scheme: 'https', serverName };
        if (socket.alpnProtocol === 'h2') this.serveHttp2(socket, client);
        else this.serveHttp1(socket, client);
      },
    });
  }

  /** Throws with nothing changed; the function that it returns brings the configuration into force. */
  prepare(config: HttpGatewayListener, tables: readonly RouteTable[]): () => void {
    const commit = this.stack.prepare(config, tables);
    return () => {
      commit();
      const former = this.config;
      this.config = config;
      if (former?.servers !== config.servers) this.certificatesChanged();
    };
  }

  breakerReports(nowMs: number): readonly RouteBreakerReport[] {
    return this.stack.breakerReports(nowMs);
  }

  /** Why rules of this port never match. */
  get problems(): readonly string[] {
    return this.stack.problems;
  }

  /** New handshakes show what is there now; connections keep what they began with. */
  certificatesChanged(): void {
    if (this.config?.protocol === 'HTTPS') this.terminator.serve(this.config.servers, this.options.certificates);
  }

  accept(socket: Socket): void {
    if (this.config?.protocol === 'HTTPS') {
      this.terminator.accept(socket);
      return;
    }
    const { monotonic, timeouts, wheel, stack } = this.options;
    const client: ClientFacts = { scheme: 'http', serverName: '' };
    const dueMs = monotonic() + Math.min(FIRST_BYTE_TIMEOUT_MS, timeouts.idleTimeoutMs);
    new ProtocolDetector(socket, wheel, dueMs, {
      // A ClientHello on a plaintext port is answered as the malformed request that it is.
      tlsBegins: () => this.serveHttp1(socket, client),
      http1Begins: () => this.serveHttp1(socket, client),
      http2Begins: () => this.serveHttp2(socket, client),
      timedOut: () => stack.telemetry.counter('first-byte-timeout'),
    });
  }

  private serveHttp1(socket: Socket, client: ClientFacts): void {
    this.listener.add(new ServerConnection(socket, factsOf(socket, client), this.context));
  }

  private serveHttp2(socket: Socket, client: ClientFacts): void {
    const connection = new Http2ServerConnection(socket, factsOf(socket, client), this.context, CLIENT_FACING_SETTINGS);
    this.listener.add(connection);
  }
}

function factsOf(socket: Socket, client: ClientFacts): ConnectionFacts {
  return { remoteAddress: socket.remoteAddress ?? '', peer: undefined, client };
}
