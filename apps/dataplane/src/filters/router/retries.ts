// Whether, when and within which budget a failed attempt of one request is followed by another.
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { RetryPolicy } from '@malha/traffic/config';
import {
  type AttemptOutcome,
  isIdempotentMethod,
  type RetryBudget,
  retryDecision,
  retryDelayMs,
} from '@malha/traffic/retry';
import type { BeyondBudget } from '../../telemetry/record.ts';
import type { ForwardEnvironment } from './forward-plan.ts';

/** Where an attempt was lost. */
export interface Loss {
  /** Undefined: no connection could be made. */
  readonly endpoint: BalancedEndpoint | undefined;
  /** Another attempt can go to an endpoint that was not tried. */
  readonly hasOther: boolean;
}

export interface RetryFacts extends Loss {
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
  /** Those of them that were begun beside others. */
  hedges = 0;
  /** Attempts may be begun beside others. */
  mayHedge = false;
  /** The policy would have retried, but for their number. */
  isExhausted = false;
  /** Why the last attempt that was granted counts in no budget. */
  beyondBudget: BeyondBudget = '';
  private readonly policy: RetryPolicy;
  private readonly budget: RetryBudget;
  private readonly environment: ForwardEnvironment;
  private readonly isIdempotent: boolean;
  /** Places in the budget. */
  private held = 0;
  private isStaleRetried = false;

  constructor(policy: RetryPolicy, budget: RetryBudget, method: string, environment: ForwardEnvironment) {
    this.policy = policy;
    this.budget = budget;
    this.environment = environment;
    this.isIdempotent = isIdempotentMethod(method);
  }

  /** The body is worth keeping. */
  get arePossible(): boolean {
    return this.policy.attempts > 0 || this.isIdempotent || this.mayHedge;
  }

  /** Milliseconds until the next attempt; undefined = there is none. Holds a place in the budget then. */
  delayAfter(outcome: AttemptOutcome, facts: RetryFacts): number | undefined {
    const { policy, environment } = this;
    const { isReplayable, askedMs, leftMs } = facts;
    const attempts = this.attempts - this.hedges;
    if (policy.attempts === 0) return undefined;
    const decision = retryDecision(policy, outcome, attempts, this.isIdempotent, isReplayable);
    if (!decision.retry) {
      if (decision.reason === 'attempts-exhausted') this.isExhausted = true;
      return undefined;
    }
    const delayMs = retryDelayMs(policy, attempts, environment.random, { askedMs, leftMs });
    if (delayMs === undefined) return undefined;
    // The attempt that failed gives its place back.
    this.release();
    return this.mayFollow(outcome, facts) ? (decision.backoffFirst ? delayMs : 0) : undefined;
  }

  /** One more attempt beside the others; holds a place in the budget then. */
  takeHedge(): boolean {
    if (!this.mayHedge) return false;
    if (!this.tryBudget()) {
      this.environment.count('retry-budget-exhausted');
      return false;
    }
    this.hedges++;
    return true;
  }

  /**
   * The peer closed an idle connection just when we used it, or said that it did not look at the request: not a failure
   * of the peer, and not a retry of the policy. Once for each request; unless it was refused, the peer may have worked on it.
   */
  takeStale(isRefused: boolean, endpoint: BalancedEndpoint | undefined): boolean {
    if (this.isStaleRetried || !(isRefused || this.isIdempotent)) return false;
    if (!(isRefused || this.tryBudget() || this.tryLosses(endpoint))) return false;
    this.isStaleRetried = true;
    this.attempts--;
    return true;
  }

  /** Gives the places in the budget back. */
  release(): void {
    for (; this.held > 0; this.held--) this.budget.release();
  }

  /**
   * What never left is no more load for anybody: it needs no place in the budget. What an endpoint took with it has one beyond
   * the budget, as far as such losses are allowed.
   */
  private mayFollow({ type }: AttemptOutcome, { endpoint, hasOther }: Loss): boolean {
    this.beyondBudget = '';
    if (type === 'connect-failure' && hasOther) {
      this.beyondBudget = 'unsent';
      this.environment.count('retry-unsent');
      return true;
    }
    if (this.tryBudget() || (type === 'reset' && hasOther && this.tryLosses(endpoint))) return true;
    this.environment.count('retry-budget-exhausted');
    return false;
  }

  private tryBudget(): boolean {
    // Requests of all routes to the cluster count, and each route says what it may take of them.
    this.budget.configure(this.policy.budget);
    if (!this.budget.tryAcquire()) return false;
    this.held++;
    return true;
  }

  private tryLosses(endpoint: BalancedEndpoint | undefined): boolean {
    if (endpoint === undefined || !endpoint.losses.tryTake(endpoint.active)) return false;
    this.environment.count('retry-lost');
    this.beyondBudget = 'lost';
    this.budget.acquireBeyond();
    this.held++;
    return true;
  }
}
