// The Gateway API's order of precedence, total over all matches of all routes of one parent.
import { prefixKey, type RouteMatch } from '@malha/traffic';
import type { GrpcRank } from './grpc.ts';

export interface RankedMatch {
  readonly match: RouteMatch;
  /** Place of the route in the order of creation. */
  readonly age: number;
  readonly ruleIndex: number;
  readonly matchIndex: number;
  /** Only of a GRPCRoute. Both kinds never meet: one of them has the hosts. */
  readonly grpc?: GrpcRank;
}

/** The Gateway API leaves the place of regular expressions open; here they are between exact paths and prefixes. */
const PATH_RANK = { exact: 0, regex: 1, prefix: 2 } as const;

/** Negative when `a` goes first. Zero only for the same match of the same rule. */
export function comparePrecedence(a: RankedMatch, b: RankedMatch): number {
  return compareMatches(a, b) || a.age - b.age || a.ruleIndex - b.ruleIndex || a.matchIndex - b.matchIndex;
}

function compareMatches(a: RankedMatch, b: RankedMatch): number {
  if (a.grpc !== undefined && b.grpc !== undefined) {
    return (
      b.grpc.serviceLength - a.grpc.serviceLength ||
      b.grpc.methodLength - a.grpc.methodLength ||
      b.match.headers.length - a.match.headers.length
    );
  }
  return (
    PATH_RANK[a.match.path.type] - PATH_RANK[b.match.path.type] ||
    pathLength(b.match) - pathLength(a.match) ||
    Number(b.match.method !== undefined) - Number(a.match.method !== undefined) ||
    b.match.headers.length - a.match.headers.length ||
    b.match.queryParams.length - a.match.queryParams.length
  );
}

/** Characters of the path; a trailing slash of a prefix does not count. An exact path has no rank by length. */
function pathLength({ path }: RouteMatch): number {
  if (path.type === 'exact') return 0;
  return path.type === 'prefix' ? prefixKey(path.value).length : path.value.length;
}

/** Whether every request that `b` matches is matched by `a` too, as far as the texts tell. */
export function covers(a: RouteMatch, b: RouteMatch): boolean {
  if (!coversPath(a, b)) return false;
  if (a.method !== undefined && a.method !== b.method) return false;
  return coversValues(a.headers, b.headers) && coversValues(a.queryParams, b.queryParams);
}

function coversPath(a: RouteMatch, b: RouteMatch): boolean {
  if (a.path.type === b.path.type && a.path.value === b.path.value) return true;
  if (a.path.type !== 'prefix') return false;
  const key = prefixKey(a.path.value);
  if (key === '') return true;
  if (b.path.type === 'regex') return false;
  const other = b.path.type === 'prefix' ? prefixKey(b.path.value) : b.path.value;
  return other === key || other.startsWith(`${key}/`);
}

function coversValues(a: RouteMatch['headers'], b: RouteMatch['headers']): boolean {
  return a.every((x) => b.some((y) => x.name === y.name && x.type === y.type && x.value === y.value));
}
