// DirectResponses: answers that a rule gives by itself, by the filter ExtensionRef.
import {
  type DirectResponseResource,
  type HttpRouteFilter,
  type HttpRouteRule,
  MALHA_GROUP,
  namespaceOf,
} from '@malha/model';
import type { DirectResponseAction, HeaderMutation } from '@malha/traffic';

/** By `<namespace>/<name>`. */
export type DirectResponses = ReadonlyMap<string, DirectResponseResource>;

export function directResponsesOf(resources: readonly DirectResponseResource[]): DirectResponses {
  return new Map(resources.map((resource) => [`${namespaceOf(resource)}/${resource.metadata.name}`, resource]));
}

type ExtensionRef = Extract<HttpRouteFilter, { type: 'ExtensionRef' }>['extensionRef'];

export function isDirectResponse({ group, kind }: ExtensionRef): boolean {
  return group === MALHA_GROUP && kind === 'DirectResponse';
}

/** A reference without a namespace: both objects are in that of the route (Gateway API LocalObjectReference). */
export function findDirectResponse(
  responses: DirectResponses,
  namespace: string,
  ref: ExtensionRef,
): DirectResponseResource | undefined {
  return isDirectResponse(ref) ? responses.get(`${namespace}/${ref.name}`) : undefined;
}

/** `changes`: of the rule's ResponseHeaderModifier, which come after the headers of the response itself. */
export function directAction({ spec }: DirectResponseResource, changes: HeaderMutation): DirectResponseAction {
  const { status, body = '', headers = [] } = spec;
  const own = headers.map(({ name, value }) => ({ name: name.toLowerCase(), value }));
  if (body !== '' && !own.some(({ name }) => name === 'content-type')) {
    own.unshift({ name: 'content-type', value: 'text/plain; charset=utf-8' });
  }
  const undone = new Set([...changes.set.map(({ name }) => name), ...changes.remove]);
  const set = [...own.filter(({ name }) => !undone.has(name)), ...changes.set];
  return { type: 'direct', status, body, responseHeaders: { ...changes, set } };
}

/** Filters that change nothing of an answer that no backend gives. */
const WITHOUT_EFFECT: ReadonlySet<HttpRouteFilter['type']> = new Set<HttpRouteFilter['type']>([
  'RequestHeaderModifier',
  'RequestMirror',
  'URLRewrite',
  'CORS',
]);

/** Fields of a rule that its own answer makes idle; undefined when it gives none. */
export function idleFields({ filters = [], backendRefs = [] }: HttpRouteRule): readonly string[] | undefined {
  const answers = filters.flatMap((filter, index) =>
    filter.type === 'ExtensionRef' && isDirectResponse(filter.extensionRef) ? [index] : [],
  );
  if (answers.length === 0) return undefined;
  const redirects = filters.some(({ type }) => type === 'RequestRedirect');
  const idle = filters.flatMap(({ type }, index) => (WITHOUT_EFFECT.has(type) ? [`filters[${index}]`] : []));
  const answersIdle = (redirects ? answers : answers.slice(1)).map((index) => `filters[${index}]`);
  return [...idle, ...answersIdle, ...(backendRefs.length > 0 ? ['backendRefs'] : [])];
}
