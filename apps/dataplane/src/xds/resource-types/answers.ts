// Answers that a route or one backend of it gives by itself: redirects and fixed responses.
import type { DirectResponseAction, HeaderMutation, RedirectAction } from '@malha/traffic';
import { DataSourceSchema } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import {
  RedirectAction_RedirectResponseCode as Code,
  DirectResponseActionSchema,
  RedirectActionSchema,
  type DirectResponseAction as WireDirect,
  type RedirectAction as WireRedirect,
  type Route as WireRoute,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { headerMutation } from './headers.ts';
import { onlyFields, ResourceError } from './strict.ts';

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

export function ownAnswer(route: WireRoute, path: string): RedirectAction | DirectResponseAction {
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
