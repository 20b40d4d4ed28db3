// GRPCRoutes as the rules of HTTP that they are: a call is a POST to `/<service>/<method>`.
import type { GrpcRouteMatch, GrpcRouteResource, HttpRouteMatch, HttpRouteRule } from '@malha/model';

/** What the Gateway API counts of a GRPCRoute's match, before its headers. */
export interface GrpcRank {
  readonly serviceLength: number;
  readonly methodLength: number;
}

/** Any one segment: names of services and methods have no slash. */
const ANY_NAME = '[^/]+';

/** Rules at the places where the resource has them, so that findings name its own fields. */
export function rulesOfGrpc({ spec }: GrpcRouteResource): readonly HttpRouteRule[] {
  return (spec.rules ?? [{}]).map((rule) => ({
    ...rule,
    matches: rule.matches?.map(({ method, headers }) => ({ path: pathOf(method), headers })),
  }));
}

export function grpcRank({ spec }: GrpcRouteResource, ruleIndex: number, matchIndex: number): GrpcRank {
  const method = spec.rules?.[ruleIndex]?.matches?.[matchIndex]?.method;
  return { serviceLength: method?.service?.length ?? 0, methodLength: method?.method?.length ?? 0 };
}

function pathOf(method: GrpcRouteMatch['method']): HttpRouteMatch['path'] {
  if (method === undefined) return undefined;
  const { service, method: name } = method;
  if (method.type === 'RegularExpression') {
    return { type: 'RegularExpression', value: `/(?:${service ?? ANY_NAME})/(?:${name ?? ANY_NAME})` };
  }
  if (service !== undefined && name !== undefined) return { type: 'Exact', value: `/${service}/${name}` };
  if (service !== undefined) return { type: 'PathPrefix', value: `/${service}/` };
  // A name has letters, digits and underscores only: nothing in it is special in an expression.
  return { type: 'RegularExpression', value: `/${ANY_NAME}/${name ?? ANY_NAME}` };
}
