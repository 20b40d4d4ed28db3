// Filters of a rule or a backend: what they change, and which of them cannot be carried out.
import type { HeaderFilter, HttpRouteFilter, PathModifier, RequestRedirect, UrlRewrite } from '@malha/model';
import { defaults } from '@malha/model';
import {
  type CorsPolicy,
  type DirectResponseAction,
  type HeaderMutation,
  NO_MUTATION,
  type PathRewrite,
  type RedirectAction,
  type Rewrite,
} from '@malha/traffic';
import { type DirectResponses, directAction, findDirectResponse } from './direct-response.ts';

type FilterOf<T extends HttpRouteFilter['type']> = Extract<HttpRouteFilter, { type: T }>;
export type RequestMirror = FilterOf<'RequestMirror'>['requestMirror'];

export interface CompiledFilters {
  readonly requestHeaders: HeaderMutation;
  readonly responseHeaders: HeaderMutation;
  readonly rewrite: Rewrite | undefined;
  readonly redirect: RedirectAction | undefined;
  readonly direct: DirectResponseAction | undefined;
  readonly cors: CorsPolicy | undefined;
  readonly mirrors: readonly RequestMirror[];
  /** A filter that must not be skipped and is not known: requests get 500. */
  readonly failsClosed: boolean;
}

const NONE: CompiledFilters = {
  requestHeaders: NO_MUTATION,
  responseHeaders: NO_MUTATION,
  rewrite: undefined,
  redirect: undefined,
  direct: undefined,
  cors: undefined,
  mirrors: [],
  failsClosed: false,
};

/** What filters refer to. */
export interface FilterContext {
  /** Of the route. */
  readonly namespace: string;
  readonly directResponses: DirectResponses;
}

export function compileFilters(
  filters: readonly HttpRouteFilter[] | undefined,
  { namespace, directResponses }: FilterContext,
): CompiledFilters {
  if (filters === undefined || filters.length === 0) return NONE;
  const find = <T extends HttpRouteFilter['type']>(type: T) =>
    filters.find((filter): filter is FilterOf<T> => filter.type === type);
  const cors = find('CORS')?.cors;
  const responseHeaders = mutation(find('ResponseHeaderModifier')?.responseHeaderModifier);
  const redirect = find('RequestRedirect')?.requestRedirect;
  const rewrite = find('URLRewrite')?.urlRewrite;
  const extensions = filters.flatMap((filter) => (filter.type === 'ExtensionRef' ? [filter.extensionRef] : []));
  const responses = extensions.map((ref) => findDirectResponse(directResponses, namespace, ref));
  const [response] = responses;
  return {
    requestHeaders: mutation(find('RequestHeaderModifier')?.requestHeaderModifier),
    responseHeaders,
    rewrite: rewrite === undefined ? undefined : rewriteOf(rewrite),
    redirect: redirect === undefined ? undefined : redirectOf(redirect, responseHeaders),
    direct: response === undefined ? undefined : directAction(response, responseHeaders),
    cors: cors === undefined ? undefined : corsOf(cors),
    mirrors: filters.flatMap((filter) => (filter.type === 'RequestMirror' ? [filter.requestMirror] : [])),
    failsClosed: responses.includes(undefined) || find('ExternalAuth') !== undefined,
  };
}

function mutation(filter: HeaderFilter | undefined): HeaderMutation {
  if (filter === undefined) return NO_MUTATION;
  const lower = (headers: HeaderFilter['set'] = []) =>
    headers.map(({ name, value }) => ({ name: name.toLowerCase(), value }));
  return {
    set: lower(filter.set),
    add: lower(filter.add),
    remove: (filter.remove ?? []).map((name) => name.toLowerCase()),
  };
}

function pathRewrite(modifier: PathModifier): PathRewrite {
  return modifier.type === 'ReplaceFullPath'
    ? { type: 'full', value: modifier.replaceFullPath }
    : { type: 'prefix', value: modifier.replacePrefixMatch };
}

function rewriteOf({ hostname, path }: UrlRewrite): Rewrite {
  return {
    ...(hostname === undefined ? {} : { host: hostname }),
    ...(path === undefined ? {} : { path: pathRewrite(path) }),
  };
}

function corsOf(cors: FilterOf<'CORS'>['cors']): CorsPolicy {
  return {
    allowOrigins: cors.allowOrigins ?? [],
    allowMethods: cors.allowMethods ?? [],
    allowHeaders: cors.allowHeaders ?? [],
    exposeHeaders: cors.exposeHeaders ?? [],
    maxAgeSeconds: cors.maxAge ?? defaults.httpRoute.corsMaxAgeSeconds,
    allowCredentials: cors.allowCredentials ?? false,
  };
}

/** Of the requests; all of them when the filter does not say. */
export function mirroredPerMillion({ percent, fraction }: RequestMirror): number {
  if (percent !== undefined) return percent * 10_000;
  if (fraction === undefined) return 1_000_000;
  return Math.round(
    (fraction.numerator / (fraction.denominator ?? defaults.httpRoute.fractionDenominator)) * 1_000_000,
  );
}

function redirectOf(redirect: RequestRedirect, responseHeaders: HeaderMutation): RedirectAction {
  const { scheme, hostname, port, path, statusCode = defaults.httpRoute.redirectStatus } = redirect;
  return {
    type: 'redirect',
    status: statusCode,
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { host: hostname }),
    ...(port === undefined ? {} : { port }),
    ...(path === undefined ? {} : { path: pathRewrite(path) }),
    responseHeaders,
  };
}
