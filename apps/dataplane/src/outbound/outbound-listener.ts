// Listener `outbound`: the workload's own calls, plaintext HTTP/1.1 or HTTP/2 from its host.
import type { Socket } from 'node:net';
import type { TimerWheel } from '../exchange/timer-wheel.ts';
import { ServerConnection } from '../http1/server-connection.ts';
import { Http2ServerConnection } from '../http2/server-connection.ts';
import { CLIENT_FACING_SETTINGS } from '../http2/settings.ts';
import { Listener } from '../listener/listener.ts';
import { ProtocolDetector } from '../listener/protocol-detector.ts';
import type { ServerContext, ServerTimeouts } from '../listener/server-context.ts';
import type { Telemetry } from '../telemetry/record.ts';
import type { OutboundStack } from './outbound-stack.ts';

export interface OutboundListenerOptions {
  readonly stack: OutboundStack;
  readonly telemetry: Telemetry;
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  readonly timeouts: ServerTimeouts;
  readonly connectionsMax: number;
}

export function createOutboundListener(options: OutboundListenerOptions): {
  listener: Listener;
  context: ServerContext;
} {
  const { stack, telemetry, connectionsMax, ...rest } = options;
  const context: ServerContext = {
    ...rest,
    handler: stack,
    isDraining: false,
    connectionClosed: (connection) => listener.remove(connection),
  };
  const factsOf = (socket: Socket) => ({ remoteAddress: socket.remoteAddress ?? '', peer: undefined });
  const serveHttp1 = (socket: Socket) => listener.add(new ServerConnection(socket, factsOf(socket), context));
  const detected = {
    // A ClientHello on the plaintext port is answered as the malformed request that it is.
    tlsBegins: serveHttp1,
    http1Begins: serveHttp1,
    timedOut: () => telemetry.counter('first-byte-timeout'),
    http2Begins: (socket: Socket) =>
      listener.add(new Http2ServerConnection(socket, factsOf(socket), context, CLIENT_FACING_SETTINGS)),
  };
  const listener = new Listener({
    side: 'outbound',
    telemetry,
    connectionsMax,
    monotonic: context.monotonic,
    accept: (socket) => {
      const dueMs = context.monotonic() + context.timeouts.idleTimeoutMs;
      new ProtocolDetector(socket, context.wheel, dueMs, detected);
    },
  });
  return { listener, context };
}
