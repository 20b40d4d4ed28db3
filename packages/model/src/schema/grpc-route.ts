// GRPCRoute of the Gateway API v1.6, experimental channel, with the rules that its CRD checks.
import { z } from 'zod';
import { sessionPersistence } from './http-route.ts';
import { backendObjectReference, type GrpcRouteFilter, grpcRouteFilter } from './http-route-filter.ts';
import { regexProblem } from './http-route-match.ts';
import { GATEWAY_API_VERSION, namespacedMetadata } from './metadata.ts';
import { parentRef } from './parent-ref.ts';
import { dnsSubdomain, headerName, hostname } from './scalars.ts';
import { reportRepeated } from './service.ts';

const MATCHES_MAX = 128;
/** Both patterns are the CRD's own. */
const SERVICE = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const METHOD = /^[A-Za-z_][A-Za-z0-9_]*$/;

const matchType = z.enum(['Exact', 'RegularExpression']).optional();

const methodMatch = z
  .strictObject({
    type: matchType,
    service: z.string().min(1).max(1024).optional(),
    method: z.string().min(1).max(1024).optional(),
  })
  .superRefine((match, context) => {
    if (match.service === undefined && match.method === undefined) {
      context.addIssue({ code: 'custom', path: [], message: 'must have service, method, or both' });
    }
    for (const [field, pattern] of [['service', SERVICE] as const, ['method', METHOD] as const]) {
      const value = match[field];
      if (value === undefined) continue;
      const problem = match.type === 'RegularExpression' ? regexProblem(value) : exactProblem(value, pattern, field);
      if (problem !== undefined) context.addIssue({ code: 'custom', path: [field], message: problem });
    }
  });

function exactProblem(value: string, pattern: RegExp, field: string): string | undefined {
  return pattern.test(value) ? undefined : `must be the name of a gRPC ${field}`;
}

const headerMatch = z
  .strictObject({ type: matchType, name: headerName, value: z.string().min(1).max(4096) })
  .superRefine((match, context) => {
    const problem = match.type === 'RegularExpression' ? regexProblem(match.value) : undefined;
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['value'], message: problem });
  });

const grpcRouteMatch = z.strictObject({
  method: methodMatch.optional(),
  headers: z.array(headerMatch).max(16).optional(),
});
export type GrpcRouteMatch = z.infer<typeof grpcRouteMatch>;

const REPEATABLE: ReadonlySet<string> = new Set(['RequestMirror', 'ExtensionRef']);

const filters = z.array(grpcRouteFilter).max(16).superRefine(checkFilters);

function checkFilters(list: readonly GrpcRouteFilter[], context: z.core.$RefinementCtx): void {
  const seen = new Set<string>();
  list.forEach(({ type }, index) => {
    if (seen.has(type) && !REPEATABLE.has(type)) {
      context.addIssue({ code: 'custom', path: [index, 'type'], message: `repeats ${type}: one is allowed` });
    }
    seen.add(type);
  });
}

const backendRef = backendObjectReference.extend({
  weight: z.int().min(0).max(1_000_000).optional(),
  filters: filters.optional(),
});

const rule = z.strictObject({
  name: dnsSubdomain.optional(),
  matches: z.array(grpcRouteMatch).max(64).optional(),
  filters: filters.optional(),
  backendRefs: z.array(backendRef).max(16).optional(),
  sessionPersistence: sessionPersistence.optional(),
});
export type GrpcRouteRule = z.infer<typeof rule>;

export const grpcRouteSchema = z.strictObject({
  apiVersion: z.literal(GATEWAY_API_VERSION),
  kind: z.literal('GRPCRoute'),
  metadata: namespacedMetadata,
  spec: z.strictObject({
    parentRefs: z.array(parentRef).max(32).optional(),
    useDefaultGateways: z.enum(['All', 'None']).optional(),
    hostnames: z.array(hostname).max(16).optional(),
    rules: z.array(rule).min(1).max(16).superRefine(checkRules).optional(),
  }),
});
export type GrpcRouteResource = z.infer<typeof grpcRouteSchema>;

function checkRules(rules: readonly GrpcRouteRule[], context: z.core.$RefinementCtx): void {
  reportRepeated(rules, (item) => item.name, 'name', context);
  const matches = rules.reduce((sum, item) => sum + (item.matches?.length ?? 1), 0);
  if (matches > MATCHES_MAX) {
    const message = `have ${matches} matches, at most ${MATCHES_MAX} are allowed`;
    context.addIssue({ code: 'custom', path: [], message });
  }
}
