// Whether a request is within the bounds of a port, as far as its head tells.
import type { RequestBounds, RequestKind } from './config.ts';

export interface BoundedRequest {
  readonly kind: RequestKind;
  /** Bytes of its body that are known of; those of a tunnel are none. */
  readonly bytes: number;
}

/** `kind`: it is not among those that are served; `size`: it is too large. Undefined = within. */
export function beyondBounds(
  { kinds, maxBytes }: RequestBounds,
  { kind, bytes }: BoundedRequest,
): 'kind' | 'size' | undefined {
  if (kinds !== undefined && !kinds.includes(kind)) return 'kind';
  return maxBytes !== undefined && kind !== 'websocket' && bytes > maxBytes ? 'size' : undefined;
}
