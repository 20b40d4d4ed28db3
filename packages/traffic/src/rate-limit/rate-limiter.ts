// Local rate limits of one place (a port, a route): every limit that a request falls under must have a token for it.

import { ConditionMatcher, type ConditionView } from '../condition-matcher.ts';
import { pathOf } from '../path.ts';
import { type BucketTable, type KeyHash, mix } from './bucket-table.ts';
import type { LimitKey, RateLimitRule } from './rule.ts';

export interface LimitedRequest extends ConditionView {
  readonly sourceIp: string;
}

/** What is left of one limit for the request's key. */
export interface Quota {
  readonly rule: RateLimitRule;
  readonly remaining: number;
  /** Until the bucket is full again. */
  readonly resetMs: number;
}

export interface LimitDecision {
  /** The limit that refused; undefined: the request passes. */
  readonly refusedBy: RateLimitRule | undefined;
  /** Until the limit that refused has a token. */
  readonly waitMs: number;
  /** Of limits that announce themselves, and of the one that refused. */
  readonly quotas: readonly Quota[];
}

/** Told of every limit that a request falls under. */
export interface LimitObserver {
  limited(rule: RateLimitRule, isRefused: boolean): void;
}

const PASSES: LimitDecision = { refusedBy: undefined, waitMs: 0, quotas: [] };

interface CompiledRule {
  readonly rule: RateLimitRule;
  readonly matcher: ConditionMatcher;
  /** Of the place and the limit, before any key. */
  readonly prefix: Readonly<KeyHash>;
}

export class RateLimiter {
  readonly #rules: readonly CompiledRule[];
  readonly #table: BucketTable;
  readonly #observer: LimitObserver | undefined;
  /** Of the limit that is looked at. */
  readonly #hash: KeyHash = { high: 0, low: 0 };

  /** `place`: what tells the buckets of this port or route from those of another. */
  constructor(place: string, rules: readonly RateLimitRule[], table: BucketTable, observer?: LimitObserver) {
    this.#rules = rules.map((rule) => {
      const prefix = table.hashOf(place, rule.id);
      return { rule, matcher: new ConditionMatcher(rule.condition), prefix };
    });
    this.#table = table;
    this.#observer = observer;
  }

  decide(request: LimitedRequest, nowMs: number): LimitDecision {
    let quotas: Quota[] | undefined;
    for (const compiled of this.#rules) {
      const { rule, matcher } = compiled;
      if (!matcher.matches(request)) continue;
      const answer = this.#table.take(this.#hashOf(compiled, request), nowMs, rule);
      this.#observer?.limited(rule, !answer.isTaken);
      if (answer.isTaken && !rule.announces) continue;
      const quota = { rule, remaining: answer.remaining, resetMs: Math.max(0, answer.fullAtMs - nowMs) };
      if (!answer.isTaken) {
        this.#giveBackBefore(compiled, request);
        return { refusedBy: rule, waitMs: answer.waitMs, quotas: [quota] };
      }
      quotas ??= [];
      quotas.push(quota);
    }
    return quotas === undefined ? PASSES : { refusedBy: undefined, waitMs: 0, quotas };
  }

  /** A refused request must not cost anything of the limits that would have let it pass. */
  #giveBackBefore(end: CompiledRule, request: LimitedRequest): void {
    for (const compiled of this.#rules) {
      if (compiled === end) return;
      const { rule, matcher } = compiled;
      if (matcher.matches(request)) this.#table.giveBack(this.#hashOf(compiled, request), rule);
    }
  }

  #hashOf({ prefix, rule }: CompiledRule, request: LimitedRequest): KeyHash {
    const hash = this.#hash;
    hash.high = prefix.high;
    hash.low = prefix.low;
    for (const key of rule.keys) mix(hash, limitKeyValue(key, request));
    return hash;
  }
}

/** The value of a key, empty without one; limits of several proxies that agree on it count together. */
export function limitKeyValue(key: LimitKey, request: LimitedRequest): string {
  switch (key.type) {
    case 'identity':
      return request.principal ?? '';
    case 'address':
      return request.sourceIp;
    case 'path':
      return pathOf(request.path);
    case 'header':
      return request.header(key.name) ?? '';
  }
}
