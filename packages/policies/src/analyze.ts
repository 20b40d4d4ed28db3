// Analysis of a whole world: what its resources say about each other, in a stable order.
import type { AppProtocol, AuthorizationPolicyResource, Finding, RoutePolicyResource } from '@malha/model';
import { keyOf, namespaceOf } from '@malha/model';
import type { MtlsMode } from '@malha/traffic';
import { analyzeAuthorization } from './authorization/analyze.ts';
import { analyzeFallbacks } from './fallback-places.ts';
import { analyzeFaults } from './fault/analyze.ts';
import { analyzeGateways } from './gateway/analyze.ts';
import { storedCertificates } from './gateway/stored-certificates.ts';
import { limitedWorld } from './limit-places.ts';
import { analyzePeerAuthentications } from './peer-authentication/apply.ts';
import { analyzeRateLimits } from './rate-limit/analyze.ts';
import { sortFindings } from './report.ts';
import { analyzeRoutePolicies, policiesOfRule } from './route-policy/apply.ts';
import { analyzeRoutes } from './routes/analyze.ts';
import { analyzeServices } from './services/analyze.ts';
import { targetPortOf, type WorkloadEntry } from './services/entries.ts';
import { analyzeLayer4Routes, analyzeUpstreams } from './tcp/apply.ts';
import { analyzeTracing } from './tracing.ts';
import { analyzeTrafficPolicies } from './traffic-policy/analyze.ts';
import { analyzeBounds } from './traffic-policy/bounds.ts';
import type { World } from './world.ts';
import { buildIndex, WorldIndex } from './world-index.ts';

/** Findings of severity `error` must refuse a change that brings them in. */
export function analyze(from: World | WorldIndex): Finding[] {
  const index = from instanceof WorldIndex ? from : buildIndex(from);
  return sortFindings([
    ...analyzeServices(index.linked),
    ...analyzeRoutes({
      attachments: index.attachments,
      ofListeners: index.gateways.all.flatMap(({ listeners }) =>
        listeners.map(({ routes }) => routes.map(({ route }) => route)),
      ),
      grants: index.grants,
      directResponses: index.directResponses,
      services: index.services,
      servicesByKey: index.linked.servicesByKey,
      isConditional: ({ route, rule }) =>
        policiesOfRule(index.routePolicies, route.namespace, route.name, rule.name, route.resource.kind).some(
          ({ spec }) => spec.match !== undefined,
        ),
    }),
    ...analyzeGateways(index.gateways, {
      grants: index.grants,
      workloads: index.linked.workloads,
      certificates: storedCertificates(index.world.certificates),
    }),
    ...analyzeUpstreams(index),
    ...analyzeLayer4Routes(index),
    ...analyzeRoutePolicies(index.routePolicies, routesAtGateways(index)),
    ...analyzeFallbacks(index),
    ...analyzeTrafficPolicies(index.trafficPolicies),
    ...analyzeBounds(index.trafficPolicies, protocolsOf(index)),
    ...analyzePeerAuthentications(index.peerAuthentications),
    ...analyzeAuthorization(index.authorizationPolicies, (policy) => modesOf(index, policy)),
    ...analyzeTracing(index.namespaces),
    ...analyzeRateLimits(index.rateLimits, limitedWorld(index)),
    ...analyzeFaults(index.faults, index.linked.workloads),
  ]);
}

function routesAtGateways({ gateways }: WorldIndex): (policy: RoutePolicyResource) => boolean {
  const listeners = gateways.all.flatMap((gateway) => gateway.listeners);
  const keys = new Set<string>(listeners.flatMap(({ routes }) => routes.map(({ route }) => keyOf(route.resource))));
  return (policy) => keys.has(`${policy.spec.targetRef.kind}/${namespaceOf(policy)}/${policy.spec.targetRef.name}`);
}

/** Of the ports of a service; undefined: there is no such service. */
function protocolsOf({ linked }: WorldIndex): (key: string) => readonly AppProtocol[] | undefined {
  return (key) => linked.servicesByKey.get(key)?.ports.map(({ protocol }) => protocol);
}

/** Modes of the ports of the workloads that an authorization policy acts on. */
function modesOf(index: WorldIndex, policy: AuthorizationPolicyResource): ReadonlySet<MtlsMode> {
  const modes = new Set<MtlsMode>();
  for (const workload of index.linked.workloads) {
    if (!actsOn(policy, workload)) continue;
    for (const service of workload.services) {
      for (const { spec } of service.ports) {
        const target = targetPortOf(spec, workload.resource);
        if (target !== undefined) modes.add(index.modeOf(workload, target));
      }
    }
  }
  return modes;
}

function actsOn(policy: AuthorizationPolicyResource, workload: WorkloadEntry): boolean {
  const { kind, name } = policy.spec.targetRef;
  if (kind === 'Mesh') return true;
  if (namespaceOf(policy) !== workload.namespace) return false;
  if (kind === 'Namespace') return true;
  return kind === 'Workload' ? workload.name === name : workload.services.some((service) => service.name === name);
}
