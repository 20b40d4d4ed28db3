// The configuration of one proxy: what its workload may call, and how it is called.
import { GATEWAY_NAME_LABEL } from '@malha/model';
import {
  type Cluster,
  type ClusterEndpoints,
  type ClusterName,
  type GatewayListener,
  INVALID_BACKEND,
  type InboundPort,
  type MeshConfig,
  type RateLimitRule,
  type Route,
  type TcpRoute,
  type Tracing,
  type VirtualHost,
} from '@malha/traffic';
import { isHttpListener } from '@malha/traffic/gateway';
import { hasFaultsByCaller } from './fault/apply.ts';
import { type CompiledGateway, compileGateway } from './gateway/apply.ts';
import { domainsOf } from './hosts.ts';
import { inboundPortsOf } from './inbound-ports.ts';
import { routeContext } from './route-context.ts';
import { type Caller, policiesOfRule } from './route-policy/apply.ts';
import { compileRoutes } from './routes/apply.ts';
import type { AttachedRoute } from './routes/attach.ts';
import type { PortEntry, ServiceEntry, WorkloadEntry } from './services/entries.ts';
import { tcpBackendsOf, tcpListenersOf, upstreamTables } from './tcp/apply.ts';
import { samplePercentOf } from './tracing.ts';
import { type ModeTransition, TransitionModes } from './transition.ts';
import { type Compiled, type Scope, UnknownWorkloadError, type World } from './world.ts';
import { buildIndex, WorldIndex } from './world-index.ts';

/** Name of the route table of HTTP calls. */
export const OUTBOUND_ROUTE_TABLE = 'outbound';

export interface CompileOptions {
  /** While mTLS modes change: see `ModeTransition`. */
  readonly transition?: ModeTransition;
}

/** Pure and deterministic. Throws `UnknownWorkloadError`; whatever is wrong with resources is quarantined instead. */
export function compile(from: World | WorldIndex, scope: Scope, options: CompileOptions = {}): Compiled {
  const index = from instanceof WorldIndex ? from : buildIndex(from);
  const workload = index.linked.workloadsByKey.get(`${scope.namespace}/${scope.workload}`);
  if (workload === undefined) throw new UnknownWorkloadError(scope);
  const modes = new TransitionModes(index, options.transition);
  const tracing: Tracing = { samplePercent: samplePercentOf(index, workload.namespace) };
  const caller = callerOf(workload);
  const virtualHosts = virtualHostsFor(index, caller);
  const gateway = gatewayOf(index, workload, tracing);
  const tcp = tcpListenersOf(index, workload);
  const routeTables = [
    { name: OUTBOUND_ROUTE_TABLE, virtualHosts },
    ...upstreamTables(index, tcp, (service, port) => virtualHost(index, service, port, caller)),
    ...gateway.routeTables,
  ];
  const allHosts = routeTables.flatMap((table) => table.virtualHosts);
  const ports = inboundPortsOf(index, workload, modes.inbound);
  const { clusters, endpoints } = clustersOf(index, allHosts, tcpRoutesOf(tcp, gateway.listeners), ports, modes);
  const config: MeshConfig = {
    outbound: { routeTable: OUTBOUND_ROUTE_TABLE, tracing },
    inbound: { ports, tracing },
    ...(gateway.listeners.length === 0 ? {} : { gateways: gateway.listeners }),
    ...(tcp.length === 0 ? {} : { tcp }),
    routeTables,
    clusters,
    endpoints: endpoints.map((list) => index.endpointsNear(list, workload.resource.spec.locality)),
  };
  return { config, quarantined: index.quarantined };
}

function callerOf({ namespace, serviceAccount, labels }: WorkloadEntry): Caller {
  return { namespace, serviceAccount, labels };
}

/** What the workload serves to clients outside of the mesh, if it is an edge proxy. */
function gatewayOf(index: WorldIndex, workload: WorkloadEntry, tracing: Tracing): CompiledGateway {
  const name = workload.labels[GATEWAY_NAME_LABEL];
  const gateway = name === undefined ? undefined : index.gateways.of(workload.namespace, name);
  if (gateway === undefined) return { listeners: [], routeTables: [] };
  const context = routeContext(index, callerOf(workload), undefined);
  const { grants } = index;
  return compileGateway(gateway, {
    grants,
    tracing,
    compileRoutes: (routes) => compileRoutes(routes, context),
    backendsOf: (route) => tcpBackendsOf(index, route, undefined),
  });
}

function virtualHostsFor(index: WorldIndex, caller: Caller): VirtualHost[] {
  const hosts: VirtualHost[] = [];
  for (const service of index.services) {
    if (!index.isolation.admits(service.namespace, caller)) continue;
    for (const port of service.ports) if (port.isHttp) hosts.push(virtualHost(index, service, port, caller));
  }
  return hosts;
}

function virtualHost(index: WorldIndex, service: ServiceEntry, port: PortEntry, caller: Caller): VirtualHost {
  const isLocal = caller.namespace === service.namespace;
  const attached = routesFor(index, service, port, caller.namespace);
  if (attached.some((route) => hasConditions(index, route)))
    return makeVirtualHost(index, service, port, attached, caller);
  if (hasFaultsByCaller(index.faults)) return makeVirtualHost(index, service, port, attached, caller);
  const consumer = attached.some((route) => route.namespace !== service.namespace) ? caller.namespace : '';
  const key = `${service.key}:${port.port}:${isLocal ? 'local' : ''}:${consumer}`;
  return index.shared(key, () => makeVirtualHost(index, service, port, attached, caller));
}

/** Routes of the caller's own namespace (consumer routes) replace those of the service's namespace (producer routes). */
function routesFor(
  index: WorldIndex,
  service: ServiceEntry,
  port: PortEntry,
  callerNamespace: string,
): readonly AttachedRoute[] {
  const all = index.attachments.of(service, port);
  const own = all.filter((route) => route.namespace === callerNamespace);
  return own.length > 0 ? own : all.filter((route) => route.namespace === service.namespace);
}

/** Whether the route has a rule that only some callers see. */
function hasConditions(index: WorldIndex, { resource, namespace, name }: AttachedRoute): boolean {
  if (index.routePolicies.isEmpty) return false;
  const rules = resource.spec.rules ?? [{}];
  return rules.some(
    (rule) => policiesOfRule(index.routePolicies, namespace, name, rule.name, resource.kind).length > 0,
  );
}

function makeVirtualHost(
  index: WorldIndex,
  service: ServiceEntry,
  port: PortEntry,
  attached: readonly AttachedRoute[],
  caller: Caller,
): VirtualHost {
  return {
    name: `${service.name}.${service.namespace}:${port.port}`,
    domains: domainsOf(service, port, caller.namespace === service.namespace),
    routes: compileRoutes(attached, routeContext(index, caller, { service, port })),
  };
}

/** Routes of connections, whoever listens for them. */
function tcpRoutesOf(
  upstreams: readonly { readonly routes: readonly TcpRoute[] }[],
  gateways: readonly GatewayListener[],
): TcpRoute[] {
  const ofGateways = gateways.flatMap((listener) => (isHttpListener(listener) ? [] : listener.routes));
  return [...upstreams.flatMap(({ routes }) => routes), ...ofGateways];
}

/** Clusters that the routes use, in the order of their first use. */
function clustersOf(
  index: WorldIndex,
  virtualHosts: readonly VirtualHost[],
  tcp: readonly TcpRoute[],
  ports: readonly InboundPort[],
  modes: TransitionModes,
): { clusters: Cluster[]; endpoints: ClusterEndpoints[] } {
  const names = new Set<ClusterName>();
  for (const { routes } of virtualHosts) for (const route of routes) addClusters(route, names);
  for (const { clusters } of tcp)
    for (const { cluster } of clusters) if (cluster !== INVALID_BACKEND) names.add(cluster);
  for (const { rateLimits } of ports) addCounters(rateLimits, names);
  const clusters: Cluster[] = [];
  const endpoints: ClusterEndpoints[] = [];
  for (const name of names) {
    const cluster = index.cluster(name);
    const list = modes.endpoints(name);
    if (cluster === undefined || list === undefined) continue;
    clusters.push(cluster);
    endpoints.push(list);
  }
  return { clusters, endpoints };
}

function addClusters({ action }: Route, names: Set<ClusterName>): void {
  if (action.type !== 'forward') return;
  for (const { cluster } of action.clusters) if (cluster !== INVALID_BACKEND) names.add(cluster);
  const mirrors = [action.mirrors, ...action.clusters.map((weighted) => weighted.mirrors)];
  for (const { cluster } of mirrors.flatMap((each) => each ?? [])) names.add(cluster);
  if (action.fallback?.to.type === 'backend') names.add(action.fallback.to.cluster);
  addCounters(action.rateLimits, names);
}

/** Of the services that count global limits. */
function addCounters(limits: readonly RateLimitRule[] | undefined, names: Set<ClusterName>): void {
  for (const { global } of limits ?? []) if (global !== undefined) names.add(global.cluster);
}
