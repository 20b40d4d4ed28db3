// Finding the first route of a virtual host that matches: by trying all, or by an index over paths when there are many.
import type { Route } from './config.ts';
import { firstElement, prefixKey } from './path.ts';
import type { Random, RequestView } from './request-view.ts';
import type { RouteMatcher } from './route-matcher.ts';

/** A route at its place in the order of precedence. */
export interface RankedRoute {
  readonly rank: number;
  readonly route: Route;
  readonly matcher: RouteMatcher;
}

export interface RouteFinder<R extends RankedRoute> {
  /** The first match in order of rank. `path` has no query. */
  find(path: string, request: RequestView, random: Random): R | undefined;
}

/** From here on the index costs less than trying all. */
const INDEX_FROM_ROUTES = 8;

export function createFinder<R extends RankedRoute>(routes: readonly R[]): RouteFinder<R> {
  return routes.length < INDEX_FROM_ROUTES ? new LinearFinder(routes) : new IndexedFinder(routes);
}

export class LinearFinder<R extends RankedRoute> implements RouteFinder<R> {
  readonly #routes: readonly R[];

  constructor(routes: readonly R[]) {
    this.#routes = routes;
  }

  find(path: string, request: RequestView, random: Random): R | undefined {
    for (const candidate of this.#routes) if (candidate.matcher.matches(path, request, random)) return candidate;
    return undefined;
  }
}

/** Only three short lists can match a path: exact routes of it, prefixes of its first element, and the rest. */
export class IndexedFinder<R extends RankedRoute> implements RouteFinder<R> {
  readonly #exact = new Map<string, R[]>();
  readonly #byElement = new Map<string, R[]>();
  readonly #rest: R[] = [];

  constructor(routes: readonly R[]) {
    for (const candidate of routes) {
      const { type, value } = candidate.route.match.path;
      const key = prefixKey(value);
      if (type === 'exact') append(this.#exact, value, candidate);
      else if (type === 'prefix' && key !== '') append(this.#byElement, firstElement(key), candidate);
      else this.#rest.push(candidate);
    }
  }

  find(path: string, request: RequestView, random: Random): R | undefined {
    const exact = this.#exact.get(path);
    const byElement = this.#byElement.get(firstElement(path));
    const rest = this.#rest;
    let e = 0;
    let b = 0;
    let r = 0;
    for (;;) {
      const x = exact?.[e];
      const y = byElement?.[b];
      let candidate = rest[r];
      if (x !== undefined && (candidate === undefined || x.rank < candidate.rank)) candidate = x;
      if (y !== undefined && (candidate === undefined || y.rank < candidate.rank)) candidate = y;
      if (candidate === undefined || candidate.matcher.matches(path, request, random)) return candidate;
      if (candidate === x) e++;
      else if (candidate === y) b++;
      else r++;
    }
  }
}

function append<R>(map: Map<string, R[]>, key: string, item: R): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else list.push(item);
}
