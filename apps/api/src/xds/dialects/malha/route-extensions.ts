// What Envoy's route messages have no field for: entries of a route's typed_per_filter_config with messages of our own.
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import type { CohortKey, CorsPolicy, ForwardAction, Route, RouteMatch } from '@malha/traffic';
import {
  BREAKER_CONFIG,
  COHORT_CONFIG,
  CORS_CONFIG,
  FAULTS_CONFIG,
  MATCH_CONFIG,
  RATE_LIMITS_CONFIG,
  RETRY_BUDGET_CONFIG,
  SESSION_CONFIG,
} from '@malha/xds/extension-names';
import {
  CircuitBreakerSchema,
  CohortKeySchema,
  CorsPolicySchema,
  FaultsSchema,
  MatchConditionsSchema,
  RateLimitsSchema,
  RetryBudgetSchema,
  SessionSchema,
} from '@malha/xds/generated/malha/extensions/v1/extensions_pb';

import { fault } from './faults.ts';
import { rateLimit } from './rate-limits.ts';

export type Entries = Record<string, Any>;

export function routeExtensions({ match, action }: Route): Entries {
  return { ...matchExtension(match), ...(action.type === 'forward' && forwardExtensions(action)) };
}

function matchExtension({ countries, devices, share }: RouteMatch): Entries {
  if (countries === undefined && devices === undefined && share === undefined) return {};
  return {
    [MATCH_CONFIG]: pack(MatchConditionsSchema, {
      countries: [...(countries ?? [])],
      devices: [...(devices ?? [])],
      ...(share !== undefined && {
        share: {
          perMillion: share.perMillion,
          ...(share.cohort !== undefined && { cohort: cohortKey(share.cohort) }),
        },
      }),
    }),
  };
}

function forwardExtensions({ retry, breaker, session, cohort, cors, rateLimits, faults }: ForwardAction): Entries {
  return {
    [RETRY_BUDGET_CONFIG]: pack(RetryBudgetSchema, retry.budget),
    ...(breaker !== undefined && { [BREAKER_CONFIG]: pack(CircuitBreakerSchema, breaker) }),
    ...(session !== undefined && {
      [SESSION_CONFIG]: pack(SessionSchema, {
        carrier: { case: session.type, value: session.name },
        maxAgeSeconds: session.maxAgeSeconds,
      }),
    }),
    ...(cohort !== undefined && { [COHORT_CONFIG]: pack(CohortKeySchema, cohortKey(cohort)) }),
    ...(faults !== undefined && { [FAULTS_CONFIG]: pack(FaultsSchema, { faults: faults.map(fault) }) }),
    ...(rateLimits !== undefined && {
      [RATE_LIMITS_CONFIG]: pack(RateLimitsSchema, { limits: rateLimits.map(rateLimit) }),
    }),
    ...corsExtension(cors),
  };
}

export function corsExtension(cors: CorsPolicy | undefined): Entries {
  if (cors === undefined) return {};
  return {
    [CORS_CONFIG]: pack(CorsPolicySchema, {
      ...cors,
      allowOrigins: [...cors.allowOrigins],
      allowMethods: [...cors.allowMethods],
      allowHeaders: [...cors.allowHeaders],
      exposeHeaders: [...cors.exposeHeaders],
    }),
  };
}

function cohortKey(key: CohortKey): MessageInitShape<typeof CohortKeySchema> {
  return { key: { case: key.type, value: key.type === 'fixed' ? key.value : key.name } };
}

export function pack<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Any {
  return anyPack(schema, create(schema, init));
}
