// Whether, when and within which budget a failed attempt of one request is followed by another.
import type { RetryPolicy } from '@malha/traffic/config';
import {
  type AttemptOutcome,
  isIdempotentMethod,
  type RetryBudget,
  retryDecision,
  retryDelayMs,
} from '@malha/traffic/retry';
import type { ForwardEnvironment } from './forward-plan.ts';

export interface RetryFacts {
  /** The body is whole, and nothing of a response has gone out. */
  readonly isReplayable: boolean;
  /** How long the endpoint wants to be left alone. */
  readonly askedMs: number | undefined;
  /** Until the whole request is over. */
  readonly leftMs: number;
}

export class Retries {
  /** Begun so far; a stale connection is no attempt. */
  attempts = 0;
  /** The policy would have retried, but for their number. */
  isExhausted = false;
  private readonly policy: RetryPolicy;
  private readonly budget: RetryBudget;
  private readonly environment: ForwardEnvironment;
  private readonly isIdempotent: boolean;
  private isHeld = false;
  private isStaleRetried = false;

  constructor(policy: RetryPolicy, budget: RetryBudget, method: string, environment: ForwardEnvironment) {
    this.policy = policy;
    this.budget = budget;
    this.environment = environment;
    this.isIdempotent = isIdempotentMethod(method);
  }

  /** The body is worth keeping. */
  get arePossible(): boolean {
    return this.policy.attempts > 0 || this.isIdempotent;
  }

  /** Milliseconds until the next attempt; undefined = there is none. Holds a place in the budget then. */
  delayAfter(outcome: AttemptOutcome, { isReplayable, askedMs, leftMs }: RetryFacts): number | undefined {
    const { policy, attempts, environment } = this;
    if (policy.attempts === 0) return undefined;
    const decision = retryDecision(policy, outcome, attempts, this.isIdempotent, isReplayable);
    if (!decision.retry) {
      if (decision.reason === 'attempts-exhausted') this.isExhausted = true;
      return undefined;
    }
    const delayMs = retryDelayMs(policy, attempts, environment.random, { askedMs, leftMs });
    if (delayMs === undefined) return undefined;
    this.release();
    // Requests of all routes to the cluster count, and each route says what it may take of them.
    this.budget.configure(policy.budget);
    if (!this.budget.tryAcquire()) {
      environment.count('retry-budget-exhausted');
      return undefined;
    }
    this.isHeld = true;
    return decision.backoffFirst ? delayMs : 0;
  }

  /**
   * The peer closed an idle connection just when we used it, or said that it did not look at the request: not a failure
   * of the peer, and not a retry of the policy. Once for each request.
   */
  takeStale(isRefused: boolean): boolean {
    if (this.isStaleRetried || !(isRefused || this.isIdempotent)) return false;
    this.isStaleRetried = true;
    this.attempts--;
    return true;
  }

  /** Gives the place in the budget back. */
  release(): void {
    if (this.isHeld) this.budget.release();
    this.isHeld = false;
  }
}
