// Listener `inbound`: calls of others, by mutual TLS always, in plaintext only where a port is not STRICT.
import type { Socket } from 'node:net';
import type { ConnectionFacts } from '../exchange/exchange.ts';
import type { TimerWheel } from '../exchange/timer-wheel.ts';
import { ServerConnection } from '../http1/server-connection.ts';
import { Http2ServerConnection } from '../http2/server-connection.ts';
import { CLIENT_FACING_SETTINGS, type LocalSettings, MESH_SETTINGS } from '../http2/settings.ts';
import { Listener } from '../listener/listener.ts';
import { ProtocolDetector } from '../listener/protocol-detector.ts';
import type { ServerContext, ServerTimeouts } from '../listener/server-context.ts';
import { TlsAcceptor } from '../listener/tls-acceptor.ts';
import { FirstSpeaker, type Opening } from '../tcp/first-speaker.ts';
import type { Telemetry } from '../telemetry/record.ts';
import type { InboundPortRuntime } from './inbound-port.ts';
import type { InboundStack } from './inbound-stack.ts';

/**
 * In PERMISSIVE the peer may be about to say a ClientHello, which a greeting of the application would spoil; one in
 * plaintext gets it so much later. In DISABLE callers are told to speak plaintext.
 */
const GREETING_HOLD_MS = 100;

/** A peer connects because it has a request. */
const FIRST_BYTE_TIMEOUT_MS = 30_000;

export interface InboundListenerOptions {
  readonly stack: InboundStack;
  readonly telemetry: Telemetry;
  readonly wheel: TimerWheel;
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly timeouts: ServerTimeouts;
  readonly connectionsMax: number;
}

export interface InboundListenerParts {
  readonly listener: Listener;
  readonly context: ServerContext;
  readonly acceptor: TlsAcceptor;
}

export function createInboundListener(options: InboundListenerOptions): InboundListenerParts {
  const { stack, telemetry, wheel, now, monotonic, timeouts, connectionsMax } = options;
  const context: ServerContext = {
    handler: stack,
    wheel,
    monotonic,
    timeouts,
    isDraining: false,
    connectionClosed: (connection) => listener.remove(connection),
  };
  const serveHttp1 = (socket: Socket, facts: ConnectionFacts) =>
    listener.add(new ServerConnection(socket, facts, context));
  const serveHttp2 = (socket: Socket, facts: ConnectionFacts, local: LocalSettings) =>
    listener.add(new Http2ServerConnection(socket, facts, context, local));
  const serveTcp = (socket: Socket, facts: ConnectionFacts, port: InboundPortRuntime, opening?: Opening) => {
    const connection = stack.tcp.accept(socket, facts, port, opening);
    if (connection === undefined) return;
    listener.add(connection);
    socket.once('close', () => listener.remove(connection));
  };
  const acceptor = new TlsAcceptor({
    telemetry,
    handshakeTimeoutMs: timeouts.handshakeTimeoutMs,
    now,
    secured: (socket, peer) => {
      const facts = { remoteAddress: socket.remoteAddress ?? '', peer };
      const port = stack.ports.ofServerName(peer.serverName);
      // A peer that means HTTP says so by ALPN.
      const isBytes = port?.isRaw === true || (port?.takesBytes === true && !socket.alpnProtocol);
      if (isBytes) serveTcp(socket, facts, port);
      else if (socket.alpnProtocol === 'h2') serveHttp2(socket, facts, MESH_SETTINGS);
      else serveHttp1(socket, facts);
    },
  });
  const plainHttp1 = (socket: Socket) => serveHttp1(socket, inPlaintext(socket));
  const plainHttp2 = (socket: Socket) => serveHttp2(socket, inPlaintext(socket), CLIENT_FACING_SETTINGS);
  const ifPlaintext = (serve: (socket: Socket) => void) => (socket: Socket) => {
    if (stack.ports.takesPlaintext) serve(socket);
    else {
      telemetry.counter('plaintext-refused');
      socket.destroy();
    }
  };
  const tlsBegins = (socket: Socket) => acceptor.accept(socket);
  const detected = {
    tlsBegins,
    http1Begins: ifPlaintext(plainHttp1),
    timedOut: () => telemetry.counter('first-byte-timeout'),
    http2Begins: ifPlaintext(plainHttp2),
  };
  const serveBytes = (socket: Socket, port: InboundPortRuntime) =>
    new FirstSpeaker(socket, {
      upstream: port.app,
      sourceAddress: '',
      environment: {
        wheel,
        monotonic,
        count: (event) => telemetry.counter(event),
        openStreams: telemetry.openStreams,
      },
      greetingHoldMs: port.config.mode === 'PERMISSIVE' ? GREETING_HOLD_MS : 0,
      idleTimeoutMs: port.plan.streamIdleTimeoutMs,
      mesh: { isOfMesh: (serverName) => stack.ports.ofServerName(serverName) !== undefined, tlsBegins },
      ...(!port.isRaw && { http: { http1Begins: plainHttp1, http2Begins: plainHttp2 } }),
      bytesBegin: (client, opening) => serveTcp(client, inPlaintext(client), port, opening),
    });
  const listener = new Listener({
    side: 'inbound',
    telemetry,
    connectionsMax,
    monotonic,
    accept: (socket) => {
      const bytes = stack.ports.plaintextBytes;
      if (bytes !== undefined) {
        serveBytes(socket, bytes);
        return;
      }
      const dueMs = monotonic() + Math.min(FIRST_BYTE_TIMEOUT_MS, timeouts.idleTimeoutMs);
      new ProtocolDetector(socket, wheel, dueMs, detected);
    },
  });
  return { listener, context, acceptor };
}

function inPlaintext(socket: Socket): ConnectionFacts {
  return { remoteAddress: socket.remoteAddress ?? '', peer: undefined };
}
