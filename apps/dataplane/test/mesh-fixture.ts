// Configuration and proxies for tests of the data path: real sockets on free ports, a test CA, a recorder that keeps records.
import { once } from 'node:events';
import type { Server } from 'node:net';
import type {
  AuthorizationRule,
  AuthorizationRules,
  Cluster,
  ClusterName,
  Endpoint,
  ForwardAction,
  InboundPort,
  MeshConfig,
  MtlsMode,
  RetryPolicy,
  Route,
  SpiffeId,
} from '@malha/traffic/config';
import { DataPlane, type SecretMaterial } from '../src/data-plane.ts';
import type { ProxyLimits } from '../src/proxy-limits.ts';
import { OpenStreams } from '../src/telemetry/open-streams.ts';
import type { ProxyCounter, RequestRecord, Telemetry } from '../src/telemetry/record.ts';

export const NO_HEADERS = { set: [], add: [], remove: [] };

export const NO_RETRY: RetryPolicy = {
  attempts: 0,
  on: [],
  statusCodes: [],
  backoffBaseMs: 1,
  backoffMaxMs: 2,
  budget: { percent: 20, minConcurrent: 3 },
};

export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 2,
  on: ['connect-failure', 'refused-stream', 'reset', 'gateway-error'],
  statusCodes: [],
  backoffBaseMs: 1,
  backoffMaxMs: 5,
  budget: { percent: 20, minConcurrent: 3 },
};

/** Of anybody for anything, but for the parts. */
export function authorizationRule(parts: Partial<AuthorizationRule>): AuthorizationRule {
  return {
    principals: [],
    namespaces: [],
    ipBlocks: [],
    methods: [],
    paths: [],
    hosts: [],
    ports: [],
    headers: [],
    ...parts,
  };
}

/** Opens it on a free port of loopback, and tells which. */
export async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

export function clusterName(name: string): ClusterName {
  return name as ClusterName;
}

export function cluster(name: string, overrides: Partial<Cluster> = {}): Cluster {
  return {
    name: clusterName(name),
    service: { namespace: 'shop', name },
    port: 80,
    version: '',
    protocol: 'http',
    connectTimeoutMs: 1000,
    idleTimeoutMs: 60_000,
    limits: { maxConnections: 1024, maxPending: 1024, maxRequests: 1024 },
    loadBalancer: { type: 'RoundRobin' },
    tls: { serverName: `80.${name}.shop.mesh`, spiffeIds: [`spiffe://mesh.local/ns/shop/sa/${name}` as SpiffeId] },
    ...overrides,
  };
}

export function endpoint(workload: string, port: number, overrides: Partial<Endpoint> = {}): Endpoint {
  return {
    workload: `shop/${workload}`,
    address: '127.0.0.1',
    port,
    tls: false,
    version: '',
    weight: 1,
    healthy: true,
    ...overrides,
  };
}

export function forwardTo(
  clusters: readonly { readonly name: string; readonly weight: number }[],
  overrides: Partial<ForwardAction> = {},
): ForwardAction {
  return {
    type: 'forward',
    clusters: clusters.map(({ name, weight }) => ({
      cluster: clusterName(name),
      weight,
      requestHeaders: NO_HEADERS,
      responseHeaders: NO_HEADERS,
    })),
    requestHeaders: NO_HEADERS,
    responseHeaders: NO_HEADERS,
    requestTimeoutMs: 15_000,
    backendRequestTimeoutMs: 0,
    streamIdleTimeoutMs: 300_000,
    retry: NO_RETRY,
    ...overrides,
  };
}

export function route(action: Route['action'], path = '/', name = 'default'): Route {
  return { name, match: { path: { type: 'prefix', value: path }, headers: [], queryParams: [] }, action };
}

export interface OutboundSetup {
  readonly routes: readonly Route[];
  readonly clusters: readonly Cluster[];
  readonly endpoints: Readonly<Record<string, readonly Endpoint[]>>;
  readonly samplePercent?: number;
  readonly domains?: readonly string[];
  /** Name of the virtual host: `<service>.<namespace>:<port>` is that of a service. */
  readonly host?: string;
}

export const EMPTY_INBOUND: MeshConfig['inbound'] = { ports: [], tracing: { samplePercent: 0 } };

export function outboundConfig(setup: OutboundSetup, inbound = EMPTY_INBOUND): MeshConfig {
  return {
    outbound: { routeTable: 'outbound', tracing: { samplePercent: setup.samplePercent ?? 0 } },
    inbound,
    routeTables: [
      {
        name: 'outbound',
        virtualHosts: [{ name: setup.host ?? 'all', domains: setup.domains ?? ['*'], routes: setup.routes }],
      },
    ],
    clusters: setup.clusters,
    endpoints: Object.entries(setup.endpoints).map(([name, endpoints]) => ({ cluster: clusterName(name), endpoints })),
  };
}

/** One service `app` on one port of the upstream, which is an application without a proxy. */
export function simpleConfig(upstreamPort: number, overrides: Partial<ForwardAction> = {}): MeshConfig {
  return outboundConfig({
    routes: [route(forwardTo([{ name: 'app', weight: 1 }], overrides))],
    clusters: [cluster('app', { tls: { serverName: '80.app.shop.mesh', spiffeIds: [] } })],
    endpoints: { app: [endpoint('app-1', upstreamPort)] },
  });
}

export interface InboundSetup {
  readonly appPort: number;
  readonly mode?: MtlsMode;
  readonly authorization?: AuthorizationRules;
  readonly service?: string;
}

export function inboundConfig(setup: InboundSetup): MeshConfig {
  return { ...outboundConfig({ routes: [], clusters: [], endpoints: {} }), inbound: inboundListener(setup) };
}

export function inboundListener(setup: InboundSetup): MeshConfig['inbound'] {
  const service = setup.service ?? 'app';
  const port: InboundPort = {
    port: 80,
    appAddress: `127.0.0.1:${setup.appPort}`,
    protocol: 'http',
    mode: setup.mode ?? 'STRICT',
    serverNames: [`80.${service}.shop.mesh`],
    hosts: [service, `${service}.shop`, `${service}.shop.mesh`],
    service: { namespace: 'shop', name: service },
    authorization: setup.authorization ?? { policies: [] },
  };
  return { ports: [port], tracing: { samplePercent: 0 } };
}

/** Keeps copies of the records and counts the rest. */
export class KeepingTelemetry implements Telemetry {
  readonly openStreams = new OpenStreams();
  readonly records: RequestRecord[] = [];
  /** Of the attempts of sampled requests that had several. */
  readonly attempts: RequestRecord[] = [];
  readonly counters = new Map<ProxyCounter, number>();
  open = 0;

  request(record: RequestRecord): void {
    (record.attempt === undefined ? this.records : this.attempts).push({ ...record });
  }

  connectionOpened(): void {
    this.open++;
  }

  connectionClosed(): void {
    this.open--;
  }

  protection(): void {}

  counter(name: ProxyCounter): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + 1);
  }

  count(name: ProxyCounter): number {
    return this.counters.get(name) ?? 0;
  }
}

export interface TestProxy {
  readonly dataPlane: DataPlane;
  readonly telemetry: KeepingTelemetry;
  readonly outboundPort: number;
  readonly inboundPort: number;
}

export async function startProxy(
  config: MeshConfig,
  options: { readonly secrets?: SecretMaterial; readonly limits?: Partial<ProxyLimits>; readonly name?: string } = {},
): Promise<TestProxy> {
  const telemetry = new KeepingTelemetry();
  const dataPlane = new DataPlane({
    workload: { namespace: 'shop', name: options.name ?? 'proxy-1', service: 'proxy', version: 'v1' },
    bind: { address: '127.0.0.1', outboundPort: 0, inboundPort: 0 },
    telemetry,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    random: Math.random,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  dataPlane.setIdentity(options.secrets);
  dataPlane.apply(config);
  const ports = await dataPlane.start();
  return { dataPlane, telemetry, ...ports };
}
