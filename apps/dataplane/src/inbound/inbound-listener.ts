// Listener `inbound`: calls of others, by mutual TLS always, in plaintext only where a port is not STRICT.
import type { Socket } from 'node:net';
import type { ConnectionFacts } from '../exchange/exchange.ts';
import type { TimerWheel } from '../exchange/timer-wheel.ts';
import { ServerConnection, type ServerContext, type ServerTimeouts } from '../http1/server-connection.ts';
import { FirstByte } from '../listener/first-byte.ts';
import { Listener } from '../listener/listener.ts';
import { TlsAcceptor } from '../listener/tls-acceptor.ts';
import type { Telemetry } from '../telemetry/record.ts';
import type { InboundStack } from './inbound-stack.ts';

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
  const serve = (socket: Socket, facts: ConnectionFacts) => listener.add(new ServerConnection(socket, facts, context));
  const acceptor = new TlsAcceptor({
    telemetry,
    now,
    secured: (socket, peer) => serve(socket, { remoteAddress: socket.remoteAddress ?? '', peer }),
  });
  const firstByte = {
    tlsBegins: (socket: Socket) => acceptor.accept(socket),
    plaintextBegins: (socket: Socket) => {
      if (stack.ports.takesPlaintext) serve(socket, { remoteAddress: socket.remoteAddress ?? '', peer: undefined });
      else {
        telemetry.counter('plaintext-refused');
        socket.destroy();
      }
    },
  };
  const listener = new Listener({
    side: 'inbound',
    telemetry,
    connectionsMax,
    accept: (socket) => {
      new FirstByte(socket, wheel, monotonic() + Math.min(FIRST_BYTE_TIMEOUT_MS, timeouts.idleTimeoutMs), firstByte);
    },
  });
  return { listener, context, acceptor };
}
