// What telemetry needs to know of the mesh besides its figures: services, instances, modes, what acts on a service.
import { keyOf, type Resource } from '@malha/model';
import { buildIndex, type World, type WorldIndex } from '@malha/policies';

export type MtlsState = 'strict' | 'permissive' | 'disabled';
export type Badge = 'route' | 'fault' | 'mirror' | 'canary';

export interface InstanceView {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly healthy: boolean;
}

export interface ServiceView {
  readonly namespace: string;
  readonly name: string;
  readonly versions: readonly string[];
  readonly instances: readonly InstanceView[];
  readonly mtls: MtlsState;
  readonly badges: readonly Badge[];
  readonly policies: readonly { readonly key: string; readonly why: string }[];
}

export interface MeshView {
  readonly services: readonly ServiceView[];
  service(namespace: string, name: string): ServiceView | undefined;
}

const EMPTY: MeshView = { services: [], service: () => undefined };

/** A view of the newest world, made once per world. */
export function createMeshView(world: () => World | undefined): () => MeshView {
  let seen: World | undefined;
  let view: MeshView = EMPTY;
  return () => {
    const current = world();
    if (current === undefined || current === seen) return view;
    seen = current;
    view = viewOf(buildIndex(current));
    return view;
  };
}

type ServiceEntry = WorldIndex['services'][number];

function viewOf(index: WorldIndex): MeshView {
  const services = index.services.map((service) => serviceViewOf(index, service));
  const byKey = new Map(services.map((service) => [`${service.namespace}/${service.name}`, service]));
  return { services, service: (namespace, name) => byKey.get(`${namespace}/${name}`) };
}

function serviceViewOf(index: WorldIndex, service: ServiceEntry): ServiceView {
  const instances = service.workloads.map((workload) => ({
    namespace: workload.namespace,
    name: workload.name,
    version: versionNameOf(service, workload.labels),
    healthy: workload.isHealthy,
  }));
  const declared = service.versions.map(({ name }) => name);
  const seen = instances.map(({ version }) => version).filter((version) => version !== '');
  return {
    namespace: service.namespace,
    name: service.name,
    versions: [...new Set([...declared, ...seen])].sort(),
    instances,
    mtls: mtlsOf(index, service),
    badges: badgesOf(index, service),
    policies: policiesOf(index, service),
  };
}

function versionNameOf(service: ServiceEntry, labels: Readonly<Record<string, string>>): string {
  const declared = service.versions.find((version) =>
    Object.entries(version.labels).every(([name, value]) => labels[name] === value),
  );
  return declared?.name ?? labels.version ?? '';
}

/** The weakest mode of its ports and instances: what a caller without a certificate could use. */
function mtlsOf(index: WorldIndex, service: ServiceEntry): MtlsState {
  const modes = new Set<string>();
  for (const workload of service.workloads) {
    for (const { spec, port } of service.ports) {
      const target = typeof spec.targetPort === 'number' ? spec.targetPort : port;
      modes.add(index.modeOf(workload, target));
    }
  }
  if (modes.has('DISABLE')) return 'disabled';
  return modes.has('PERMISSIVE') ? 'permissive' : 'strict';
}

function routesOf(index: WorldIndex, service: ServiceEntry) {
  return [...new Set(service.ports.flatMap((port) => index.attachments.of(service, port)))];
}

type RouteEntry = ReturnType<typeof routesOf>[number];

/** What the rules of HTTPRoutes and GRPCRoutes have in common. */
interface RuleShape {
  readonly name?: string | undefined;
  readonly backendRefs?: readonly { readonly weight?: number | undefined }[] | undefined;
  readonly filters?: readonly { readonly type: string }[] | undefined;
}

function badgesOf(index: WorldIndex, service: ServiceEntry): Badge[] {
  const routes = routesOf(index, service);
  const rules = routes.flatMap(({ resource }): readonly RuleShape[] => resource.spec.rules ?? []);
  const badges: Badge[] = [];
  if (routes.length > 0) badges.push('route');
  const isSplit = rules.some((rule) => (rule.backendRefs ?? []).filter(({ weight }) => weight !== 0).length > 1);
  if (isSplit) badges.push('canary');
  const isMirrored = rules.some((rule) => (rule.filters ?? []).some(({ type }) => type === 'RequestMirror'));
  if (isMirrored) badges.push('mirror');
  if (hasFault(index, service, routes)) badges.push('fault');
  return badges;
}

/** At work, or about to be: the control plane writes into a fault that it has ended. */
function hasFault({ faults }: WorldIndex, service: ServiceEntry, routes: readonly RouteEntry[]): boolean {
  const ofRoutes = routes.flatMap((route) => attachedTo(route, faults).map(({ resource }) => resource));
  return [...faults.ofService(service.namespace, service.name), ...ofRoutes].some(
    ({ spec }) => spec.ended === undefined,
  );
}

/** To the route as a whole and to its rules, with why. */
function attachedTo<R extends Resource>(
  { namespace, name, resource: { kind, spec } }: RouteEntry,
  targets: RouteTargets<R>,
): { readonly resource: R; readonly why: string }[] {
  const rules = (spec.rules ?? []).flatMap((rule: RuleShape) => (rule.name === undefined ? [] : [rule.name]));
  return [
    ...targets.ofRoute(namespace, name, kind).map((resource) => ({ resource, why: `is attached to route ${name}` })),
    ...rules.flatMap((rule) =>
      targets
        .ofRule(namespace, name, rule, kind)
        .map((resource) => ({ resource, why: `is attached to rule ${rule} of route ${name}` })),
    ),
  ];
}

interface RouteTargets<R> {
  ofRoute(namespace: string, name: string, kind: 'HTTPRoute' | 'GRPCRoute'): readonly R[];
  ofRule(namespace: string, route: string, rule: string, kind: 'HTTPRoute' | 'GRPCRoute'): readonly R[];
}

interface Targets extends RouteTargets<Resource> {
  ofMesh(): readonly Resource[];
  ofNamespace(namespace: string): readonly Resource[];
  ofService(namespace: string, name: string): readonly Resource[];
  ofVersion(namespace: string, service: string, version: string): readonly Resource[];
  ofWorkload(namespace: string, name: string): readonly Resource[];
}

function policiesOf(index: WorldIndex, service: ServiceEntry): { key: string; why: string }[] {
  const found = new Map<string, string>();
  const add = (resources: readonly Resource[], why: string) => {
    for (const resource of resources) if (!found.has(keyOf(resource))) found.set(keyOf(resource), why);
  };
  const routes = routesOf(index, service);
  add(
    routes.map(({ resource }) => resource),
    `routes calls of ${service.name}`,
  );
  const kinds: readonly Targets[] = [
    index.trafficPolicies,
    index.authorizationPolicies,
    index.peerAuthentications,
    index.routePolicies,
    index.rateLimits,
    index.faults,
  ];
  for (const targets of kinds) {
    for (const route of routes) for (const { resource, why } of attachedTo(route, targets)) add([resource], why);
    for (const { name } of service.versions) {
      add(targets.ofVersion(service.namespace, service.name, name), `is attached to version ${name}`);
    }
    add(targets.ofService(service.namespace, service.name), 'is attached to this service');
    for (const { namespace, name } of service.workloads) {
      add(targets.ofWorkload(namespace, name), `is attached to instance ${name}`);
    }
    add(targets.ofNamespace(service.namespace), `is attached to namespace ${service.namespace}`);
    add(targets.ofMesh(), 'is attached to the whole mesh');
  }
  return [...found].map(([key, why]) => ({ key, why }));
}
