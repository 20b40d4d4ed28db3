// Everything that does not depend on the scope, computed once for a world and shared by all scopes.
import { type Finding, keyOf, type Resource, type ResourceKind, type ResourceOf } from '@malha/model';
import type { Cluster, ClusterEndpoints, ClusterName, MtlsMode, VirtualHost } from '@malha/traffic';
import type { AuthorizationPolicies } from './authorization/apply.ts';
import type { FaultPolicies } from './fault/apply.ts';
import { attachToGateways, type Gateways } from './gateway/attach.ts';
import { Isolation } from './isolation/apply.ts';
import { modeOf, type PeerAuthentications } from './peer-authentication/apply.ts';
import type { RateLimitPolicies } from './rate-limit/apply.ts';
import { ReferenceGrants } from './reference-grant/grants.ts';
import { compareText } from './report.ts';
import type { RoutePolicies } from './route-policy/apply.ts';
import { type Attachments, attachedRoute, attachRoutes } from './routes/attach.ts';
import { type DirectResponses, directResponsesOf } from './routes/direct-response.ts';
import { clusterOf, nameOf } from './services/clusters.ts';
import { endpointsOf } from './services/endpoints.ts';
import type { PortEntry, ServiceEntry, WorkloadEntry } from './services/entries.ts';
import { type LinkedWorld, link } from './services/link.ts';
import { byLocality, type Locality, type LocalityPolicy, localityKey } from './services/locality.ts';
import { type Existing, PolicyTargets } from './targets.ts';
import { attachLayer4Routes, type Layer4Attachments } from './tcp/attach.ts';
import { effectiveOfService, specsOfService, type TrafficPolicies } from './traffic-policy/apply.ts';
import { breakerOf } from './traffic-policy/breaker.ts';
import { clusterSettings, localityPolicyOf } from './traffic-policy/cluster.ts';
import type { World } from './world.ts';

/** A cluster that some route uses. */
export interface UsedCluster {
  readonly service: ServiceEntry;
  readonly port: PortEntry;
  readonly version: string;
}

/** Shared objects keep their identity over scopes, so an encoder can cache by object. */
export class WorldIndex {
  readonly world: World;
  readonly linked: LinkedWorld;
  /** Services in order of their keys. */
  readonly services: readonly ServiceEntry[];
  readonly isolation: Isolation;
  readonly attachments: Attachments;
  readonly gateways: Gateways;
  readonly layer4: Layer4Attachments;
  readonly grants: ReferenceGrants;
  readonly directResponses: DirectResponses;
  readonly trafficPolicies: TrafficPolicies;
  readonly peerAuthentications: PeerAuthentications;
  readonly authorizationPolicies: AuthorizationPolicies;
  readonly routePolicies: RoutePolicies;
  readonly rateLimits: RateLimitPolicies;
  readonly faults: FaultPolicies;
  readonly namespaces: readonly ResourceOf<'Namespace'>[];
  readonly #namespaces: ReadonlyMap<string, ResourceOf<'Namespace'>>;
  readonly #used = new Map<ClusterName, UsedCluster>();
  readonly #clusters = new Map<ClusterName, Cluster>();
  readonly #endpoints = new Map<ClusterName, ClusterEndpoints>();
  readonly #endpointsNear = new Map<string, ClusterEndpoints>();
  readonly #localityPolicies = new Map<ClusterName, LocalityPolicy | undefined>();
  readonly #modes = new Map<string, MtlsMode>();
  readonly #virtualHosts = new Map<string, VirtualHost>();

  constructor(world: World) {
    const byKind = new Kinds(world.resources);
    const routes = byKind.ofAny(['HTTPRoute', 'GRPCRoute']);
    this.world = world;
    this.linked = link(byKind.of('Service'), [...byKind.of('Workload'), ...world.workloads], world.trustDomain);
    this.services = [...this.linked.services].sort((a, b) => compareText(a.key, b.key));
    this.namespaces = byKind.of('Namespace');
    this.#namespaces = new Map(this.namespaces.map((namespace) => [namespace.metadata.name, namespace]));
    this.isolation = new Isolation(this.namespaces);
    const attached = routes.map(attachedRoute);
    this.attachments = attachRoutes(attached, this.linked.servicesByKey);
    const layer4 = byKind.ofAny(['TCPRoute', 'TLSRoute']);
    const ofGateways = { http: attached, layer4 };
    this.gateways = attachToGateways(byKind.of('Gateway'), ofGateways, (name) => this.namespace(name));
    this.layer4 = attachLayer4Routes(layer4, this.linked.servicesByKey);
    this.grants = new ReferenceGrants(byKind.of('ReferenceGrant'));
    this.directResponses = directResponsesOf(byKind.of('DirectResponse'));
    const existing = existingIn(this.linked, routes);
    this.trafficPolicies = new PolicyTargets(byKind.of('TrafficPolicy'), existing);
    this.peerAuthentications = new PolicyTargets(byKind.of('PeerAuthentication'), existing);
    this.authorizationPolicies = new PolicyTargets(byKind.of('AuthorizationPolicy'), existing);
    this.routePolicies = new PolicyTargets(byKind.of('RoutePolicy'), existing);
    this.rateLimits = new PolicyTargets(byKind.of('RateLimit'), existing);
    this.faults = new PolicyTargets(byKind.of('FaultInjection'), existing);
  }

  namespace(name: string): ResourceOf<'Namespace'> | undefined {
    return this.#namespaces.get(name);
  }

  /** Notes the use of a cluster and gives its name. */
  readonly use = (service: ServiceEntry, port: PortEntry, version: string): ClusterName => {
    const name = nameOf(service, port, version);
    if (!this.#used.has(name)) this.#used.set(name, { service, port, version });
    return name;
  };

  /** A virtual host that many callers share: made once for its key. */
  shared(key: string, make: () => VirtualHost): VirtualHost {
    const known = this.#virtualHosts.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#virtualHosts.set(key, made);
    return made;
  }

  usedCluster(name: ClusterName): UsedCluster | undefined {
    return this.#used.get(name);
  }

  cluster(name: ClusterName): Cluster | undefined {
    const known = this.#clusters.get(name);
    const used = this.#used.get(name);
    if (known !== undefined || used === undefined) return known;
    const { service, port, version } = used;
    const target = { namespace: service.namespace, service: service.name, version };
    const breaker = breakerOf(specsOfService(this.trafficPolicies, target));
    const settings = {
      ...clusterSettings(effectiveOfService(this.trafficPolicies, target)),
      ...(breaker !== undefined && { breaker }),
    };
    const cluster = clusterOf(service, port, version, settings, this.world.trustDomain);
    this.#clusters.set(name, cluster);
    return cluster;
  }

  endpoints(name: ClusterName): ClusterEndpoints | undefined {
    const known = this.#endpoints.get(name);
    const used = this.#used.get(name);
    if (known !== undefined || used === undefined) return known;
    const endpoints = endpointsOf(used.service, used.port, used.version, this.modeOf);
    const list = { cluster: name, endpoints };
    this.#endpoints.set(name, list);
    return list;
  }

  /** The list as a caller of this locality has to use it. */
  endpointsNear(list: ClusterEndpoints, caller: Locality | undefined): ClusterEndpoints {
    const policy = this.#localityPolicy(list.cluster);
    if (policy === undefined) return list;
    // During a change of modes there are lists of its own; they are few, and made each time.
    const isShared = this.#endpoints.get(list.cluster) === list;
    const key = `${list.cluster} ${localityKey(caller)}`;
    const known = isShared ? this.#endpointsNear.get(key) : undefined;
    if (known !== undefined) return known;
    const localityOf = (workload: string) => this.linked.workloadsByKey.get(workload)?.resource.spec.locality;
    const made = byLocality(list, policy, caller, localityOf);
    if (isShared) this.#endpointsNear.set(key, made);
    return made;
  }

  #localityPolicy(name: ClusterName): LocalityPolicy | undefined {
    const used = this.#used.get(name);
    if (used === undefined || this.trafficPolicies.isEmpty) return undefined;
    if (this.#localityPolicies.has(name)) return this.#localityPolicies.get(name);
    const { service, version } = used;
    const target = { namespace: service.namespace, service: service.name, version };
    const policy = localityPolicyOf(effectiveOfService(this.trafficPolicies, target));
    this.#localityPolicies.set(name, policy);
    return policy;
  }

  /** Mode of an inbound port of a workload. */
  readonly modeOf = (workload: WorkloadEntry, port: number): MtlsMode => {
    if (this.world.plaintext === true) return 'DISABLE';
    const key = `${workload.key}:${port}`;
    const known = this.#modes.get(key);
    if (known !== undefined) return known;
    const mode = modeOf(this.peerAuthentications, workload, port);
    this.#modes.set(key, mode);
    return mode;
  };

  /** Findings about resources that are left out because they cannot be applied. */
  get quarantined(): readonly Finding[] {
    return [
      ...this.attachments.findings,
      ...this.gateways.findings,
      ...this.layer4.findings,
      ...this.trafficPolicies.findings,
      ...this.peerAuthentications.findings,
      ...this.authorizationPolicies.findings,
      ...this.routePolicies.findings,
      ...this.rateLimits.findings,
      ...this.faults.findings,
    ].filter((finding) => finding.severity === 'error');
  }
}

export function buildIndex(world: World): WorldIndex {
  return new WorldIndex(world);
}

/** Resources by kind, in order of creation; of two with one key the first counts. */
class Kinds {
  readonly #byKind = new Map<string, Resource[]>();
  readonly #all: Resource[] = [];

  constructor(resources: readonly Resource[]) {
    const seen = new Set<string>();
    for (const resource of resources) {
      const key = keyOf(resource);
      if (seen.has(key)) continue;
      seen.add(key);
      this.#all.push(resource);
      const list = this.#byKind.get(resource.kind);
      if (list === undefined) this.#byKind.set(resource.kind, [resource]);
      else list.push(resource);
    }
  }

  /** Of several kinds, in the order of creation over all of them. */
  ofAny<K extends ResourceKind>(kinds: readonly K[]): readonly ResourceOf<K>[] {
    const wanted: ReadonlySet<ResourceKind> = new Set<ResourceKind>(kinds);
    return this.#all.filter((resource): resource is ResourceOf<K> => wanted.has(resource.kind));
  }

  of<K extends ResourceKind>(kind: K): readonly ResourceOf<K>[] {
    return (this.#byKind.get(kind) ?? []).filter((resource): resource is ResourceOf<K> => resource.kind === kind);
  }
}

function existingIn(linked: LinkedWorld, routes: readonly ResourceOf<'HTTPRoute' | 'GRPCRoute'>[]): Existing {
  const routesByKey = new Map<string, (typeof routes)[number]>(routes.map((route) => [keyOf(route), route]));
  return {
    hasService: (key) => linked.servicesByKey.has(key),
    hasVersion: (key, version) =>
      linked.servicesByKey.get(key)?.versions.some((candidate) => candidate.name === version) ?? false,
    hasWorkload: (key) => linked.workloadsByKey.has(key),
    hasRoute: (kind, key, section) => {
      const route = routesByKey.get(`${kind}/${key}`);
      if (route === undefined || section === undefined) return route !== undefined;
      return route.spec.rules?.some((rule) => rule.name === section) ?? false;
    },
  };
}
