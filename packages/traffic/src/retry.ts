// Retries: whether one more attempt may follow, when, and the budget that keeps retries from becoming a storm.
import type { GrpcRetryCondition, RetryBudgetConfig, RetryPolicy } from './config.ts';
import type { Random } from './request-view.ts';

/** How one attempt ended. */
export type AttemptOutcome =
  /** No connection: nothing of the request was sent. */
  | { readonly type: 'connect-failure' }
  /** The peer said that it did not process the request (REFUSED_STREAM, GOAWAY above its last stream). */
  | { readonly type: 'refused-stream' }
  /** The connection or stream broke before the response head. */
  | { readonly type: 'reset' }
  /** The attempt's own timeout passed before the response head. */
  | { readonly type: 'timeout' }
  /** `grpcStatus`: of a call that ended with its head, without a message; 0 or absent for any other. */
  | { readonly type: 'response'; readonly status: number; readonly grpcStatus?: number };

const GRPC_CONDITIONS: ReadonlyMap<number, GrpcRetryCondition> = new Map<number, GrpcRetryCondition>([
  [1, 'cancelled'],
  [4, 'deadline-exceeded'],
  [8, 'resource-exhausted'],
  [13, 'internal'],
  [14, 'unavailable'],
]);

/** Methods that RFC 9110 §9.2.2 defines as idempotent. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function isIdempotentMethod(method: string): boolean {
  return IDEMPOTENT.has(method);
}

export type RetryDecision =
  | { readonly retry: true; readonly backoffFirst: boolean }
  | { readonly retry: false; readonly reason: 'not-retriable' | 'attempts-exhausted' | 'not-replayable' };

const YES: RetryDecision = { retry: true, backoffFirst: true };
/** Another endpoint may be tried at once: the request never reached the first. */
const YES_AT_ONCE: RetryDecision = { retry: true, backoffFirst: false };
const NOT_RETRIABLE: RetryDecision = { retry: false, reason: 'not-retriable' };
const EXHAUSTED: RetryDecision = { retry: false, reason: 'attempts-exhausted' };
const NOT_REPLAYABLE: RetryDecision = { retry: false, reason: 'not-replayable' };

/**
 * `attempt` counts from 1 for the first. `replayable` = the request body is kept whole, or nothing of it was consumed.
 * Conditions under which the request may have been processed (`reset`, `gateway-error`, `5xx`, a timeout) need an
 * idempotent request; what the operator listed by its code (`retriable-status`, a status of gRPC) does not.
 */
export function retryDecision(
  policy: RetryPolicy,
  outcome: AttemptOutcome,
  attempt: number,
  isIdempotent: boolean,
  replayable: boolean,
): RetryDecision {
  if (!isRetriable(policy, outcome, isIdempotent)) return NOT_RETRIABLE;
  if (attempt > policy.attempts) return EXHAUSTED;
  if (!replayable) return NOT_REPLAYABLE;
  const isUntouched = outcome.type === 'connect-failure' || outcome.type === 'refused-stream';
  return isUntouched && attempt === 1 ? YES_AT_ONCE : YES;
}

function isRetriable(policy: RetryPolicy, outcome: AttemptOutcome, isIdempotent: boolean): boolean {
  const { on } = policy;
  switch (outcome.type) {
    case 'connect-failure':
      return on.includes('connect-failure');
    case 'refused-stream':
      return on.includes('refused-stream');
    case 'reset':
      return isIdempotent && on.includes('reset');
    case 'timeout':
      return isIdempotent && (on.includes('gateway-error') || on.includes('5xx'));
    case 'response':
      return isRetriableGrpc(policy, outcome.grpcStatus) || isRetriableStatus(policy, outcome.status, isIdempotent);
  }
}

function isRetriableGrpc({ on }: RetryPolicy, status = 0): boolean {
  const condition = GRPC_CONDITIONS.get(status);
  return condition !== undefined && on.includes(condition);
}

function isRetriableStatus(policy: RetryPolicy, status: number, isIdempotent: boolean): boolean {
  const { on } = policy;
  if (on.includes('retriable-status') && policy.statusCodes.includes(status)) return true;
  if (!isIdempotent || status < 500 || status > 599) return false;
  return on.includes('5xx') || (status >= 502 && status <= 504 && on.includes('gateway-error'));
}

/** Wait before the attempt after `attempt` (1 = the first): full jitter under an exponential bound. */
export function backoffMs(policy: RetryPolicy, attempt: number, random: Random): number {
  const bound = Math.min(policy.backoffMaxMs, policy.backoffBaseMs * 2 ** Math.min(Math.max(attempt - 1, 0), 30));
  return random() * bound;
}

/** Longer than this nobody waits on behalf of a caller, whatever time its request has left. */
export const RETRY_AFTER_MAX_MS = 10_000;

const SECONDS = /^[0-9]{1,6}$/;

/** What a field `Retry-After` asks for; undefined for a date or what is no number of seconds (RFC 9110 §10.2.3). */
export function retryAfterMs(value: string | undefined): number | undefined {
  return value !== undefined && SECONDS.test(value) ? Number(value) * 1000 : undefined;
}

/**
 * The wait before the attempt after `attempt`: the backoff, or longer when the endpoint asked for it. Undefined = it is more
 * than `leftMs`, what the request has left, so that the failure at hand is the best that the caller can get.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  random: Random,
  { askedMs, leftMs }: { readonly askedMs: number | undefined; readonly leftMs: number },
): number | undefined {
  const ownMs = backoffMs(policy, attempt, random);
  if (askedMs === undefined) return ownMs < leftMs ? ownMs : undefined;
  if (askedMs > Math.min(RETRY_AFTER_MAX_MS, leftMs)) return undefined;
  return askedMs + ownMs;
}

/**
 * Retries in flight stay within a share of the requests that are not retried at the moment, and may always be a few. A share of
 * all active ones would count retries into what allows them: 20 % would let through 25 %, at each hop of a call.
 */
export class RetryBudget {
  #config: RetryBudgetConfig;
  #active = 0;
  #retries = 0;

  constructor(config: RetryBudgetConfig) {
    this.#config = config;
  }

  /** Requests in flight. */
  get active(): number {
    return this.#active;
  }

  /** Retries in flight. */
  get retries(): number {
    return this.#retries;
  }

  configure(config: RetryBudgetConfig): void {
    this.#config = config;
  }

  requestStarted(): void {
    this.#active++;
  }

  requestFinished(): void {
    if (this.#active > 0) this.#active--;
  }

  /** Takes a place for one retry; each success needs one `release` when that attempt ended. */
  tryAcquire(): boolean {
    const { minConcurrent, percent } = this.#config;
    const allowed = Math.max(minConcurrent, ((this.#active - this.#retries) * percent) / 100);
    if (this.#retries + 1 > allowed) return false;
    this.#retries++;
    return true;
  }

  /** A place that nobody has to be asked for: it counts all the same, so that the budget is used up as long as it is held. */
  acquireBeyond(): void {
    this.#retries++;
  }

  release(): void {
    if (this.#retries > 0) this.#retries--;
  }
}
