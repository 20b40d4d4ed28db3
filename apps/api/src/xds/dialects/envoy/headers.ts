// Header mutations in Envoy's terms: values are formats there, and a backend's mutations come before those of its route.
import { type HeaderMutation, isEmptyMutation, NO_MUTATION, type Route, type WeightedCluster } from '@malha/traffic';
import { requestHeaders as plainRequestHeaders, responseHeaders as plainResponseHeaders } from '../shared/headers.ts';

export function requestHeaders(mutation: HeaderMutation) {
  return plainRequestHeaders(literal(mutation));
}

export function responseHeaders(mutation: HeaderMutation) {
  return plainResponseHeaders(literal(mutation));
}

/** In a value `%` begins a command. */
function literal(mutation: HeaderMutation): HeaderMutation {
  const escaped = (headers: HeaderMutation['set']) =>
    headers.map(({ name, value }) => ({ name, value: value.replaceAll('%', '%%') }));
  return { set: escaped(mutation.set), add: escaped(mutation.add), remove: mutation.remove };
}

/** Where a backend changes headers, the changes of the route are made part of each backend's, in the right order. */
export function withHeadersInOrder(route: Route): Route {
  const { action } = route;
  if (action.type !== 'forward' || action.clusters.every(isUnchanged)) return route;
  const clusters = action.clusters.map((weighted) => ({
    ...weighted,
    requestHeaders: inTurn(action.requestHeaders, weighted.requestHeaders),
    responseHeaders: inTurn(action.responseHeaders, weighted.responseHeaders),
  }));
  return { ...route, action: { ...action, clusters, requestHeaders: NO_MUTATION, responseHeaders: NO_MUTATION } };
}

function isUnchanged({ requestHeaders, responseHeaders }: WeightedCluster): boolean {
  return isEmptyMutation(requestHeaders) && isEmptyMutation(responseHeaders);
}

/** One mutation with the effect of two, for a proxy that removes first, then sets, then adds. */
function inTurn(first: HeaderMutation, second: HeaderMutation): HeaderMutation {
  const undone = new Set([...second.set.map(({ name }) => name), ...second.remove]);
  const kept = (headers: HeaderMutation['set']) => headers.filter(({ name }) => !undone.has(name));
  return {
    set: [...kept(first.set), ...second.set],
    add: [...kept(first.add), ...second.add],
    remove: [...first.remove, ...second.remove],
  };
}
