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
  limited(id: string, isRefused: boolean): void;
}

const PASSES: LimitDecision = { refusedBy: undefined, waitMs: 0, quotas: [] };

interface CompiledRule {
  readonly rule: RateLimitRule;
  readonly matcher: ConditionMatcher;
}

export class RateLimiter {
  readonly #place: string;
  readonly #rules: readonly CompiledRule[];
  readonly #table: BucketTable;
  readonly #observer: LimitObserver | undefined;
  readonly #hashes: KeyHash[];

  /** `place`: what tells the buckets of this port or route from those of another. */
  constructor(place: string, rules: readonly RateLimitRule[], table: BucketTable, observer?: LimitObserver) {
    this.#place = place;
    this.#rules = rules.map((rule) => ({ rule, matcher: new ConditionMatcher(rule.condition) }));
    this.#table = table;
    this.#observer = observer;
    this.#hashes = rules.map(() => ({ high: 0, low: 0 }));
  }

  decide(request: LimitedRequest, nowMs: number): LimitDecision {
    let quotas: Quota[] | undefined;
    for (const [index, { rule, matcher }] of this.#rules.entries()) {
      if (!matcher.matches(request)) continue;
      const answer = this.#table.take(this.#hashOf(index, rule, request), nowMs, rule);
      const quota = { rule, remaining: answer.remaining, resetMs: Math.max(0, answer.fullAtMs - nowMs) };
      this.#observer?.limited(rule.id, !answer.isTaken);
      if (!answer.isTaken) {
        this.#giveBackBefore(index, request);
        return { refusedBy: rule, waitMs: answer.waitMs, quotas: [quota] };
      }
      if (!rule.announces) continue;
      quotas ??= [];
      quotas.push(quota);
    }
    return quotas === undefined ? PASSES : { refusedBy: undefined, waitMs: 0, quotas };
  }

  /** A refused request must not cost anything of the limits that would have let it pass. */
  #giveBackBefore(end: number, request: LimitedRequest): void {
    for (const [index, { rule, matcher }] of this.#rules.entries()) {
      if (index >= end) return;
      if (matcher.matches(request)) this.#table.giveBack(this.#hashOf(index, rule, request), rule);
    }
  }

  #hashOf(index: number, { id, keys }: RateLimitRule, request: LimitedRequest): KeyHash {
    const hash = this.#hashes[index] ?? { high: 0, low: 0 };
    this.#table.begin(hash);
    mix(hash, this.#place);
    mix(hash, id);
    for (const key of keys) mix(hash, limitKeyValue(key, request));
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
