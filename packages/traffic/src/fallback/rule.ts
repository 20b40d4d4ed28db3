// What is answered where a route's own answer fails.
import type { ClusterName } from '../cluster-name.ts';

/**
 * `5xx`, `gateway-error` (502, 503, 504): what the backend answered, after all attempts. `unavailable`: there was no answer, as
 * nobody could be asked or the connection broke. `timeout`: it did not come in time.
 */
export type FallbackCondition = '5xx' | 'gateway-error' | 'unavailable' | 'timeout';

export interface FallbackConfig {
  readonly on: readonly FallbackCondition[];
  readonly to: FallbackTarget;
}

export type FallbackTarget =
  | { readonly type: 'backend'; readonly cluster: ClusterName }
  | StaticAnswer
  | ({ readonly type: 'last-good' } & LastGoodBounds);

export interface StaticAnswer {
  readonly type: 'static';
  readonly status: number;
  readonly body: string;
  /** Names are lower case. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** Of all answers that are kept for one route. */
export interface LastGoodBounds {
  readonly maxAgeMs: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Response header that says what a client was given instead. */
export const FALLBACK_HEADER = 'malha-fallback';
