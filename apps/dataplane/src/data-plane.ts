// The data path as one object: listeners, stacks and clusters of one worker; takes configuration and identity, moves requests.

import type { Clock } from '@malha/traffic/clock';
import type { MeshConfig } from '@malha/traffic/config';
import type { RouteBreakerReport } from '@malha/traffic/route-breakers';
import { ClusterRegistry } from './cluster/cluster-registry.ts';
import type { ClusterEnvironment, ClusterStats } from './cluster/cluster-runtime.ts';
import { type SecretMaterial, WorkloadTls } from './cluster/identity.ts';
import { TimerWheel } from './exchange/timer-wheel.ts';
import { Faults, faultsOf } from './filters/fault/faults.ts';
import { introductionOf } from './filters/introduction.ts';
import { type OverloadState, Overloads } from './filters/overload/overloads.ts';
import { Limits } from './filters/rate-limit/limits.ts';
import { RequestRecorder } from './filters/request-recorder.ts';
import { createIdentifierPool } from './filters/tracing.ts';
import type { FoundCertificates } from './gateway/certificates.ts';
import type { FoundCountries } from './gateway/client-countries.ts';
import { GatewayListeners, type GatewayPortStats } from './gateway/gateway-listeners.ts';
import { createInboundListener } from './inbound/inbound-listener.ts';
import { InboundStack } from './inbound/inbound-stack.ts';
import type { Listener } from './listener/listener.ts';
import type { ServerContext } from './listener/server-context.ts';
import type { TlsAcceptor } from './listener/tls-acceptor.ts';
import { Destinations } from './outbound/destinations.ts';
import { createOutboundListener } from './outbound/outbound-listener.ts';
import { OutboundStack } from './outbound/outbound-stack.ts';
import { TcpForwarder } from './outbound/tcp-forwarder.ts';
import { TcpListeners } from './outbound/tcp-listeners.ts';
import { DEFAULT_LIMITS, type ProxyLimits } from './proxy-limits.ts';
import { TcpRecorder } from './tcp/tcp-recorder.ts';
import type { RequestRecord, Telemetry } from './telemetry/record.ts';

export type { SecretMaterial } from './cluster/identity.ts';

export interface DataPlaneOptions {
  readonly workload: {
    readonly namespace: string;
    readonly name: string;
    readonly service: string;
    readonly version: string;
  };
  /** Port 0 = any free port. */
  readonly bind: {
    readonly address: string;
    readonly outboundPort: number;
    readonly inboundPort: number;
    /** Of the ports for clients outside of the mesh; the address of the others when absent. */
    readonly gatewayAddress?: string;
  };
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits?: Partial<ProxyLimits>;
}

/** Plain data, for the admin port. */
export interface DataPlaneStats {
  readonly connections: { readonly inbound: number; readonly outbound: number };
  readonly isDraining: boolean;
  readonly spiffeId: string;
  readonly clusters: readonly ClusterStats[];
  readonly routeBreakers: readonly RouteBreakerReport[];
  readonly applications: readonly ClusterStats[];
  /** Of the ports with adaptive concurrency, once they were called. */
  readonly overloads: readonly OverloadState[];
  /** Ports for clients outside of the mesh. */
  readonly gateways: readonly GatewayPortStats[];
}

/** While draining, connections that stay idle are closed when this share of the deadline has passed. */
const DRAIN_IDLE_SHARE = 0.5;

const NO_GATEWAYS: NonNullable<MeshConfig['gateways']> = [];
const NO_TCP: NonNullable<MeshConfig['tcp']> = [];

export class DataPlane {
  private readonly options: DataPlaneOptions;
  private readonly wheel: TimerWheel;
  private readonly clusters: ClusterRegistry;
  private readonly inboundStack: InboundStack;
  private readonly outboundStack: OutboundStack;
  private readonly inbound: { listener: Listener; context: ServerContext; acceptor: TlsAcceptor };
  private readonly outbound: { listener: Listener; context: ServerContext };
  private readonly tcp: TcpListeners;
  private readonly gateways: GatewayListeners;
  private readonly faults: Faults;
  private readonly overloads: Overloads;
  private identity: WorkloadTls | undefined;
  private config: MeshConfig | undefined;

  constructor(options: DataPlaneOptions) {
    this.options = options;
    const { clock, random, telemetry, workload } = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const monotonic = () => clock.monotonic();
    const now = () => clock.now();
    const wheel = new TimerWheel(monotonic);
    const count = (event: Parameters<Telemetry['counter']>[0]) => telemetry.counter(event);
    const environment: ClusterEnvironment = { wheel, monotonic, now, random, count, identity: () => this.identity };
    const { openStreams } = telemetry;
    const forwarding = { wheel, monotonic, random, count, introduction: '', openStreams };
    const introduction = introductionOf(workload);
    this.faults = new Faults({ wheel, monotonic, now, random, telemetry });
    this.overloads = new Overloads({ wheel, monotonic, telemetry });
    const shared = {
      limits: new Limits({ wheel, monotonic, random, telemetry, cluster: (name) => this.clusters.get(name) }),
      faults: this.faults,
      tracing: { ids: createIdentifierPool(), random },
      telemetry,
    };
    this.wheel = wheel;
    this.clusters = new ClusterRegistry(environment);
    const request = (record: RequestRecord) => {
      telemetry.request(record);
      this.faults.observe(record);
    };
    const destinationRecorder = new RequestRecorder('destination', { request }, clock);
    const sourceRecorder = new RequestRecorder('source', { request }, clock);
    const tcp = { wheel, monotonic, count, openStreams };
    this.inboundStack = new InboundStack({
      ...shared,
      overloads: this.overloads,
      tcp,
      tcpRecorder: new TcpRecorder('destination', telemetry, clock),
      forwarding,
      workload,
      clusters: environment,
      recorder: destinationRecorder,
    });
    const calling = {
      ...shared,
      forwarding: { ...forwarding, introduction },
      clusters: this.clusters,
      recorder: sourceRecorder,
    };
    this.outboundStack = new OutboundStack(calling);
    const listening = { telemetry, wheel, now, monotonic, timeouts: limits, connectionsMax: limits.connectionsMax };
    this.inbound = createInboundListener({ ...listening, stack: this.inboundStack });
    this.outbound = createOutboundListener({ ...listening, stack: this.outboundStack });
    const forwarder = new TcpForwarder({
      clusters: this.clusters,
      destinations: new Destinations(),
      recorder: new TcpRecorder('source', telemetry, clock),
      environment: tcp,
      faults: this.faults,
      random,
    });
    this.gateways = new GatewayListeners({
      ...listening,
      address: options.bind.gatewayAddress ?? options.bind.address,
      stack: calling,
      forwarder,
    });
    this.tcp = new TcpListeners({ ...listening, address: options.bind.address, stack: calling, forwarder });
  }

  /** Opens both listeners; rejects, with none left open, when one of them cannot be. */
  async start(): Promise<{ outboundPort: number; inboundPort: number }> {
    const { address, outboundPort, inboundPort } = this.options.bind;
    try {
      const ports = {
        inboundPort: await this.inbound.listener.listen(address, inboundPort),
        outboundPort: await this.outbound.listener.listen(address, outboundPort),
      };
      await Promise.all([this.tcp.ports.start(), this.gateways.ports.start()]);
      return ports;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Serves `config` from the next request on. Throws, with the old configuration still served, when a part cannot be
   * used.
   */
  apply(config: MeshConfig): void {
    const previous = this.config;
    const commitOutbound = this.outboundStack.prepare(config.outbound, config.routeTables);
    const commitInbound = this.inboundStack.prepare(config.inbound);
    const commitTcp = this.tcp.prepare(config.tcp ?? NO_TCP, config.outbound.tracing, config.routeTables);
    const commitGateways = this.gateways.prepare(config.gateways ?? NO_GATEWAYS, config.routeTables);
    if (previous?.clusters !== config.clusters || previous.endpoints !== config.endpoints)
      this.clusters.apply(config.clusters, config.endpoints);
    if (previous?.routeTables !== config.routeTables || previous.tcp !== config.tcp)
      this.faults.follow(faultsOf(config));
    commitOutbound();
    commitInbound();
    commitTcp();
    commitGateways();
    this.config = config;
  }

  /** For new handshakes; connections keep the identity they began with. Throws when the material does not fit together. */
  setIdentity(secrets: SecretMaterial | undefined): void {
    const identity = secrets === undefined ? undefined : new WorkloadTls(secrets);
    this.inbound.acceptor.setIdentity(identity);
    this.identity = identity;
  }

  /** What gateways show to clients outside from now on; each one was checked. */
  setCertificates(found: FoundCertificates): void {
    this.gateways.setCertificates(found);
  }

  /** In which countries clients of gateways are taken to be from now on. */
  setCountries(found: FoundCountries): void {
    this.gateways.setCountries(found);
  }

  /** Resolves when every port that a configuration asked for is open, or was found to be taken. */
  portsOpened(): Promise<void> {
    return this.gateways.ports.settled();
  }

  stats(): DataPlaneStats {
    return {
      connections: {
        inbound: this.inbound.listener.openConnections,
        outbound: this.outbound.listener.openConnections + this.tcp.ports.openConnections,
      },
      isDraining: this.inbound.context.isDraining || this.outbound.context.isDraining,
      spiffeId: this.identity?.spiffeId ?? '',
      clusters: this.clusters.stats(),
      routeBreakers: this.routeBreakers(this.options.clock.monotonic()),
      applications: this.inboundStack.ports.all.map((port) => port.app.stats()),
      overloads: this.overloads.states(),
      gateways: this.gateways.stats(),
    };
  }

  /**
   * Inbound first: an application that still works off a request makes calls. Requests in flight end, each response
   * closes its connection; what is left at the deadline is cut.
   */
  async drain(deadlineMs: number): Promise<void> {
    const dueMs = this.options.clock.monotonic() + deadlineMs;
    await Promise.all([this.inbound, ...this.gateways.ports.all()].map((each) => this.drainListener(each, dueMs)));
    this.tcp.ports.stopAccepting();
    await Promise.all([
      this.drainListener(this.outbound, dueMs),
      ...this.tcp.ports.all().map((port) => this.drainListener(port, dueMs)),
    ]);
  }

  close(): void {
    this.inbound.listener.destroy();
    this.outbound.listener.destroy();
    this.tcp.ports.destroy();
    this.gateways.ports.destroy();
    this.clusters.destroy();
    this.inboundStack.ports.destroy();
    this.wheel.stop();
  }

  /** Each port has its own: a route of several ports is told once for each. */
  private routeBreakers(nowMs: number): RouteBreakerReport[] {
    return [this.outboundStack, this.tcp, this.gateways].flatMap((each) => each.breakerReports(nowMs));
  }

  private async drainListener({ listener, context }: { listener: Listener; context: ServerContext }, dueMs: number) {
    context.isDraining = true;
    listener.stopAccepting();
    listener.drainConnections();
    const leftMs = Math.max(0, dueMs - this.options.clock.monotonic());
    // A connection that is idle now may have a request on its way: closing it at once would lose that request.
    const idleTimer = setTimeout(() => listener.closeIdle(), leftMs * DRAIN_IDLE_SHARE);
    let cutTimer: NodeJS.Timeout | undefined;
    const cut = new Promise<void>((resolve) => {
      cutTimer = setTimeout(resolve, leftMs);
    });
    await Promise.race([listener.emptied(), cut]);
    clearTimeout(idleTimer);
    clearTimeout(cutTimer);
    for (let left = listener.openConnections; left > 0; left--) this.options.telemetry.counter('drain-cut');
    listener.destroy();
  }
}
