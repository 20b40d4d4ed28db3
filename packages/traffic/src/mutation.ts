// What an action changes: headers, the target and host of a rewrite, the Location of a redirect.
import type { HeaderMutation, PathMatch, RedirectAction } from './config.ts';
import { rewritePath } from './path.ts';

/** The part of a header block that mutations need; names are lower case. */
export interface MutableHeaders {
  /** Replaces all values. */
  set(name: string, value: string): void;
  /** Appends one more value. */
  add(name: string, value: string): void;
  remove(name: string): void;
}

export const NO_MUTATION: HeaderMutation = Object.freeze({ set: [], add: [], remove: [] });

export function isEmptyMutation(mutation: HeaderMutation): boolean {
  return mutation.set.length === 0 && mutation.add.length === 0 && mutation.remove.length === 0;
}

/** In the order set, add, remove. */
export function applyHeaderMutation(mutation: HeaderMutation, headers: MutableHeaders): void {
  for (const { name, value } of mutation.set) headers.set(name, value);
  for (const { name, value } of mutation.add) headers.add(name, value);
  for (const name of mutation.remove) headers.remove(name);
}

export interface RedirectedRequest {
  readonly scheme: 'http' | 'https';
  /** Host with port when it has one. */
  readonly authority: string;
  /** Path and query as sent. */
  readonly path: string;
}

/** Location of a redirect. A given scheme implies its own port; else the port of the request stays. */
export function redirectLocation(action: RedirectAction, match: PathMatch, request: RedirectedRequest): string {
  const scheme = action.scheme ?? request.scheme;
  const { host, port } = splitAuthority(request.authority);
  const wanted = action.port ?? (action.scheme === undefined ? port : undefined);
  const isUsual = wanted === undefined || (scheme === 'http' ? wanted === 80 : wanted === 443);
  const path = action.path === undefined ? request.path : rewritePath(action.path, match, request.path);
  return `${scheme}://${action.host ?? host}${isUsual ? '' : `:${wanted}`}${path}`;
}

/** Host and port of an authority; IPv6 addresses keep their brackets. */
export function splitAuthority(authority: string): { host: string; port: number | undefined } {
  const colon = authority.lastIndexOf(':');
  if (colon === -1 || authority.endsWith(']')) return { host: authority, port: undefined };
  const digits = authority.slice(colon + 1);
  const host = authority.slice(0, colon);
  return { host, port: /^[0-9]{1,5}$/.test(digits) ? Number(digits) : undefined };
}
