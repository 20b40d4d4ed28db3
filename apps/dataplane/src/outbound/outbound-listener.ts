// Listener `outbound`: the workload's own calls, plaintext HTTP from its host.

import type { TimerWheel } from '../exchange/timer-wheel.ts';
import { ServerConnection, type ServerContext, type ServerTimeouts } from '../http1/server-connection.ts';
import { Listener } from '../listener/listener.ts';
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
  const listener = new Listener({
    side: 'outbound',
    telemetry,
    connectionsMax,
    accept: (socket) => {
      const facts = { remoteAddress: socket.remoteAddress ?? '', peer: undefined };
      listener.add(new ServerConnection(socket, facts, context));
    },
  });
  return { listener, context };
}
