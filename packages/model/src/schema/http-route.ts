// HTTPRoute of the Gateway API v1.6, experimental channel, with the rules that its CRD checks.
import { z } from 'zod';
import { durationMs, isDuration } from '../duration.ts';
import { backendObjectReference, type HttpRouteFilter, httpRouteFilter } from './http-route-filter.ts';
import { type HttpRouteMatch, httpRouteMatch } from './http-route-match.ts';
import { GATEWAY_API_VERSION, namespacedMetadata } from './metadata.ts';
import { parentRef } from './parent-ref.ts';
import { dnsSubdomain, duration, hostname } from './scalars.ts';
import { reportRepeated } from './service.ts';

const MATCHES_MAX = 128;

/** Filters of a rule or backend: those that may appear once, and redirect and rewrite, which exclude each other. */
const filters = z.array(httpRouteFilter).max(16).superRefine(checkFilters);

const backendRef = backendObjectReference.extend({
  weight: z.int().min(0).max(1_000_000).optional(),
  filters: filters.optional(),
});
export type HttpBackendRef = z.infer<typeof backendRef>;

const timeouts = z
  .strictObject({ request: duration.optional(), backendRequest: duration.optional() })
  .superRefine((value, context) => {
    const { request, backendRequest } = value;
    if (request === undefined || backendRequest === undefined) return;
    if (!isDuration(request) || !isDuration(backendRequest)) return;
    if (durationMs(request) !== 0 && durationMs(backendRequest) > durationMs(request)) {
      context.addIssue({ code: 'custom', path: ['backendRequest'], message: 'must not be longer than request' });
    }
  });

const retry = z.strictObject({
  codes: z.array(z.int().min(400).max(599)).max(200).optional(),
  attempts: z.int().min(0).max(100).optional(),
  backoff: duration.optional(),
});

/** Of HTTPRoute and GRPCRoute. */
export const sessionPersistence = z
  .strictObject({
    sessionName: z.string().min(1).max(128).optional(),
    absoluteTimeout: duration.optional(),
    idleTimeout: duration.optional(),
    type: z.enum(['Cookie', 'Header']).optional(),
    cookieConfig: z.strictObject({ lifetimeType: z.enum(['Permanent', 'Session']).optional() }).optional(),
  })
  .refine((value) => value.cookieConfig?.lifetimeType !== 'Permanent' || value.absoluteTimeout !== undefined, {
    path: ['absoluteTimeout'],
    message: 'is required when cookieConfig.lifetimeType is Permanent',
  })
  .refine((value) => value.type !== 'Header' || value.cookieConfig === undefined, {
    path: ['cookieConfig'],
    message: 'is only for type Cookie',
  });

const rule = z
  .strictObject({
    name: dnsSubdomain.optional(),
    matches: z.array(httpRouteMatch).max(64).optional(),
    filters: filters.optional(),
    backendRefs: z.array(backendRef).max(16).optional(),
    timeouts: timeouts.optional(),
    retry: retry.optional(),
    sessionPersistence: sessionPersistence.optional(),
  })
  .superRefine(checkRule);
export type HttpRouteRule = z.infer<typeof rule>;

export const httpRouteSchema = z.strictObject({
  apiVersion: z.literal(GATEWAY_API_VERSION),
  kind: z.literal('HTTPRoute'),
  metadata: namespacedMetadata,
  spec: z.strictObject({
    parentRefs: z.array(parentRef).max(32).optional(),
    useDefaultGateways: z.enum(['All', 'None']).optional(),
    hostnames: z.array(hostname).max(16).optional(),
    rules: z.array(rule).min(1).max(16).superRefine(checkRules).optional(),
  }),
});
export type HttpRouteResource = z.infer<typeof httpRouteSchema>;

const REPEATABLE: ReadonlySet<string> = new Set(['RequestMirror', 'ExtensionRef', 'ExternalAuth']);

function checkFilters(list: readonly HttpRouteFilter[], context: z.core.$RefinementCtx): void {
  const seen = new Set<string>();
  list.forEach((filter, index) => {
    if (seen.has(filter.type) && !REPEATABLE.has(filter.type)) {
      context.addIssue({ code: 'custom', path: [index, 'type'], message: `repeats ${filter.type}: one is allowed` });
    }
    seen.add(filter.type);
  });
  if (seen.has('RequestRedirect') && seen.has('URLRewrite')) {
    const index = list.findIndex((filter) => filter.type === 'URLRewrite');
    context.addIssue({ code: 'custom', path: [index, 'type'], message: 'cannot be combined with RequestRedirect' });
  }
}

interface RuleShape {
  readonly matches?: readonly HttpRouteMatch[] | undefined;
  readonly filters?: readonly HttpRouteFilter[] | undefined;
  readonly backendRefs?: readonly HttpBackendRef[] | undefined;
}

function replacesPrefix(filter: HttpRouteFilter): boolean {
  if (filter.type === 'RequestRedirect') return filter.requestRedirect.path?.type === 'ReplacePrefixMatch';
  return filter.type === 'URLRewrite' && filter.urlRewrite.path?.type === 'ReplacePrefixMatch';
}

function checkRule(value: RuleShape, context: z.core.$RefinementCtx): void {
  const backends = value.backendRefs ?? [];
  const redirects = value.filters?.findIndex((filter) => filter.type === 'RequestRedirect') ?? -1;
  if (redirects >= 0 && backends.length > 0) {
    context.addIssue({
      code: 'custom',
      path: ['filters', redirects],
      message: 'RequestRedirect cannot be used together with backendRefs',
    });
  }
  const prefixes = value.matches ?? [{}];
  const isOnePrefix = prefixes.length === 1 && (prefixes[0]?.path?.type ?? 'PathPrefix') === 'PathPrefix';
  if (isOnePrefix) return;
  const check = (list: readonly HttpRouteFilter[] | undefined, path: (string | number)[]): void => {
    const index = list?.findIndex(replacesPrefix) ?? -1;
    if (index < 0) return;
    const message = 'ReplacePrefixMatch needs exactly one match, of type PathPrefix';
    context.addIssue({ code: 'custom', path: [...path, 'filters', index], message });
  };
  check(value.filters, []);
  backends.forEach((backend, index) => void check(backend.filters, ['backendRefs', index]));
}

function checkRules(rules: readonly HttpRouteRule[], context: z.core.$RefinementCtx): void {
  reportRepeated(rules, (item) => item.name, 'name', context);
  const matches = rules.reduce((sum, item) => sum + (item.matches?.length ?? 1), 0);
  if (matches > MATCHES_MAX) {
    context.addIssue({
      code: 'custom',
      path: [],
      message: `have ${matches} matches, at most ${MATCHES_MAX} are allowed`,
    });
  }
}
