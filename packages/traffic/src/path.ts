// Paths of requests: where the query begins, prefixes by path elements, normal form, rewriting.
import type { PathMatch, PathRewrite } from './config.ts';

const SLASH = 47;

/** The path without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** The query with its "?"; empty when there is none. */
export function queryOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? '' : target.slice(query);
}

/** A prefix in the form that `hasPathPrefix` takes: without a trailing slash, the root as "". */
export function prefixKey(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}

/** `/a` is a prefix of `/a` and `/a/b`, not of `/ab`; the root is one of everything. `key` is from `prefixKey`. */
export function hasPathPrefix(path: string, key: string): boolean {
  if (key === '') return true;
  return path.startsWith(key) && (path.length === key.length || path.charCodeAt(key.length) === SLASH);
}

/**
 * The request target after a rewrite, with its query. A prefix is replaced as in the Gateway API's table: slashes at
 * the seam are neither doubled nor lost, and the result always begins with "/".
 */
export function rewritePath(rewrite: PathRewrite, match: PathMatch, target: string): string {
  const query = queryOf(target);
  if (rewrite.type === 'full') return withLeadingSlash(rewrite.value) + query;
  const key = match.type === 'prefix' ? prefixKey(match.value) : '';
  const path = pathOf(target);
  if (!hasPathPrefix(path, key)) return target;
  return withLeadingSlash(prefixKey(rewrite.value) + path.slice(key.length)) + query;
}

function withLeadingSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

/** Whether a path could mean another one to the application than its text says. */
export function needsNormalization(path: string): boolean {
  return path.includes('%') || path.includes('//') || path.includes('/.') || path.includes('\\') || path.includes(';');
}

/**
 * The path as a lenient application may read it: unreserved characters and slashes decoded, `\` as `/`, path
 * parameters dropped, dot segments and repeated slashes removed (RFC 3986 §6.2.2). For decisions only, never sent.
 */
export function normalizePath(path: string): string {
  const decoded = path
    .replace(/;[^/]*/g, '')
    .replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll('\\', '/');
  const out: string[] = [];
  const segments = decoded.split('/');
  for (const segment of segments) {
    if (segment === '..') out.pop();
    else if (segment !== '' && segment !== '.') out.push(segment);
  }
  const last = segments.at(-1);
  const isOpen = last === '' || last === '.' || last === '..';
  return out.length === 0 ? '/' : `/${out.join('/')}${isOpen ? '/' : ''}`;
}

/** `/api/v1` -> `/api` */
export function firstElement(path: string): string {
  const slash = path.indexOf('/', 1);
  return slash === -1 ? path : path.slice(0, slash);
}
