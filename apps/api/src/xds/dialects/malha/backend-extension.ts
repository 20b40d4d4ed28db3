// What filters of one backend say, as a route of its own: an entry of its weighted cluster's typed_per_filter_config.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { WeightedCluster } from '@malha/traffic';
import { BACKEND_CONFIG } from '@malha/xds/extension-names';
import { RouteSchema } from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { directResponse, mirrorPolicies, redirectAction } from '../shared/actions.ts';
import { responseHeaders } from '../shared/headers.ts';
import { rewriteFields } from './rewrites.ts';
import { corsExtension, type Entries, pack } from './route-extensions.ts';

export function backendExtension(weighted: WeightedCluster): Entries {
  const { rewrite, cors, mirrors, answer } = weighted;
  if (answer !== undefined) return { [BACKEND_CONFIG]: pack(RouteSchema, answerRoute(answer, weighted.cluster)) };
  if (rewrite === undefined && cors === undefined && mirrors === undefined) return {};
  const value = { requestMirrorPolicies: mirrorPolicies(mirrors), ...rewriteFields(rewrite) };
  const route = { action: { case: 'route' as const, value }, typedPerFilterConfig: corsExtension(cors) };
  return { [BACKEND_CONFIG]: pack(RouteSchema, route) };
}

function answerRoute(
  answer: NonNullable<WeightedCluster['answer']>,
  cluster: string,
): MessageInitShape<typeof RouteSchema> {
  return {
    action:
      answer.type === 'redirect'
        ? { case: 'redirect', value: redirectAction(answer, cluster) }
        : { case: 'directResponse', value: directResponse(answer) },
    ...responseHeaders(answer.responseHeaders),
  };
}
