// Envoy's route actions -> RouteAction.
import { type Duration, durationMs } from '@bufbuild/protobuf/wkt';
import type {
  ForwardAction,
  HeaderMutation,
  RetryBudgetConfig,
  RetryCondition,
  RetryPolicy,
  RouteAction,
} from '@malha/traffic';
import {
  RetryPolicy_RetryBackOffSchema,
  RetryPolicySchema,
  RouteAction_MaxStreamDurationSchema,
  RouteActionSchema,
  type RouteAction as WireForward,
  type RetryPolicy as WireRetry,
  type Route as WireRoute,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { ownAnswer } from './answers.ts';
import { resilienceOf } from './fallback.ts';
import { headerMutation } from './headers.ts';
import { breakerOf, cohortOf, corsPolicy, faultsOf, rateLimitsOf, retryBudget, sessionOf } from './route-extensions.ts';
import { onlyFields, ResourceError, required } from './strict.ts';
import { mirrors, rewrite, weightedClusters } from './weighted-clusters.ts';

const checkForward = onlyFields(RouteActionSchema, [
  'weightedClusters',
  'timeout',
  'idleTimeout',
  'maxStreamDuration',
  'retryPolicy',
  'requestMirrorPolicies',
  'hostRewriteLiteral',
  'prefixRewrite',
  'regexRewrite',
]);
const checkDuration = onlyFields(RouteAction_MaxStreamDurationSchema, ['maxStreamDuration']);
const checkRetry = onlyFields(RetryPolicySchema, [
  'retryOn',
  'numRetries',
  'perTryTimeout',
  'retriableStatusCodes',
  'retryBackOff',
]);
const checkBackOff = onlyFields(RetryPolicy_RetryBackOffSchema, ['baseInterval', 'maxInterval']);

const CONDITIONS: ReadonlyMap<string, RetryCondition> = new Map<string, RetryCondition>([
  ['connect-failure', 'connect-failure'],
  ['refused-stream', 'refused-stream'],
  ['reset', 'reset'],
  ['gateway-error', 'gateway-error'],
  ['5xx', '5xx'],
  ['retriable-status-codes', 'retriable-status'],
  ['cancelled', 'cancelled'],
  ['deadline-exceeded', 'deadline-exceeded'],
  ['internal', 'internal'],
  ['resource-exhausted', 'resource-exhausted'],
  ['unavailable', 'unavailable'],
]);

export function routeAction(route: WireRoute, path: string): RouteAction {
  if (route.action.case === 'route') {
    const responseHeaders = headerMutation(
      route.responseHeadersToAdd,
      route.responseHeadersToRemove,
      `${path}.response_headers_to_add`,
    );
    const requestHeaders = headerMutation(
      route.requestHeadersToAdd,
      route.requestHeadersToRemove,
      `${path}.request_headers_to_add`,
    );
    const budget = retryBudget(route, path);
    const cors = corsPolicy(route, path);
    const action = forwardAction(route.action.value, { requestHeaders, responseHeaders }, budget, `${path}.route`);
    const cohort = cohortOf(route, path);
    return {
      ...action,
      ...(cohort !== undefined && { cohort }),
      ...(cors !== undefined && { cors }),
      ...breakerOf(route, path),
      ...sessionOf(route, path),
      ...rateLimitsOf(route, path),
      ...faultsOf(route, path),
      ...resilienceOf(route, path),
    };
  }
  for (const [name, list] of [
    ['request_headers_to_add', route.requestHeadersToAdd],
    ['request_headers_to_remove', route.requestHeadersToRemove],
  ] as const) {
    if (list.length > 0) throw new ResourceError(`${path}.${name}`, 'there is no request to change');
  }
  return ownAnswer(route, path);
}

function milliseconds(duration: Duration | undefined, path: string): number {
  const ms = durationMs(required(duration, path));
  if (ms < 0) throw new ResourceError(path, 'negative');
  return ms;
}

function forwardAction(
  action: WireForward,
  headers: { readonly requestHeaders: HeaderMutation; readonly responseHeaders: HeaderMutation },
  budget: RetryBudgetConfig,
  path: string,
): ForwardAction {
  checkForward(action, path);
  const retry = required(action.retryPolicy, `${path}.retry_policy`);
  const rewritten = rewrite(action, path);
  if (action.clusterSpecifier.case !== 'weightedClusters') throw new ResourceError(path, 'no weighted_clusters');
  return {
    type: 'forward',
    clusters: weightedClusters(action.clusterSpecifier.value, `${path}.weighted_clusters`),
    ...headers,
    ...(rewritten !== undefined && { rewrite: rewritten }),
    requestTimeoutMs: milliseconds(action.timeout, `${path}.timeout`),
    backendRequestTimeoutMs: milliseconds(retry.perTryTimeout, `${path}.retry_policy.per_try_timeout`),
    streamIdleTimeoutMs: milliseconds(action.idleTimeout, `${path}.idle_timeout`),
    ...maxDuration(action.maxStreamDuration, `${path}.max_stream_duration`),
    retry: retryPolicy(retry, budget, `${path}.retry_policy`),
    ...mirrors(action.requestMirrorPolicies, `${path}.request_mirror_policies`),
  };
}

function maxDuration(from: WireForward['maxStreamDuration'], path: string): { maxDurationMs?: number } {
  if (from === undefined) return {};
  checkDuration(from, path);
  return { maxDurationMs: milliseconds(from.maxStreamDuration, `${path}.max_stream_duration`) };
}

function retryPolicy(from: WireRetry, budget: RetryBudgetConfig, path: string): RetryPolicy {
  checkRetry(from, path);
  const backOff = required(from.retryBackOff, `${path}.retry_back_off`);
  checkBackOff(backOff, `${path}.retry_back_off`);
  const on = from.retryOn === '' ? [] : from.retryOn.split(',');
  return {
    attempts: required(from.numRetries, `${path}.num_retries`),
    on: on.map((name) => {
      const condition = CONDITIONS.get(name);
      if (condition === undefined)
        throw new ResourceError(`${path}.retry_on`, `${name} is not supported by this proxy`);
      return condition;
    }),
    statusCodes: from.retriableStatusCodes,
    backoffBaseMs: milliseconds(backOff.baseInterval, `${path}.retry_back_off.base_interval`),
    backoffMaxMs: milliseconds(backOff.maxInterval, `${path}.retry_back_off.max_interval`),
    budget,
  };
}
