// Rate limits as a proxy gets them: which requests they count, by which key, and how many they let through.
import type { ClusterName } from '../cluster-name.ts';
import type { RequestCondition } from '../request-condition.ts';
import type { BucketShape } from './token-bucket.ts';

/** What gives a request a bucket of its own; a request without the value shares one bucket with its like. */
export type LimitKey =
  | { readonly type: 'identity' }
  | { readonly type: 'address' }
  | { readonly type: 'path' }
  /** Lower-case name. */
  | { readonly type: 'header'; readonly name: string };

export interface RateLimitRule extends BucketShape {
  /** `<namespace>/<policy>/<limit>` */
  readonly id: string;
  readonly condition: RequestCondition;
  /** None: all requests share one bucket. */
  readonly keys: readonly LimitKey[];
  /** The answers to requests that pass say what is left, too. */
  readonly announces: boolean;
  /** Counted by a service for all proxies; absent = counted by each proxy for itself. */
  readonly global?: GlobalLimit;
}

export interface GlobalLimit {
  /** Of the service that counts; it speaks envoy.service.ratelimit.v3. */
  readonly cluster: ClusterName;
  readonly timeoutMs: number;
  /** Whether requests pass while it does not answer. */
  readonly failsOpen: boolean;
}

/** New connections of a port of bytes. */
export interface ConnectionLimitRule extends BucketShape {
  readonly id: string;
}
