// The configuration of one proxy: what its workload may call, and how it is called.
import {
  type Cluster,
  type ClusterEndpoints,
  type ClusterName,
  INVALID_BACKEND,
  type MeshConfig,
  type Route,
  type Tracing,
  type VirtualHost,
} from '@malha/traffic';
import { domainsOf } from './hosts.ts';
import { inboundPortsOf } from './inbound-ports.ts';
import { type Caller, cohortKeyOf, conditionsOf, isForCaller, policiesOfRule } from './route-policy/apply.ts';
import { compileRoutes, type RouteContext, type RuleRef } from './routes/apply.ts';
import type { AttachedRoute } from './routes/attach.ts';
import type { PortEntry, ServiceEntry, WorkloadEntry } from './services/entries.ts';
import { samplePercentOf } from './tracing.ts';
import { effectiveOfRule, effectiveOfService, routeSettings } from './traffic-policy/apply.ts';
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
  const virtualHosts = virtualHostsFor(index, workload);
  const { clusters, endpoints } = clustersOf(index, virtualHosts, modes);
  const config: MeshConfig = {
    outbound: { routeTable: OUTBOUND_ROUTE_TABLE, tracing },
    inbound: { ports: inboundPortsOf(index, workload, modes.inbound), tracing },
    routeTables: [{ name: OUTBOUND_ROUTE_TABLE, virtualHosts }],
    clusters,
    endpoints,
  };
  return { config, quarantined: index.quarantined };
}

function virtualHostsFor(index: WorldIndex, workload: WorkloadEntry): VirtualHost[] {
  const caller: Caller = {
    namespace: workload.namespace,
    serviceAccount: workload.serviceAccount,
    labels: workload.labels,
  };
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
  return rules.some((rule) => policiesOfRule(index.routePolicies, namespace, name, rule.name).length > 0);
}

function makeVirtualHost(
  index: WorldIndex,
  service: ServiceEntry,
  port: PortEntry,
  attached: readonly AttachedRoute[],
  caller: Caller,
): VirtualHost {
  const policiesOf = ({ route, rule }: RuleRef) =>
    policiesOfRule(index.routePolicies, route.namespace, route.name, rule.name);
  const context: RouteContext = {
    service,
    port,
    services: index.linked.servicesByKey,
    use: index.use,
    settingsOf: (ref, version) => settingsOf(index, service, ref, version),
    isForCaller: (ref) => isForCaller(policiesOf(ref), caller),
    conditionsOf: (ref) => conditionsOf(policiesOf(ref), caller),
    cohortOf: (ref) => cohortKeyOf(policiesOf(ref), caller),
  };
  return {
    name: `${service.name}.${service.namespace}:${port.port}`,
    domains: domainsOf(service, port, caller.namespace === service.namespace),
    routes: compileRoutes(attached, context),
  };
}

function settingsOf(index: WorldIndex, service: ServiceEntry, ref: RuleRef | undefined, version: string) {
  const target = { namespace: service.namespace, service: service.name, version };
  if (ref === undefined) return routeSettings(effectiveOfService(index.trafficPolicies, target));
  const rule = { namespace: ref.route.namespace, route: ref.route.name, rule: ref.rule.name };
  return routeSettings(effectiveOfRule(index.trafficPolicies, rule, target));
}

/** Clusters that the routes use, in the order of their first use. */
function clustersOf(
  index: WorldIndex,
  virtualHosts: readonly VirtualHost[],
  modes: TransitionModes,
): { clusters: Cluster[]; endpoints: ClusterEndpoints[] } {
  const names = new Set<ClusterName>();
  for (const { routes } of virtualHosts) for (const route of routes) addClusters(route, names);
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
  for (const { cluster } of action.mirrors ?? []) names.add(cluster);
}
