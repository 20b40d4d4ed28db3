// Rate limits of one proxy: its buckets, who has used up what, and the answer to requests beyond a limit.

import { RequestFlags } from '@malha/traffic/flags';
import { BucketTable } from '@malha/traffic/rate-limit/bucket-table';
import { quotaHeaders } from '@malha/traffic/rate-limit/quota-headers';
import { type LimitDecision, type LimitObserver, RateLimiter } from '@malha/traffic/rate-limit/rate-limiter';
import type { ConnectionLimitRule, RateLimitRule } from '@malha/traffic/rate-limit/rule';
import type { Exchange } from '../../exchange/exchange.ts';
import { ProxyError } from '../../exchange/proxy-error.ts';
import type { Telemetry } from '../../telemetry/record.ts';
import { HeldRequest } from '../held-request.ts';
import {
  type GlobalDecision,
  type GlobalEnvironment,
  GlobalLimits,
  type GlobalQuestion,
  isGlobal,
} from './global-limits.ts';
import { LimitedView } from './limited-view.ts';

export interface LimitsEnvironment extends GlobalEnvironment {
  readonly random: () => number;
  readonly telemetry: Pick<Telemetry, 'counter' | 'protection'>;
}

/**
 * At once or later. Without `refusal` the request may go on; `flags` are what its record says of it then. A client that
 * did not wait is a refusal too.
 */
export type Admitted = (refusal: ProxyError | undefined, flags: number) => void;

type Named = RateLimitRule | ConnectionLimitRule;

/** The limits of one port or route. */
interface Compiled {
  readonly local: RateLimiter;
  readonly global: GlobalLimits | undefined;
}

export class Limits implements LimitObserver {
  private readonly environment: LimitsEnvironment;
  private readonly compiled = new WeakMap<readonly RateLimitRule[], Compiled>();
  /** What telemetry calls each limit: a text that is made for a request is hashed for that request, too. */
  private readonly names = new WeakMap<Named, string>();
  private readonly view = new LimitedView();
  private buckets: BucketTable | undefined;

  constructor(environment: LimitsEnvironment) {
    this.environment = environment;
  }

  /** `place` tells the buckets of a port or route from those of another with the same limits. */
  admit(exchange: Exchange, place: string, rules: readonly RateLimitRule[], admitted: Admitted): void {
    const { local, global } = this.compile(place, rules);
    this.view.show(exchange);
    const decision = local.decide(this.view, this.environment.monotonic());
    // What this proxy refuses by itself costs nothing of what all share.
    const question = decision.refusedBy === undefined ? global?.question(this.view) : undefined;
    this.view.hide();
    const refusal = this.refusalOf(exchange, decision);
    if (question === undefined) admitted(refusal, 0);
    else this.ask(exchange, question, admitted);
  }

  /** Whether one more connection is within the limits of a port of bytes. */
  admitConnection(place: string, rules: readonly ConnectionLimitRule[]): boolean {
    const table = this.table();
    const nowMs = this.environment.monotonic();
    for (const rule of rules) {
      const { isTaken } = table.take(table.hashOf(place, rule.id), nowMs, rule);
      this.limited(rule, !isTaken);
      if (!isTaken) {
        this.environment.telemetry.counter('rate-limited');
        return false;
      }
    }
    return true;
  }

  limited(rule: Named, isRefused: boolean): void {
    let name = this.names.get(rule);
    if (name === undefined) {
      name = protectionName(rule.id);
      this.names.set(rule, name);
    }
    this.environment.telemetry.protection(name, isRefused);
  }

  private compile(place: string, rules: readonly RateLimitRule[]): Compiled {
    const known = this.compiled.get(rules);
    if (known !== undefined) return known;
    const global = rules.filter(isGlobal);
    const local = rules.filter((rule) => !isGlobal(rule));
    const compiled = {
      local: new RateLimiter(place, local, this.table(), this),
      global: global.length === 0 ? undefined : new GlobalLimits(global, this.environment),
    };
    this.compiled.set(rules, compiled);
    return compiled;
  }

  /** The request is held until the services have answered, or their time is up. */
  private ask(exchange: Exchange, question: GlobalQuestion, admitted: Admitted): void {
    const held = new HeldRequest(exchange, (error) => {
      question.cancel();
      admitted(error, 0);
    });
    question.ask((decision) => held.goOn(() => this.decided(exchange, decision, admitted)));
  }

  private decided(exchange: Exchange, decision: GlobalDecision, admitted: Admitted): void {
    const { telemetry } = this.environment;
    for (const { rule } of decision.quotas) this.limited(rule, rule === decision.refusedBy);
    const { failedClosed, hasFailedOpen, refusedBy } = decision;
    const refusal = this.refusalOf(exchange, decision);
    if (refusedBy === undefined && failedClosed !== undefined) {
      telemetry.counter('rate-limit-failed-closed');
      exchange.notes.protection = protectionName(failedClosed.id);
      admitted(new ProxyError('limitUnavailable', failedClosed.id), 0);
      return;
    }
    if (hasFailedOpen) telemetry.counter('rate-limit-failed-open');
    admitted(refusal, hasFailedOpen ? RequestFlags.RLSE : 0);
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
