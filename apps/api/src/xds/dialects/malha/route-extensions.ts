// What Envoy's route messages have no field for: entries of a route's typed_per_filter_config with messages of our own.
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import type { CohortKey, ForwardAction, Route, RouteMatch } from '@malha/traffic';
import { COHORT_CONFIG, CORS_CONFIG, MATCH_CONFIG, RETRY_BUDGET_CONFIG } from '@malha/xds/extension-names';
import {
  CohortKeySchema,
  CorsPolicySchema,
  MatchConditionsSchema,
  RetryBudgetSchema,
} from '@malha/xds/generated/malha/extensions/v1/extensions_pb';

type Entries = Record<string, Any>;

export function routeExtensions({ match, action }: Route): Entries {
  return { ...matchExtension(match), ...(action.type === 'forward' && forwardExtensions(action)) };
}

function matchExtension({ devices, share }: RouteMatch): Entries {
  if (devices === undefined && share === undefined) return {};
  return {
    [MATCH_CONFIG]: pack(MatchConditionsSchema, {
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

function forwardExtensions({ retry, cohort, cors }: ForwardAction): Entries {
  return {
    [RETRY_BUDGET_CONFIG]: pack(RetryBudgetSchema, retry.budget),
    ...(cohort !== undefined && { [COHORT_CONFIG]: pack(CohortKeySchema, cohortKey(cohort)) }),
    ...(cors !== undefined && {
      [CORS_CONFIG]: pack(CorsPolicySchema, {
        ...cors,
        allowOrigins: [...cors.allowOrigins],
        allowMethods: [...cors.allowMethods],
        allowHeaders: [...cors.allowHeaders],
        exposeHeaders: [...cors.exposeHeaders],
      }),
    }),
  };
}

function cohortKey(key: CohortKey): MessageInitShape<typeof CohortKeySchema> {
  return { key: { case: key.type, value: key.type === 'fixed' ? key.value : key.name } };
}

function pack<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Any {
  return anyPack(schema, create(schema, init));
}
