// Builders for the engine's tests and those of its users: requests, routes and a reproducible source of randomness.
import type { ClusterName, Endpoint, ForwardAction, Route, RouteMatch, WeightedCluster } from './config.ts';
import { NO_MUTATION } from './mutation.ts';
import type { Random, RequestView } from './request-view.ts';

/** A small generator with a seed (mulberry32): the same draws in every run. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface RequestParts {
  readonly method?: string;
  readonly authority?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly country?: string;
}

export function makeRequest({
  method = 'GET',
  authority = 'a',
  path = '/',
  headers = {},
  country,
}: RequestParts): RequestView {
  return { method, authority, path, country, header: (name) => headers[name] };
}

export function weighted(cluster: string, weight = 1): WeightedCluster {
  return { cluster: cluster as ClusterName, weight, requestHeaders: NO_MUTATION, responseHeaders: NO_MUTATION };
}

export function forward(...clusters: readonly WeightedCluster[]): ForwardAction {
  return {
    type: 'forward',
    clusters,
    requestHeaders: NO_MUTATION,
    responseHeaders: NO_MUTATION,
    requestTimeoutMs: 0,
    backendRequestTimeoutMs: 0,
    streamIdleTimeoutMs: 0,
    retry: {
      attempts: 0,
      on: [],
      statusCodes: [],
      backoffBaseMs: 25,
      backoffMaxMs: 250,
      budget: { percent: 20, minConcurrent: 3 },
    },
  };
}

export function makeRoute(name: string, match: Partial<RouteMatch>, action = forward(weighted(name))): Route {
  return { name, match: { path: { type: 'prefix', value: '/' }, headers: [], queryParams: [], ...match }, action };
}

export function makeEndpoint(workload: string, parts: Partial<Endpoint> = {}): Endpoint {
  return { workload, address: '127.0.0.1', port: 1, tls: true, version: '', weight: 1, healthy: true, ...parts };
}
