// Listeners for the upstreams that the workload declares: each connection goes to a backend of the port's routes.
import type { Socket } from 'node:net';
import { INVALID_BACKEND, type TcpListener } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { compileTcpRoutes, type TcpRouter } from '@malha/traffic/tcp-router';
import type { ClusterRegistry } from '../cluster/cluster-registry.ts';
import { type Destination, NO_DESTINATION } from '../filters/request-recorder.ts';
import { Listener } from '../listener/listener.ts';
import { ClientHelloReader } from '../tcp/client-hello-reader.ts';
import { abort } from '../tcp/reset.ts';
import { TcpConnection, type TcpEnvironment, type TcpOwner } from '../tcp/tcp-connection.ts';
import type { TcpRecorder } from '../tcp/tcp-recorder.ts';
import type { Telemetry } from '../telemetry/record.ts';
import type { Destinations } from './destinations.ts';

/** A port that cannot be listened on (another process has it) is tried again after so long. */
const LISTEN_AGAIN_MS = 1000;

export interface TcpListenersOptions {
  readonly address: string;
  readonly clusters: ClusterRegistry;
  readonly destinations: Destinations;
  readonly recorder: TcpRecorder;
  readonly environment: TcpEnvironment;
  readonly telemetry: Telemetry;
  readonly random: () => number;
  readonly connectionsMax: number;
}

interface Notes {
  readonly route: string;
}

/** One port; its configuration is swapped under it, connections go on by the one that they began with. */
interface Served {
  config: TcpListener;
  router: TcpRouter;
  readonly listener: Listener;
  isClosed: boolean;
}

export class TcpListeners implements TcpOwner<Notes> {
  private readonly options: TcpListenersOptions;
  private readonly served = new Map<number, Served>();
  /** No longer accepting, with connections that have not ended. */
  private readonly retired = new Set<Listener>();
  private configs: readonly TcpListener[] = [];
  private isStarted = false;

  constructor(options: TcpListenersOptions) {
    this.options = options;
  }

  get openConnections(): number {
    return this.all().reduce((sum, listener) => sum + listener.openConnections, 0);
  }

  /** Compiles; the function that it returns brings the listeners into force. */
  prepare(configs: readonly TcpListener[]): () => void {
    if (configs === this.configs) return () => undefined;
    const compiled = configs.map((config) => ({ config, router: compileTcpRoutes(config) }));
    return () => this.commit(configs, compiled);
  }

  /** Resolves when every port was tried once: one that is taken is tried again, and holds up nothing else. */
  async start(): Promise<void> {
    this.isStarted = true;
    await Promise.all([...this.served.values()].map((served) => this.listen(served)));
  }

  /** All listeners that have connections or take them, for the drain. */
  all(): Listener[] {
    return [...[...this.served.values()].map(({ listener }) => listener), ...this.retired];
  }

  stopAccepting(): void {
    for (const served of this.served.values()) this.close(served);
  }

  destroy(): void {
    for (const listener of this.all()) listener.destroy();
    for (const served of this.served.values()) served.isClosed = true;
  }

  connectionEnded(connection: TcpConnection<Notes>): void {
    const { cluster, endpoint, notes } = connection;
    const destination = this.options.destinations.of(cluster.cluster, endpoint);
    this.options.recorder.finished(destination, { ...NO_POLICIES, route: notes.route }, connection);
  }

  private commit(configs: readonly TcpListener[], compiled: readonly Pick<Served, 'config' | 'router'>[]): void {
    this.configs = configs;
    const ports = new Set(configs.map(({ port }) => port));
    for (const [port, served] of this.served) {
      if (ports.has(port)) continue;
      this.served.delete(port);
      this.retire(served);
    }
    for (const each of compiled) {
      const known = this.served.get(each.config.port);
      if (known !== undefined) Object.assign(known, each);
      else this.open(each);
    }
  }

  private open({ config, router }: Pick<Served, 'config' | 'router'>): void {
    const { telemetry, connectionsMax, environment } = this.options;
    const served: Served = {
      config,
      router,
      isClosed: false,
      listener: new Listener({
        side: 'outbound',
        telemetry,
        connectionsMax,
        monotonic: environment.monotonic,
        accept: (socket) => this.accepted(socket, served),
      }),
    };
    this.served.set(config.port, served);
    if (this.isStarted) void this.listen(served);
  }

  private async listen(served: Served): Promise<void> {
    try {
      await served.listener.listen(this.options.address, served.config.port);
      if (served.isClosed) served.listener.stopAccepting();
    } catch {
      this.options.telemetry.counter('listen-failed');
      if (!served.isClosed) setTimeout(() => served.isClosed || void this.listen(served), LISTEN_AGAIN_MS).unref();
    }
  }

  private retire(served: Served): void {
    this.close(served);
    const { listener } = served;
    if (listener.openConnections === 0) return;
    this.retired.add(listener);
    void listener.emptied().then(() => this.retired.delete(listener));
  }

  private close(served: Served): void {
    served.isClosed = true;
    served.listener.stopAccepting();
  }

  // ——— connections ———

  private accepted(socket: Socket, served: Served): void {
    if (served.config.protocol === 'tcp') {
      this.connect(socket, served, '');
      return;
    }
    const { environment, telemetry } = this.options;
    new ClientHelloReader(socket, environment, {
      helloRead: (serverName) => this.connect(socket, served, serverName),
      helloRefused: () => {
        telemetry.counter('client-hello-refused');
        abort(socket);
        this.refuse(served, '', RequestFlags.DPE);
      },
    });
  }

  private connect(socket: Socket, served: Served, serverName: string): void {
    const { clusters, environment, random } = this.options;
    const decision = served.router.route(serverName, random);
    const backend = decision?.backend;
    const cluster =
      backend === undefined || backend.cluster === INVALID_BACKEND ? undefined : clusters.get(backend.cluster);
    if (decision === undefined || cluster === undefined) {
      abort(socket);
      this.refuse(served, decision?.route.name ?? '', refusalOf(decision !== undefined, backend !== undefined));
      return;
    }
    const notes = { route: decision.route.name };
    const plan = { cluster, idleTimeoutMs: cluster.cluster.idleTimeoutMs, notes };
    const connection = new TcpConnection(socket, plan, environment, this);
    served.listener.add(connection);
    socket.once('close', () => served.listener.remove(connection));
    connection.start();
  }

  private refuse({ config }: Served, route: string, flags: number): void {
    const startMs = this.options.environment.monotonic();
    const none = { attempts: 1, startMs, ttfbMs: -1, clientBytes: 0, upstreamBytes: 0 };
    this.options.recorder.finished(calledService(config), { ...NO_POLICIES, route }, { ...none, flags });
  }
}

const NO_POLICIES = { authorizationPolicy: '', shadowPolicy: '' };

function refusalOf(hasRoute: boolean, hasBackend: boolean): number {
  if (!hasRoute) return RequestFlags.NR;
  return hasBackend ? RequestFlags.NC : RequestFlags.UH;
}

const called = new WeakMap<TcpListener, Destination>();

/** No endpoint was reached: the service is still known. */
function calledService(config: TcpListener): Destination {
  const known = called.get(config);
  if (known !== undefined) return known;
  const { service, servicePort } = config;
  const { namespace, name } = service;
  const destination: Destination = Object.freeze({
    ...NO_DESTINATION,
    peer: Object.freeze({ ...NO_DESTINATION.peer, namespace, service: name }),
    serviceNamespace: namespace,
    service: name,
    port: servicePort,
  });
  called.set(config, destination);
  return destination;
}
