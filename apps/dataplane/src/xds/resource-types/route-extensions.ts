// Entries of a route's typed_per_filter_config: messages of our own for what Envoy's routes have no field for.
import type {
  BreakerConfig,
  CohortKey,
  CorsPolicy,
  DeviceClass,
  FaultRule,
  RateLimitRule,
  RetryBudgetConfig,
  RouteMatch,
  SessionConfig,
} from '@malha/traffic';
import {
  BREAKER_CONFIG,
  COHORT_CONFIG,
  CORS_CONFIG,
  FALLBACK_CONFIG,
  FAULTS_CONFIG,
  HEDGING_CONFIG,
  MATCH_CONFIG,
  RATE_LIMITS_CONFIG,
  RETRY_BUDGET_CONFIG,
  SESSION_CONFIG,
} from '@malha/xds/extension-names';
import type { Route as WireRoute } from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import {
  CircuitBreakerSchema,
  CohortKeySchema,
  CorsPolicySchema,
  FaultsSchema,
  MatchConditionsSchema,
  RateLimitsSchema,
  RetryBudgetSchema,
  SessionSchema,
  type CohortKey as WireCohort,
} from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { breaker } from './breaker.ts';
import { fault } from './faults.ts';
import { rateLimit } from './rate-limits.ts';
import { ResourceError, required, unpack } from './strict.ts';

const KNOWN: ReadonlySet<string> = new Set([
  RETRY_BUDGET_CONFIG,
  BREAKER_CONFIG,
  SESSION_CONFIG,
  CORS_CONFIG,
  COHORT_CONFIG,
  MATCH_CONFIG,
  RATE_LIMITS_CONFIG,
  FAULTS_CONFIG,
  HEDGING_CONFIG,
  FALLBACK_CONFIG,
]);
const DEVICES: ReadonlySet<string> = new Set<DeviceClass>(['mobile', 'tablet', 'desktop', 'bot']);

export function checkExtensions(route: WireRoute, path: string): void {
  for (const name of Object.keys(route.typedPerFilterConfig))
    if (!KNOWN.has(name)) throw new ResourceError(at(path, name), 'not supported by this proxy');
}

export function retryBudget(route: WireRoute, path: string): RetryBudgetConfig {
  const where = at(path, RETRY_BUDGET_CONFIG);
  const { percent, minConcurrent } = unpack(RetryBudgetSchema, route.typedPerFilterConfig[RETRY_BUDGET_CONFIG], where);
  return { percent, minConcurrent };
}

export function breakerOf(route: WireRoute, path: string): { breaker?: BreakerConfig } {
  const any = route.typedPerFilterConfig[BREAKER_CONFIG];
  if (any === undefined) return {};
  const where = at(path, BREAKER_CONFIG);
  return { breaker: breaker(unpack(CircuitBreakerSchema, any, where), where) };
}

export function sessionOf(route: WireRoute, path: string): { session?: SessionConfig } {
  const any = route.typedPerFilterConfig[SESSION_CONFIG];
  if (any === undefined) return {};
  const where = at(path, SESSION_CONFIG);
  const { carrier, maxAgeSeconds } = unpack(SessionSchema, any, where);
  if (carrier.case === undefined) throw new ResourceError(where, 'neither a header nor a cookie');
  return { session: { type: carrier.case, name: required(carrier.value, where), maxAgeSeconds } };
}

export function corsPolicy(route: WireRoute, path: string): CorsPolicy | undefined {
  const any = route.typedPerFilterConfig[CORS_CONFIG];
  if (any === undefined) return undefined;
  const { allowOrigins, allowMethods, allowHeaders, exposeHeaders, maxAgeSeconds, allowCredentials } = unpack(
    CorsPolicySchema,
    any,
    at(path, CORS_CONFIG),
  );
  return { allowOrigins, allowMethods, allowHeaders, exposeHeaders, maxAgeSeconds, allowCredentials };
}

export function faultsOf(route: WireRoute, path: string): { faults?: readonly FaultRule[] } {
  const any = route.typedPerFilterConfig[FAULTS_CONFIG];
  if (any === undefined) return {};
  const where = at(path, FAULTS_CONFIG);
  const { faults } = unpack(FaultsSchema, any, where);
  return { faults: faults.map((each, index) => fault(each, `${where}.faults[${index}]`)) };
}

export function rateLimitsOf(route: WireRoute, path: string): { rateLimits?: readonly RateLimitRule[] } {
  const any = route.typedPerFilterConfig[RATE_LIMITS_CONFIG];
  if (any === undefined) return {};
  const where = at(path, RATE_LIMITS_CONFIG);
  const { limits } = unpack(RateLimitsSchema, any, where);
  return { rateLimits: limits.map((limit, index) => rateLimit(limit, `${where}.limits[${index}]`)) };
}

export function cohortOf(route: WireRoute, path: string): CohortKey | undefined {
  const any = route.typedPerFilterConfig[COHORT_CONFIG];
  const where = at(path, COHORT_CONFIG);
  return any === undefined ? undefined : cohortKey(unpack(CohortKeySchema, any, where), where);
}

export function matchConditions(route: WireRoute, path: string): Pick<RouteMatch, 'countries' | 'devices' | 'share'> {
  const any = route.typedPerFilterConfig[MATCH_CONFIG];
  if (any === undefined) return {};
  const where = at(path, MATCH_CONFIG);
  const { countries, devices, share } = unpack(MatchConditionsSchema, any, where);
  return {
    ...(countries.length > 0 && { countries: countries.map((code) => countryCode(code, where)) }),
    ...(devices.length > 0 && { devices: devices.map((device) => deviceClass(device, where)) }),
    ...(share !== undefined && {
      share: {
        perMillion: share.perMillion,
        ...(share.cohort !== undefined && { cohort: cohortKey(share.cohort, `${where}.share.cohort`) }),
      },
    }),
  };
}

function cohortKey({ key }: WireCohort, path: string): CohortKey {
  switch (key.case) {
    case 'header':
    case 'cookie':
      return { type: key.case, name: required(key.value, path) };
    case 'fixed':
      return { type: 'fixed', value: key.value };
    default:
      throw new ResourceError(path, 'no key');
  }
}

function countryCode(text: string, path: string): string {
  if (/^[A-Z]{2}$/.test(text)) return text;
  throw new ResourceError(path, `${text} is not a code of two capital letters`);
}

function deviceClass(text: string, path: string): DeviceClass {
  if (DEVICES.has(text)) return text as DeviceClass;
  throw new ResourceError(path, `${text} is not a class of devices that this proxy knows`);
}

function at(path: string, name: string): string {
  return `${path}.typed_per_filter_config[${name}]`;
}
