// What our own proxy carries out, read from the capability table, so that analysis and table cannot disagree.
import { enforcementOf, type Feature, type HttpRouteFilter } from '@malha/model';

/** Whether the feature is only accepted yet, with finding MALHA1033. */
export function isPlanned(feature: Feature): boolean {
  return enforcementOf(feature, 'malha') !== 'enforced';
}

const OF_RULE: Readonly<Record<HttpRouteFilter['type'], Feature>> = {
  RequestHeaderModifier: 'filter.request-headers',
  ResponseHeaderModifier: 'filter.response-headers',
  RequestMirror: 'filter.mirror',
  RequestRedirect: 'filter.redirect',
  URLRewrite: 'filter.rewrite',
  CORS: 'filter.cors',
  ExternalAuth: 'filter.external-auth',
  ExtensionRef: 'filter.extension',
};

const OF_BACKEND: Readonly<Record<HttpRouteFilter['type'], Feature>> = {
  ...OF_RULE,
  RequestHeaderModifier: 'filter.backend-headers',
  ResponseHeaderModifier: 'filter.backend-headers',
  RequestRedirect: 'filter.backend-rewrite',
  URLRewrite: 'filter.backend-rewrite',
  RequestMirror: 'filter.backend-mirror',
  CORS: 'filter.backend-mirror',
};

export function featureOfFilter(type: HttpRouteFilter['type'], isBackend: boolean): Feature {
  return (isBackend ? OF_BACKEND : OF_RULE)[type];
}
