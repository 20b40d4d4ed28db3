// HTTP at an upstream's port whose protocol nobody declares: requests go by a table of the port, whatever their Host says.
import type { Socket } from 'node:net';
import type { RouteTable, Tracing } from '@malha/traffic/config';
import type { RouteBreakerReport } from '@malha/traffic/route-breakers';
import type { TimerWheel } from '../exchange/timer-wheel.ts';
import { ServerConnection } from '../http1/server-connection.ts';
import { Http2ServerConnection } from '../http2/server-connection.ts';
import { CLIENT_FACING_SETTINGS } from '../http2/settings.ts';
import type { Listener } from '../listener/listener.ts';
import type { ServerContext, ServerTimeouts } from '../listener/server-context.ts';
import type { HttpDetection } from '../tcp/first-speaker.ts';
import { type OutboundDependencies, OutboundStack } from './outbound-stack.ts';

export interface UpstreamHttpOptions {
  readonly stack: OutboundDependencies;
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  readonly timeouts: ServerTimeouts;
}

export class UpstreamHttp implements HttpDetection {
  readonly context: ServerContext;
  private readonly stack: OutboundStack;
  private readonly listener: Listener;

  constructor({ stack, ...rest }: UpstreamHttpOptions, listener: Listener) {
    this.stack = new OutboundStack(stack);
    this.listener = listener;
    this.context = {
      ...rest,
      handler: this.stack,
      isDraining: false,
      connectionClosed: (connection) => listener.remove(connection),
    };
  }

  /** Throws with nothing changed; the function that it returns brings the table into force. */
  prepare(routeTable: string, tracing: Tracing, tables: readonly RouteTable[]): () => void {
    return this.stack.prepare({ routeTable, tracing }, tables);
  }

  breakerReports(nowMs: number): readonly RouteBreakerReport[] {
    return this.stack.breakerReports(nowMs);
  }

  http1Begins(socket: Socket): void {
    this.listener.add(new ServerConnection(socket, factsOf(socket), this.context));
  }

  http2Begins(socket: Socket): void {
    this.listener.add(new Http2ServerConnection(socket, factsOf(socket), this.context, CLIENT_FACING_SETTINGS));
  }
}

function factsOf(socket: Socket) {
  return { remoteAddress: socket.remoteAddress ?? '', peer: undefined };
}
