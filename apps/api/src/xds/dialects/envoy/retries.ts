// Retries in Envoy's terms: it has one policy for a route and does not ask for the method, so a route is made two.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type AnySchema, durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  type ForwardAction,
  type HedgingConfig,
  isIdempotentMethod,
  RETRY_AFTER_MAX_MS,
  type RetryCondition,
  type Route,
} from '@malha/traffic';
import {
  RetryPolicy_ResetHeaderFormat as ResetHeaderFormat,
  type RetryPolicySchema,
  type RouteActionSchema,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { retryOn } from '../shared/retries.ts';

/** RFC 9110 §9.2.2 */
const IDEMPOTENT_METHODS = 'GET|HEAD|OPTIONS|TRACE|PUT|DELETE';

/** What may have been processed before it failed; all else was not, or is named by its code: any method may be sent again. */
const FOR_IDEMPOTENT: ReadonlySet<RetryCondition> = new Set(['reset', 'gateway-error', '5xx']);

/** Another endpoint than those that were tried, when one is found within some draws of the balancer. */
const OTHER_ENDPOINT = {
  name: 'envoy.retry_host_predicates.previous_hosts',
  configType: {
    case: 'typedConfig' as const,
    // The message has no fields.
    value: {
      typeUrl: 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
    } satisfies MessageInitShape<typeof AnySchema>,
  },
};
const DRAWS_MAX = 5n;

/** What only idempotent requests may repeat is for a route of their own, before the one for all the others. */
export function byIdempotence(route: Route): Route[] {
  const { action, match } = route;
  if (action.type !== 'forward' || (action.retry.attempts === 0 && action.hedging === undefined)) return [route];
  const { hedging, ...unhedged } = action;
  const safe = action.retry.on.filter((condition) => !FOR_IDEMPOTENT.has(condition));
  if (safe.length === action.retry.on.length && hedging === undefined) return [route];
  const forOthers: Route = { ...route, action: { ...unhedged, retry: { ...action.retry, on: safe } } };
  // Each of two routes would draw its own share: what is safe for all must do.
  if (match.share !== undefined) return [forOthers];
  if (match.method !== undefined) return [isIdempotentMethod(match.method) ? route : forOthers];
  const methods = { name: ':method', type: 'regex', value: IDEMPOTENT_METHODS } as const;
  return [{ ...route, match: { ...match, headers: [methods, ...match.headers] } }, forOthers];
}

/** Also without retries, when an attempt has a timeout of its own: Envoy knows it as a part of the policy only. */
export function retryPolicy(action: ForwardAction): MessageInitShape<typeof RetryPolicySchema> | undefined {
  const { retry, backendRequestTimeoutMs } = action;
  const hedging = hedgingOf(action);
  const isOn = retry.attempts > 0 && retry.on.length > 0;
  if (!isOn && hedging === undefined && backendRequestTimeoutMs === 0) return undefined;
  const baseMs = Math.max(1, retry.backoffBaseMs);
  const attemptMs = hedging?.delayMs ?? backendRequestTimeoutMs;
  return {
    // It hedges only where it would retry something.
    retryOn: isOn || hedging === undefined ? retryOn(isOn ? retry.on : []) : retryOn(['connect-failure']),
    numRetries: Math.max(isOn ? retry.attempts : 0, (hedging?.maxAttempts ?? 1) - 1),
    ...(attemptMs > 0 && { perTryTimeout: durationFromMs(attemptMs) }),
    retryHostPredicate: [OTHER_ENDPOINT],
    hostSelectionRetryMaxAttempts: DRAWS_MAX,
    retriableStatusCodes: [...retry.statusCodes],
    rateLimitedRetryBackOff: {
      resetHeaders: [{ name: 'Retry-After', format: ResetHeaderFormat.SECONDS }],
      maxInterval: durationFromMs(RETRY_AFTER_MAX_MS),
    },
    retryBackOff: {
      baseInterval: durationFromMs(baseMs),
      maxInterval: durationFromMs(Math.max(baseMs, retry.backoffMaxMs)),
    },
  };
}

/** In Envoy a hedge is the retry that follows the timeout of an attempt, which then goes on. */
export function hedgePolicy(action: ForwardAction): Pick<MessageInitShape<typeof RouteActionSchema>, 'hedgePolicy'> {
  return hedgingOf(action) === undefined ? {} : { hedgePolicy: { hedgeOnPerTryTimeout: true } };
}

/** It takes the place of the timeout of an attempt, and no share of the requests can be drawn: what needs more is left out. */
function hedgingOf({ hedging, backendRequestTimeoutMs }: ForwardAction): HedgingConfig | undefined {
  return backendRequestTimeoutMs > 0 || (hedging?.perMillion ?? 0) < MILLION ? undefined : hedging;
}

const MILLION = 1_000_000;
