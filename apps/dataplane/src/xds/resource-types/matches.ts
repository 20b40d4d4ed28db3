// Envoy's route, header, query and string matchers -> RouteMatch.
import type { PathMatch, RouteMatch, ValueMatch } from '@malha/traffic';
import { compileRegex } from '@malha/traffic/pattern';
import {
  type HeaderMatcher,
  HeaderMatcherSchema,
  type QueryParameterMatcher,
  QueryParameterMatcherSchema,
  RouteMatchSchema,
  type RouteMatch as WireMatch,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { type RegexMatcher, RegexMatcherSchema } from '@malha/xds/generated/envoy/type/matcher/v3/regex_pb';
import { type StringMatcher, StringMatcherSchema } from '@malha/xds/generated/envoy/type/matcher/v3/string_pb';
import { onlyFields, ResourceError, required } from './strict.ts';

const checkMatch = onlyFields(RouteMatchSchema, [
  'prefix',
  'path',
  'safeRegex',
  'pathSeparatedPrefix',
  'headers',
  'queryParameters',
]);
const checkHeader = onlyFields(HeaderMatcherSchema, ['name', 'stringMatch']);
const checkQuery = onlyFields(QueryParameterMatcherSchema, ['name', 'stringMatch']);
const checkRegex = onlyFields(RegexMatcherSchema, ['regex']);
export const checkString = onlyFields(StringMatcherSchema, ['exact', 'prefix', 'suffix', 'safeRegex']);

export function routeMatch(match: WireMatch | undefined, path: string): RouteMatch {
  const from = required(match, path);
  checkMatch(from, path);
  const headers = from.headers.map((header, index) => headerMatch(header, `${path}.headers[${index}]`));
  // The encoder puts the method first; wherever it stands, there can be but one.
  const methods = headers.filter(({ name }) => name === ':method');
  const [method] = methods;
  if (methods.length > 1 || (method !== undefined && method.type !== 'exact')) {
    throw new ResourceError(`${path}.headers`, 'only one exact :method is supported by this proxy');
  }
  return {
    path: pathMatch(from, path),
    ...(method !== undefined && { method: method.value }),
    headers: headers.filter(({ name }) => name !== ':method'),
    queryParams: from.queryParameters.map((query, index) => queryMatch(query, `${path}.query_parameters[${index}]`)),
  };
}

function pathMatch({ pathSpecifier }: WireMatch, path: string): PathMatch {
  switch (pathSpecifier.case) {
    case 'path':
      return { type: 'exact', value: pathSpecifier.value };
    case 'pathSeparatedPrefix':
      return { type: 'prefix', value: pathSpecifier.value };
    case 'safeRegex':
      return { type: 'regex', value: regex(pathSpecifier.value, `${path}.safe_regex`) };
    case 'prefix':
      // Any other prefix would match by characters; ours match by path elements.
      if (pathSpecifier.value === '/') return { type: 'prefix', value: '/' };
      throw new ResourceError(`${path}.prefix`, 'only "/" is supported by this proxy: use path_separated_prefix');
    default:
      throw new ResourceError(path, 'no path to match');
  }
}

function headerMatch(matcher: HeaderMatcher, path: string): ValueMatch {
  checkHeader(matcher, path);
  const { case: kind, value } = matcher.headerMatchSpecifier;
  if (kind !== 'stringMatch') throw new ResourceError(path, 'string_match missing');
  return { name: matcher.name.toLowerCase(), ...valueMatch(value, `${path}.string_match`) };
}

function queryMatch(matcher: QueryParameterMatcher, path: string): ValueMatch {
  checkQuery(matcher, path);
  const { case: kind, value } = matcher.queryParameterMatchSpecifier;
  if (kind !== 'stringMatch') throw new ResourceError(path, 'string_match missing');
  return { name: matcher.name, ...valueMatch(value, `${path}.string_match`) };
}

function valueMatch(matcher: StringMatcher, path: string): Omit<ValueMatch, 'name'> {
  checkString(matcher, path);
  const { matchPattern } = matcher;
  if (matchPattern.case === 'exact') return { type: 'exact', value: matchPattern.value };
  if (matchPattern.case === 'safeRegex')
    return { type: 'regex', value: regex(matchPattern.value, `${path}.safe_regex`) };
  throw new ResourceError(path, 'only exact and safe_regex are supported by this proxy');
}

/** A pattern that cannot be compiled is refused here, not at the first request. */
export function regex(matcher: RegexMatcher, path: string): string {
  checkRegex(matcher, path);
  try {
    compileRegex(matcher.regex);
  } catch (error) {
    throw new ResourceError(`${path}.regex`, error instanceof Error ? error.message : String(error));
  }
  return matcher.regex;
}
