// Envoy's route actions -> RouteAction.
import { type Duration, durationMs } from '@bufbuild/protobuf/wkt';
import type {
  ClusterName,
  DirectResponseAction,
  ForwardAction,
  HeaderMutation,
  Mirror,
  RedirectAction,
  RetryBudgetConfig,
  RetryCondition,
  RetryPolicy,
  Rewrite,
  RouteAction,
  WeightedCluster,
} from '@malha/traffic';
import { BACKEND_CONFIG, WHOLE_PATH_PATTERN } from '@malha/xds/extension-names';
import { DataSourceSchema } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import {
  RedirectAction_RedirectResponseCode as Code,
  DirectResponseActionSchema,
  RedirectActionSchema,
  RetryPolicy_RetryBackOffSchema,
  RetryPolicySchema,
  RouteAction_MaxStreamDurationSchema,
  RouteAction_RequestMirrorPolicySchema,
  RouteActionSchema,
  RouteSchema,
  WeightedCluster_ClusterWeightSchema,
  WeightedClusterSchema,
  type WeightedCluster as WireClusters,
  type DirectResponseAction as WireDirect,
  type RouteAction as WireForward,
  type RouteAction_RequestMirrorPolicy as WireMirror,
  type RedirectAction as WireRedirect,
  type RetryPolicy as WireRetry,
  type Route as WireRoute,
  type WeightedCluster_ClusterWeight as WireWeight,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { RegexMatchAndSubstituteSchema, RegexMatcherSchema } from '@malha/xds/generated/envoy/type/matcher/v3/regex_pb';
import { FractionalPercent_DenominatorType } from '@malha/xds/generated/envoy/type/v3/percent_pb';
import { headerMutation } from './headers.ts';
import { breakerOf, cohortOf, corsPolicy, faultsOf, rateLimitsOf, retryBudget, sessionOf } from './route-extensions.ts';
import { onlyFields, ResourceError, required, unpack } from './strict.ts';

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
const checkClusters = onlyFields(WeightedClusterSchema, ['clusters']);
const checkWeight = onlyFields(WeightedCluster_ClusterWeightSchema, [
  'name',
  'weight',
  'requestHeadersToAdd',
  'requestHeadersToRemove',
  'responseHeadersToAdd',
  'responseHeadersToRemove',
  'typedPerFilterConfig',
]);
const checkBackend = onlyFields(RouteSchema, [
  'route',
  'redirect',
  'directResponse',
  'responseHeadersToAdd',
  'responseHeadersToRemove',
  'typedPerFilterConfig',
]);
const checkBackendForward = onlyFields(RouteActionSchema, [
  'requestMirrorPolicies',
  'hostRewriteLiteral',
  'prefixRewrite',
  'regexRewrite',
]);
const checkRetry = onlyFields(RetryPolicySchema, [
  'retryOn',
  'numRetries',
  'perTryTimeout',
  'retriableStatusCodes',
  'retryBackOff',
]);
const checkBackOff = onlyFields(RetryPolicy_RetryBackOffSchema, ['baseInterval', 'maxInterval']);
const checkMirror = onlyFields(RouteAction_RequestMirrorPolicySchema, [
  'cluster',
  'runtimeFraction',
  'disableShadowHostSuffixAppend',
]);
const checkSubstitute = onlyFields(RegexMatchAndSubstituteSchema, ['pattern', 'substitution']);
const checkRegex = onlyFields(RegexMatcherSchema, ['regex']);
const checkRedirect = onlyFields(RedirectActionSchema, [
  'schemeRedirect',
  'hostRedirect',
  'portRedirect',
  'pathRedirect',
  'prefixRewrite',
  'responseCode',
]);
const checkDirect = onlyFields(DirectResponseActionSchema, ['status', 'body']);
const checkBody = onlyFields(DataSourceSchema, ['inlineString']);

const REDIRECT_STATUS: Readonly<Record<Code, number>> = {
  [Code.MOVED_PERMANENTLY]: 301,
  [Code.FOUND]: 302,
  [Code.SEE_OTHER]: 303,
  [Code.TEMPORARY_REDIRECT]: 307,
  [Code.PERMANENT_REDIRECT]: 308,
};

const CONDITIONS: ReadonlyMap<string, RetryCondition> = new Map<string, RetryCondition>([
  ['connect-failure', 'connect-failure'],
  ['refused-stream', 'refused-stream'],
  ['reset', 'reset'],
  ['gateway-error', 'gateway-error'],
  ['5xx', '5xx'],
  ['retriable-status-codes', 'retriable-status'],
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

function ownAnswer(route: WireRoute, path: string): RedirectAction | DirectResponseAction {
  const responseHeaders = headerMutation(
    route.responseHeadersToAdd,
    route.responseHeadersToRemove,
    `${path}.response_headers_to_add`,
  );
  switch (route.action.case) {
    case 'redirect':
      return redirectAction(route.action.value, responseHeaders, `${path}.redirect`);
    case 'directResponse':
      return directAction(route.action.value, responseHeaders, `${path}.direct_response`);
    default:
      throw new ResourceError(path, 'no action');
  }
}

function mirrors(from: readonly WireMirror[], path: string): { mirrors?: readonly Mirror[] } {
  if (from.length === 0) return {};
  return {
    mirrors: from.map((policy, index) => {
      const at = `${path}[${index}]`;
      checkMirror(policy, at);
      const fraction = required(policy.runtimeFraction?.defaultValue, `${at}.runtime_fraction.default_value`);
      if (fraction.denominator !== FractionalPercent_DenominatorType.MILLION)
        throw new ResourceError(`${at}.runtime_fraction`, 'only a share of a million is supported by this proxy');
      return { cluster: policy.cluster as ClusterName, perMillion: fraction.numerator };
    }),
  };
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

function weightedClusters(from: WireClusters, path: string): WeightedCluster[] {
  checkClusters(from, path);
  return from.clusters.map((cluster, index) => {
    const at = `${path}.clusters[${index}]`;
    checkWeight(cluster, at);
    return {
      cluster: cluster.name as ClusterName,
      weight: required(cluster.weight, `${at}.weight`),
      requestHeaders: headerMutation(
        cluster.requestHeadersToAdd,
        cluster.requestHeadersToRemove,
        `${at}.request_headers_to_add`,
      ),
      responseHeaders: headerMutation(
        cluster.responseHeadersToAdd,
        cluster.responseHeadersToRemove,
        `${at}.response_headers_to_add`,
      ),
      ...backendPart(cluster, at),
    };
  });
}

/** What filters of one backend say: a route without a match and without clusters. */
function backendPart(
  { typedPerFilterConfig: entries }: WireWeight,
  path: string,
): Pick<WeightedCluster, 'rewrite' | 'cors' | 'mirrors' | 'answer'> {
  const { [BACKEND_CONFIG]: any, ...others } = entries;
  const at = `${path}.typed_per_filter_config`;
  for (const name of Object.keys(others)) throw new ResourceError(`${at}[${name}]`, 'not supported by this proxy');
  if (any === undefined) return {};
  const where = `${at}[${BACKEND_CONFIG}]`;
  const route = unpack(RouteSchema, any, where);
  checkBackend(route, where);
  if (route.action.case !== 'route') return { answer: ownAnswer(route, where) };
  const { value } = route.action;
  checkBackendForward(value, `${where}.route`);
  const rewritten = rewrite(value, `${where}.route`);
  const cors = corsPolicy(route, where);
  return {
    ...(rewritten !== undefined && { rewrite: rewritten }),
    ...(cors !== undefined && { cors }),
    ...mirrors(value.requestMirrorPolicies, `${where}.route.request_mirror_policies`),
  };
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

function rewrite(action: WireForward, path: string): Rewrite | undefined {
  const { hostRewriteSpecifier, prefixRewrite, regexRewrite } = action;
  const host = hostRewriteSpecifier.case === 'hostRewriteLiteral' ? hostRewriteSpecifier.value : undefined;
  let rewrittenPath: Rewrite['path'];
  if (prefixRewrite !== '') rewrittenPath = { type: 'prefix', value: prefixRewrite };
  if (regexRewrite !== undefined) {
    const at = `${path}.regex_rewrite`;
    checkSubstitute(regexRewrite, at);
    const pattern = required(regexRewrite.pattern, `${at}.pattern`);
    checkRegex(pattern, `${at}.pattern`);
    if (pattern.regex !== WHOLE_PATH_PATTERN) {
      throw new ResourceError(`${at}.pattern`, 'only a replacement of the whole path is supported by this proxy');
    }
    rewrittenPath = { type: 'full', value: literalText(regexRewrite.substitution, `${at}.substitution`) };
  }
  if (host === undefined && rewrittenPath === undefined) return undefined;
  return { ...(host !== undefined && { host }), ...(rewrittenPath !== undefined && { path: rewrittenPath }) };
}

function literalText(substitution: string, path: string): string {
  if (/\\(?!\\)/.test(substitution.replaceAll('\\\\', ''))) {
    throw new ResourceError(path, 'references to groups are not supported by this proxy');
  }
  return substitution.replaceAll('\\\\', '\\');
}

function redirectAction(from: WireRedirect, responseHeaders: HeaderMutation, path: string): RedirectAction {
  checkRedirect(from, path);
  const { schemeRewriteSpecifier: scheme, pathRewriteSpecifier: rewritten } = from;
  const status = REDIRECT_STATUS[from.responseCode];
  if (status === undefined) throw new ResourceError(`${path}.response_code`, `unknown value ${from.responseCode}`);
  return {
    type: 'redirect',
    status,
    ...(scheme.case === 'schemeRedirect' && { scheme: redirectScheme(scheme.value, `${path}.scheme_redirect`) }),
    ...(from.hostRedirect !== '' && { host: from.hostRedirect }),
    ...(from.portRedirect !== 0 && { port: from.portRedirect }),
    ...(rewritten.case === 'pathRedirect' && { path: { type: 'full', value: rewritten.value } }),
    ...(rewritten.case === 'prefixRewrite' && { path: { type: 'prefix', value: rewritten.value } }),
    responseHeaders,
  };
}

function redirectScheme(scheme: string, path: string): 'http' | 'https' {
  if (scheme === 'http' || scheme === 'https') return scheme;
  throw new ResourceError(path, `${scheme} is neither http nor https`);
}

function directAction(from: WireDirect, responseHeaders: HeaderMutation, path: string): DirectResponseAction {
  checkDirect(from, path);
  if (from.body !== undefined) checkBody(from.body, `${path}.body`);
  const body = from.body?.specifier.case === 'inlineString' ? from.body.specifier.value : '';
  return { type: 'direct', status: from.status, body, responseHeaders };
}
