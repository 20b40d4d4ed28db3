// Weighted clusters of a route, with what filters of single backends say; rewrites and mirrors as routes have them too.
import type { ClusterName, Mirror, Rewrite, WeightedCluster } from '@malha/traffic';
import { BACKEND_CONFIG, WHOLE_PATH_PATTERN } from '@malha/xds/extension-names';
import {
  RouteAction_RequestMirrorPolicySchema,
  RouteActionSchema,
  RouteSchema,
  WeightedCluster_ClusterWeightSchema,
  WeightedClusterSchema,
  type WeightedCluster as WireClusters,
  type RouteAction as WireForward,
  type RouteAction_RequestMirrorPolicy as WireMirror,
  type WeightedCluster_ClusterWeight as WireWeight,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { RegexMatchAndSubstituteSchema, RegexMatcherSchema } from '@malha/xds/generated/envoy/type/matcher/v3/regex_pb';
import { FractionalPercent_DenominatorType } from '@malha/xds/generated/envoy/type/v3/percent_pb';
import { ownAnswer } from './answers.ts';
import { headerMutation } from './headers.ts';
import { corsPolicy } from './route-extensions.ts';
import { onlyFields, ResourceError, required, unpack } from './strict.ts';

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
const checkMirror = onlyFields(RouteAction_RequestMirrorPolicySchema, [
  'cluster',
  'runtimeFraction',
  'disableShadowHostSuffixAppend',
]);
const checkSubstitute = onlyFields(RegexMatchAndSubstituteSchema, ['pattern', 'substitution']);
const checkRegex = onlyFields(RegexMatcherSchema, ['regex']);

export function weightedClusters(from: WireClusters, path: string): WeightedCluster[] {
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

export function mirrors(from: readonly WireMirror[], path: string): { mirrors?: readonly Mirror[] } {
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

export function rewrite(action: WireForward, path: string): Rewrite | undefined {
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
