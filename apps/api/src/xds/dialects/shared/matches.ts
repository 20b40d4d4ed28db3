// Request matches as Envoy's RouteMatch.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PathMatch, RouteMatch, ValueMatch } from '@malha/traffic';
import type {
  HeaderMatcherSchema,
  QueryParameterMatcherSchema,
  RouteMatchSchema,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import type { StringMatcherSchema } from '@malha/xds/generated/envoy/type/matcher/v3/string_pb';

type StringMatcher = MessageInitShape<typeof StringMatcherSchema>;
export type HeaderMatcher = MessageInitShape<typeof HeaderMatcherSchema>;
type QueryMatcher = MessageInitShape<typeof QueryParameterMatcherSchema>;
type Match = MessageInitShape<typeof RouteMatchSchema>;

export function exactString(value: string): StringMatcher {
  return { matchPattern: { case: 'exact', value } };
}

export function regexString(regex: string): StringMatcher {
  return { matchPattern: { case: 'safeRegex', value: { regex } } };
}

export function exactHeader(name: string, value: string): HeaderMatcher {
  return { name, headerMatchSpecifier: { case: 'stringMatch', value: exactString(value) } };
}

function valueString(match: ValueMatch): StringMatcher {
  return match.type === 'exact' ? exactString(match.value) : regexString(match.value);
}

function headerMatcher(match: ValueMatch): HeaderMatcher {
  return { name: match.name, headerMatchSpecifier: { case: 'stringMatch', value: valueString(match) } };
}

function queryMatcher(match: ValueMatch): QueryMatcher {
  return { name: match.name, queryParameterMatchSpecifier: { case: 'stringMatch', value: valueString(match) } };
}

function pathSpecifier(path: PathMatch): NonNullable<Match['pathSpecifier']> {
  switch (path.type) {
    case 'exact':
      return { case: 'path', value: path.value };
    case 'regex':
      return { case: 'safeRegex', value: { regex: path.value } };
    case 'prefix':
      // path_separated_prefix must not end with a slash, so the root has no such form.
      return path.value === '/' ? { case: 'prefix', value: '/' } : { case: 'pathSeparatedPrefix', value: path.value };
  }
}

/** `fraction`: of the requests that match otherwise; `more`: headers beside those of the match. */
export function routeMatch(
  match: RouteMatch,
  fraction?: Match['runtimeFraction'],
  more: readonly HeaderMatcher[] = [],
): Match {
  const method = match.method === undefined ? [] : [exactHeader(':method', match.method)];
  return {
    pathSpecifier: pathSpecifier(match.path),
    headers: [...method, ...match.headers.map(headerMatcher), ...more],
    queryParameters: match.queryParams.map(queryMatcher),
    ...(fraction !== undefined && { runtimeFraction: fraction }),
  };
}
