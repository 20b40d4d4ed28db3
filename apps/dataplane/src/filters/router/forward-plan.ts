// How requests are to be carried to a cluster, and what carrying them needs of the proxy.
import type { Breaker } from '@malha/traffic/breaker';
import type { HeaderMutation, HedgingConfig, RetryPolicy, SessionConfig } from '@malha/traffic/config';
import type { TimerWheel } from '../../exchange/timer-wheel.ts';
import type { OpenStreams } from '../../telemetry/open-streams.ts';
import type { Fallback } from './fallback.ts';

/** How one request is to be carried; shared by all requests of a route. */
export interface ForwardPlan {
  /** 0 = no limit, for all three. */
  readonly requestTimeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly streamIdleTimeoutMs: number;
  /** Absent = no limit. */
  readonly maxDurationMs?: number | undefined;
  readonly retry: RetryPolicy;
  /** Absent = one attempt at a time. */
  readonly hedging?: HedgingConfig | undefined;
  /** Absent = a failure is answered as it is. */
  readonly fallback?: Fallback | undefined;
  /** Who is believed to say how long it waits: the workload itself, or callers with an identity. */
  readonly callers: 'own' | 'peers';
  /** A peer's proxy is told when the application did not serve the request; see `unserved.ts`. */
  readonly tellsUnserved?: boolean;
  /** Of the route alone. */
  readonly breaker?: Breaker | undefined;
  readonly session?: SessionConfig | undefined;
  /** Applied to the response in this order. */
  readonly responseHeaders: readonly HeaderMutation[];
}

export interface ForwardEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  readonly random: () => number;
  /** What the peer's proxy is told of this workload; empty = nothing. */
  readonly introduction: string;
  readonly openStreams: OpenStreams;
  count(
    event:
      | 'breaker-opened'
      | 'breaker-rejected'
      | 'retry-budget-exhausted'
      | 'retry-unsent'
      | 'retry-lost'
      | 'hedge-sent'
      | 'hedge-won'
      | 'fallback-backend'
      | 'fallback-static'
      | 'fallback-last-good'
      | 'fallback-missing'
      | 'request-mirrored'
      | 'mirror-dropped',
  ): void;
}
