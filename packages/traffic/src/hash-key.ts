// What a hashing balancer hashes of a request or connection.
import { cookieOf } from './cohort.ts';
import type { HashKey } from './config.ts';
import { hash32 } from './hash.ts';
import { queryParam } from './query.ts';
import type { RequestView } from './request-view.ts';

/** Stands for a request that has none of the keys: its endpoint is drawn. */
export const NO_HASH = -1;

/** Hash of the first key that the request has, or NO_HASH. `sourceAddress`: of who connected. */
export function requestHash(keys: readonly HashKey[], request: RequestView, sourceAddress: string): number {
  for (const key of keys) {
    const value = keyValue(key, request, sourceAddress);
    if (value !== undefined) return hash32(value);
  }
  return NO_HASH;
}

/** For a connection of bytes, which has no key but its source. */
export function connectionHash(keys: readonly HashKey[] | undefined, sourceAddress: string): number {
  return keys?.some(({ type }) => type === 'source') === true ? hash32(sourceAddress) : NO_HASH;
}

function keyValue(key: HashKey, request: RequestView, sourceAddress: string): string | undefined {
  switch (key.type) {
    case 'header':
      return request.header(key.name);
    case 'cookie':
      return cookieOf(request.header('cookie'), key.name);
    case 'query':
      return queryParam(request.path, key.name);
    case 'source':
      return sourceAddress;
  }
}
