// Rate limits of one proxy: its buckets, who has used up what, and the answer to requests beyond a limit.
import { BucketTable } from '@malha/traffic/rate-limit/bucket-table';
import { quotaHeaders } from '@malha/traffic/rate-limit/quota-headers';
import { type LimitDecision, type LimitObserver, RateLimiter } from '@malha/traffic/rate-limit/rate-limiter';
import type { ConnectionLimitRule, RateLimitRule } from '@malha/traffic/rate-limit/rule';
import type { Exchange } from '../../exchange/exchange.ts';
import { ProxyError } from '../../exchange/proxy-error.ts';
import type { Telemetry } from '../../telemetry/record.ts';
import { LimitedView } from './limited-view.ts';

export interface LimitsEnvironment {
  readonly monotonic: () => number;
  readonly random: () => number;
  readonly telemetry: Pick<Telemetry, 'counter' | 'protection'>;
}

/** Undefined: the request may go on. At once or later; `clientGone` when the client did not wait. */
export type Admitted = (refusal: ProxyError | undefined) => void;

export class Limits implements LimitObserver {
  private readonly environment: LimitsEnvironment;
  private readonly limiters = new WeakMap<readonly RateLimitRule[], RateLimiter>();
  private readonly view = new LimitedView();
  private buckets: BucketTable | undefined;

  constructor(environment: LimitsEnvironment) {
    this.environment = environment;
  }

  /** `place` tells the buckets of a port or route from those of another with the same limits. */
  admit(exchange: Exchange, place: string, rules: readonly RateLimitRule[], admitted: Admitted): void {
    const decision = this.decide(exchange, place, rules);
    admitted(this.refusalOf(exchange, decision));
  }

  /** Whether one more connection is within the limits of a port of bytes. */
  admitConnection(place: string, rules: readonly ConnectionLimitRule[]): boolean {
    const table = this.table();
    const nowMs = this.environment.monotonic();
    for (const rule of rules) {
      const { isTaken } = table.take(table.hashOf(place, rule.id), nowMs, rule);
      this.limited(rule.id, !isTaken);
      if (!isTaken) {
        this.environment.telemetry.counter('rate-limited');
        return false;
      }
    }
    return true;
  }

  limited(id: string, isRefused: boolean): void {
    this.environment.telemetry.protection(protectionName(id), isRefused);
  }

  private decide(exchange: Exchange, place: string, rules: readonly RateLimitRule[]): LimitDecision {
    let limiter = this.limiters.get(rules);
    if (limiter === undefined) {
      limiter = new RateLimiter(place, rules, this.table(), this);
      this.limiters.set(rules, limiter);
    }
    this.view.show(exchange);
    const decision = limiter.decide(this.view, this.environment.monotonic());
    this.view.hide();
    return decision;
  }

  private refusalOf(exchange: Exchange, decision: LimitDecision): ProxyError | undefined {
    const headers = quotaHeaders(decision);
    if (headers.length > 0) exchange.addedHeaders = [...(exchange.addedHeaders ?? []), ...headers];
    if (decision.refusedBy === undefined) return undefined;
    const { id } = decision.refusedBy;
    exchange.notes.protection = protectionName(id);
    this.environment.telemetry.counter('rate-limited');
    return new ProxyError('rateLimited', id);
  }

  /** Only proxies with limits pay for its memory. */
  private table(): BucketTable {
    this.buckets ??= BucketTable.create(this.environment.random);
    return this.buckets;
  }
}

function protectionName(id: string): string {
  return `RateLimit ${id}`;
}
