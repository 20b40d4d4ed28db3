// Where fallbacks find what they refer to, and what is said about those that refer to nothing.
import { type Finding, MALHA_GROUP, namespaceOf, type RoutePolicyResource } from '@malha/model';
import { NO_MUTATION } from '@malha/traffic';
import { report } from './report.ts';
import type { FallbackReferences } from './route-policy/resilience.ts';
import type { RuleRef } from './routes/apply.ts';
import { type ResolvedBackend, resolveBackend, type UnresolvedBackend } from './routes/backends.ts';
import { directAction, findDirectResponse } from './routes/direct-response.ts';
import type { WorldIndex } from './world-index.ts';

type BackendRef = Parameters<FallbackReferences['clusterOf']>[0];

interface Place {
  readonly kind: string;
  readonly namespace: string;
  readonly parentPort: number | undefined;
}

export function fallbackReferences(
  index: WorldIndex,
  { route }: RuleRef,
  parentPort: number | undefined,
  isGrpc: boolean,
): FallbackReferences {
  const { namespace, resource } = route;
  return {
    isGrpc,
    clusterOf: (ref) => {
      const backend = resolve(index, ref, { kind: resource.kind, namespace, parentPort });
      return backend.ok ? index.use(backend.service, backend.port, backend.version) : undefined;
    },
    responseOf: (name) => {
      const response = directResponse(index, namespace, name);
      return response === undefined ? undefined : directAction(response, NO_MUTATION);
    },
  };
}

export function analyzeFallbacks(index: WorldIndex): Finding[] {
  return index.routePolicies.attached.flatMap((policy) => problemsOf(index, policy));
}

function problemsOf(index: WorldIndex, policy: RoutePolicyResource): Finding[] {
  const { fallback, targetRef } = policy.spec;
  const { backendRef, responseRef, lastGood } = fallback ?? {};
  const namespace = namespaceOf(policy);
  if (backendRef !== undefined) {
    const backend = resolve(index, backendRef, { kind: targetRef.kind, namespace, parentPort: undefined });
    // A port may be that of the Service that the route is attached to.
    if (backend.ok || (backend.code === 'MALHA1024' && backendRef.port === undefined)) return [];
    return [report(backend.code, policy, `spec.fallback.backendRef.${backend.field}`, backend.message)];
  }
  const given = responseRef !== undefined ? 'responseRef' : 'lastGood';
  if (targetRef.kind === 'GRPCRoute' && (responseRef ?? lastGood) !== undefined) {
    const message =
      'Calls of gRPC fall back to another backend only: an answer of the proxy would be none to their clients.';
    return [report('MALHA1053', policy, `spec.fallback.${given}`, message)];
  }
  if (responseRef === undefined || directResponse(index, namespace, responseRef.name) !== undefined) return [];
  const message = `There is no DirectResponse "${responseRef.name}" in namespace ${namespace}: failures are answered as they are.`;
  return [report('MALHA1054', policy, 'spec.fallback.responseRef.name', message)];
}

function resolve(
  { linked, grants }: WorldIndex,
  ref: BackendRef,
  { kind, namespace, parentPort }: Place,
): ResolvedBackend | UnresolvedBackend {
  return resolveBackend(ref, { services: linked.servicesByKey, grants, kind, namespace, parentPort });
}

function directResponse({ directResponses }: WorldIndex, namespace: string, name: string) {
  return findDirectResponse(directResponses, namespace, { group: MALHA_GROUP, kind: 'DirectResponse', name });
}
