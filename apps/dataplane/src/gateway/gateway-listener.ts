// One port of a gateway: plaintext HTTP, or TLS for browsers and other clients outside, in HTTP/1.1 or HTTP/2.
import type { Socket } from 'node:net';
import type { GatewayListener, RouteTable } from '@malha/traffic/config';
import type { ClientFacts, ConnectionFacts } from '../exchange/exchange.ts';
import type { TimerWheel } from '../exchange/timer-wheel.ts';
import { ServerConnection } from '../http1/server-connection.ts';
import { Http2ServerConnection } from '../http2/server-connection.ts';
import { CLIENT_FACING_SETTINGS } from '../http2/settings.ts';
import { Listener } from '../listener/listener.ts';
import { ProtocolDetector } from '../listener/protocol-detector.ts';
import type { ServerContext, ServerTimeouts } from '../listener/server-context.ts';
import type { OutboundDependencies } from '../outbound/outbound-stack.ts';
import type { GatewayCertificates } from './certificates.ts';
import { GatewayStack } from './gateway-stack.ts';
import { TlsTerminator } from './tls-terminator.ts';

/** A client connects because it has a request. */
const FIRST_BYTE_TIMEOUT_MS = 30_000;

export interface GatewayPortOptions {
  readonly stack: OutboundDependencies;
  readonly certificates: GatewayCertificates;
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  readonly timeouts: ServerTimeouts;
  readonly connectionsMax: number;
}

export class GatewayPort {
  readonly listener: Listener;
  readonly context: ServerContext;
  private readonly options: GatewayPortOptions;
  private readonly stack: GatewayStack;
  private readonly terminator: TlsTerminator;
  private config: GatewayListener | undefined;

  constructor(options: GatewayPortOptions) {
    const { wheel, monotonic, timeouts, connectionsMax } = options;
    const { telemetry } = options.stack;
    this.options = options;
    this.stack = new GatewayStack(options.stack);
    this.context = {
      handler: this.stack,
      wheel,
      monotonic,
      timeouts,
      isDraining: false,
      connectionClosed: (connection) => this.listener.remove(connection),
    };
    this.terminator = new TlsTerminator({
      telemetry,
      handshakeTimeoutMs: timeouts.handshakeTimeoutMs,
      secured: (socket, client) => {
        if (socket.alpnProtocol === 'h2') this.serveHttp2(socket, client);
        else this.serveHttp1(socket, client);
      },
    });
    this.listener = new Listener({
      side: 'outbound',
      telemetry,
      connectionsMax,
      monotonic,
      accept: (socket) => this.accepted(socket),
    });
  }

  /** Throws with nothing changed; the function that it returns brings the configuration into force. */
  prepare(config: GatewayListener, tables: readonly RouteTable[]): () => void {
    const commit = this.stack.prepare(config, tables);
    return () => {
      commit();
      const former = this.config;
      this.config = config;
      if (config.protocol === 'HTTPS' && former?.servers !== config.servers) this.certificatesChanged();
    };
  }

  /** New handshakes show what is there now; connections keep what they began with. */
  certificatesChanged(): void {
    if (this.config?.protocol === 'HTTPS') this.terminator.serve(this.config.servers, this.options.certificates);
  }

  private accepted(socket: Socket): void {
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
