// One route's match, compiled: path, method, headers, query, in the order of their cost.
import type { PathMatch, Route, RouteMatch, ValueMatch } from './config.ts';
import { hasPathPrefix, prefixKey } from './path.ts';
import { compileRegex } from './pattern.ts';
import { queryParam } from './query.ts';
import type { RequestView } from './request-view.ts';

type PathTest = (path: string) => boolean;

interface ValueTest {
  readonly match: ValueMatch;
  readonly test: (value: string) => boolean;
}

/** How one part of a match judged a request; for `explain`. */
export interface MatchCheck {
  readonly part: 'path' | 'method' | 'header' | 'query';
  readonly ok: boolean;
  readonly words: string;
}

export class RouteMatcher {
  readonly #path: PathTest | undefined;
  readonly #method: string | undefined;
  readonly #headers: readonly ValueTest[];
  readonly #queryParams: readonly ValueTest[];
  readonly #match: RouteMatch;

  constructor(route: Route) {
    const { match } = route;
    this.#match = match;
    this.#path = compilePath(match.path);
    this.#method = match.method;
    this.#headers = match.headers.map(compileValue);
    this.#queryParams = match.queryParams.map(compileValue);
  }

  /** `path` is the request's path without query. */
  matches(path: string, request: RequestView): boolean {
    if (this.#path !== undefined && !this.#path(path)) return false;
    if (this.#method !== undefined && this.#method !== request.method) return false;
    for (const { match, test } of this.#headers) {
      const value = request.header(match.name);
      if (value === undefined || !test(value)) return false;
    }
    for (const { match, test } of this.#queryParams) {
      const value = queryParam(request.path, match.name);
      if (value === undefined || !test(value)) return false;
    }
    return true;
  }

  /** Every part with its verdict, also after the first that fails. */
  check(path: string, request: RequestView): MatchCheck[] {
    const checks: MatchCheck[] = [pathCheck(this.#match.path, path, this.#path?.(path) ?? true)];
    if (this.#method !== undefined) {
      const ok = this.#method === request.method;
      checks.push({ part: 'method', ok, words: `method ${request.method} ${ok ? 'is' : 'is not'} ${this.#method}` });
    }
    for (const test of this.#headers) checks.push(valueCheck('header', test, request.header(test.match.name)));
    for (const test of this.#queryParams)
      checks.push(valueCheck('query', test, queryParam(request.path, test.match.name)));
    return checks;
  }
}

function compilePath(match: PathMatch): PathTest | undefined {
  switch (match.type) {
    case 'exact':
      return (path) => path === match.value;
    case 'regex':
      return compileRegex(match.value);
    case 'prefix': {
      const key = prefixKey(match.value);
      return key === '' ? undefined : (path) => hasPathPrefix(path, key);
    }
  }
}

function compileValue(match: ValueMatch): ValueTest {
  return { match, test: match.type === 'regex' ? compileRegex(match.value) : (value) => value === match.value };
}

function pathCheck(match: PathMatch, path: string, ok: boolean): MatchCheck {
  const verb = { exact: 'equal', prefix: 'begin with', regex: 'match' }[match.type];
  const yes = { exact: 'equals', prefix: 'begins with', regex: 'matches' }[match.type];
  return { part: 'path', ok, words: `path ${path} ${ok ? yes : `does not ${verb}`} ${match.value}` };
}

function valueCheck(part: 'header' | 'query', { match, test }: ValueTest, value: string | undefined): MatchCheck {
  const name = part === 'header' ? `header ${match.name}` : `query parameter ${match.name}`;
  if (value === undefined) return { part, ok: false, words: `${name} is absent` };
  const ok = test(value);
  if (match.type !== 'regex') return { part, ok, words: `${name} is "${value}"${ok ? '' : `, not "${match.value}"`}` };
  return { part, ok, words: `${name} is "${value}" and ${ok ? 'matches' : 'does not match'} "${match.value}"` };
}
