// One port for an upstream that the workload declares. Its configuration is swapped under it; connections go on by the one
// that they began with.
import type { Socket } from 'node:net';
import type { RouteTable, TcpListener, Tracing } from '@malha/traffic/config';
import type { RouteBreakerReport } from '@malha/traffic/route-breakers';
import { compileTcpRoutes, type TcpRouter } from '@malha/traffic/tcp-router';
import { type Destination, NO_DESTINATION } from '../filters/request-recorder.ts';
import { Listener } from '../listener/listener.ts';
import type { ServerContext } from '../listener/server-context.ts';
import { FirstSpeaker } from '../tcp/first-speaker.ts';
import type { TcpForwarder, TcpPlace } from './tcp-forwarder.ts';
import { UpstreamHttp, type UpstreamHttpOptions } from './upstream-http.ts';

export interface UpstreamPortOptions extends UpstreamHttpOptions {
  readonly forwarder: TcpForwarder;
  readonly connectionsMax: number;
}

interface Served {
  readonly config: TcpListener;
  readonly router: TcpRouter;
  readonly called: Destination;
}

export class UpstreamPort {
  readonly listener: Listener;
  private readonly forwarder: TcpForwarder;
  private readonly http: UpstreamHttp;
  private served: Served | undefined;

  constructor(options: UpstreamPortOptions) {
    const { forwarder, connectionsMax, monotonic, stack } = options;
    const { telemetry } = stack;
    const accept = (socket: Socket): void => this.accepted(socket);
    this.listener = new Listener({ side: 'outbound', telemetry, connectionsMax, monotonic, accept });
    this.forwarder = forwarder;
    this.http = new UpstreamHttp(options, this.listener);
  }

  get context(): ServerContext {
    return this.http.context;
  }

  /** Throws with nothing changed; the function that it returns brings the configuration into force. */
  prepare(config: TcpListener, tracing: Tracing, tables: readonly RouteTable[]): () => void {
    const isSame = this.served?.config === config;
    const served = isSame ? this.served : { config, router: compileTcpRoutes(config), called: calledService(config) };
    const { httpRouteTable } = config;
    const commitHttp = httpRouteTable === undefined ? undefined : this.http.prepare(httpRouteTable, tracing, tables);
    return () => {
      this.served = served;
      commitHttp?.();
    };
  }

  breakerReports(nowMs: number): readonly RouteBreakerReport[] {
    return this.http.breakerReports(nowMs);
  }

  retired(): void {
    this.context.isDraining = true;
  }

  private accepted(socket: Socket): void {
    if (this.served === undefined) {
      socket.destroy();
      return;
    }
    const { config, called, router } = this.served;
    const { forwarder, listener } = this;
    const place = { listener, called, faults: config.faults };
    const decide = (serverName: string) => router.route(serverName, forwarder.random);
    if (config.protocol === 'tls')
      forwarder.readServerName(socket, place, (name) => forwarder.connect(socket, place, decide(name)));
    else if (config.httpRouteTable === undefined) forwarder.connect(socket, place, decide(''));
    else this.detect(socket, place, decide(''));
  }

  /** The backend is connected to at once: if its protocol lets the server speak first, nobody waits for anything. */
  private detect(socket: Socket, place: TcpPlace, decision: ReturnType<TcpRouter['route']>): void {
    const { forwarder, http } = this;
    const upstream = forwarder.clusterOf(decision);
    if (upstream === undefined) {
      forwarder.connect(socket, place, decision);
      return;
    }
    new FirstSpeaker(socket, {
      upstream,
      sourceAddress: socket.remoteAddress ?? '',
      environment: forwarder.environment,
      greetingHoldMs: 0,
      idleTimeoutMs: upstream.cluster.idleTimeoutMs,
      http,
      bytesBegin: (client, opening) => forwarder.connect(client, place, decision, opening),
    });
  }
}

/** No endpoint was reached: the service is still known. One object each: telemetry knows destinations by identity. */
function calledService({ service, servicePort }: TcpListener): Destination {
  const { namespace, name } = service;
  return Object.freeze({
    ...NO_DESTINATION,
    peer: Object.freeze({ ...NO_DESTINATION.peer, namespace, service: name }),
    serviceNamespace: namespace,
    service: name,
    port: servicePort,
  });
}
