// One route's match, compiled: path, method, headers, query, country, device, share, in the order of their cost.
import { cohortOf, stickyDraw } from './cohort.ts';
import type { PathMatch, Route, RouteMatch, ShareMatch, ValueMatch } from './config.ts';
import { deviceClassOf } from './device.ts';
import { hasPathPrefix, prefixKey } from './path.ts';
import { compileRegex } from './pattern.ts';
import { queryParam } from './query.ts';
import type { Random, RequestView } from './request-view.ts';

type PathTest = (path: string) => boolean;

interface ValueTest {
  readonly match: ValueMatch;
  readonly test: (value: string) => boolean;
}

/** How one part of a match judged a request; for `explain`. */
export interface MatchCheck {
  readonly part: 'path' | 'method' | 'header' | 'query' | 'country' | 'device' | 'share';
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

  /** `path` is the request's path without query; `random` is asked only where a share is drawn for each request. */
  matches(path: string, request: RequestView, random: Random): boolean {
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
    const { countries, devices, share } = this.#match;
    if (countries !== undefined && !isIn(countries, request.country)) return false;
    if (devices !== undefined && !devices.includes(deviceClassOf(request.header('user-agent')))) return false;
    return share === undefined || isInShare(share, request, random);
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
    const { countries, devices, share } = this.#match;
    if (countries !== undefined) checks.push(countryCheck(countries, request.country));
    if (devices !== undefined) {
      const device = deviceClassOf(request.header('user-agent'));
      const ok = devices.includes(device);
      checks.push({
        part: 'device',
        ok,
        words: `device ${device} ${ok ? 'is' : 'is not'} one of ${devices.join(', ')}`,
      });
    }
    if (share !== undefined) checks.push(shareCheck(share, request));
    return checks;
  }
}

function isIn(countries: readonly string[], country: string | undefined): boolean {
  return country !== undefined && countries.includes(country);
}

function countryCheck(countries: readonly string[], country: string | undefined): MatchCheck {
  const list = countries.join(', ');
  if (country === undefined)
    return { part: 'country', ok: false, words: `the country of the client is not known, so it is not one of ${list}` };
  const ok = isIn(countries, country);
  return { part: 'country', ok, words: `country ${country} ${ok ? 'is' : 'is not'} one of ${list}` };
}

const MILLION = 1_000_000;

function isInShare({ perMillion, cohort }: ShareMatch, request: RequestView, random: Random): boolean {
  const key = cohort === undefined ? undefined : cohortOf(cohort, request);
  return (key === undefined ? random() : stickyDraw(key)) * MILLION < perMillion;
}

/** Without a cohort key it is drawn for each request: told as what it can be, not as what it was. */
function shareCheck({ perMillion, cohort }: ShareMatch, request: RequestView): MatchCheck {
  const percent = `${perMillion / 10_000} %`;
  const key = cohort === undefined ? undefined : cohortOf(cohort, request);
  if (key === undefined)
    return { part: 'share', ok: perMillion > 0, words: `${percent} of the requests are drawn at random` };
  const ok = stickyDraw(key) * MILLION < perMillion;
  return { part: 'share', ok, words: `cohort "${key}" ${ok ? 'is' : 'is not'} in the ${percent}` };
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
