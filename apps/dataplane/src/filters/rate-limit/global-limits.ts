// Limits that a service counts for all proxies: which of them a request falls under, and one question about them for each
// service; while it does not answer, each limit says whether requests pass.

import { ConditionMatcher } from '@malha/traffic/condition-matcher';
import type { ClusterName } from '@malha/traffic/config';
import { descriptorOf } from '@malha/traffic/rate-limit/descriptor';
import type { LimitDecision, LimitedRequest, Quota } from '@malha/traffic/rate-limit/rate-limiter';
import type { GlobalLimit, RateLimitRule } from '@malha/traffic/rate-limit/rule';
import type { ClusterRuntime } from '../../cluster/cluster-runtime.ts';
import { CounterCall, type CounterEnvironment, type CounterStatus } from './rpc/counter-call.ts';

export type GlobalRule = RateLimitRule & { readonly global: GlobalLimit };

export function isGlobal(rule: RateLimitRule): rule is GlobalRule {
  return rule.global !== undefined;
}

/** What all services together say. */
export interface GlobalDecision extends LimitDecision {
  /** A limit that could not be counted, and is to refuse then. */
  readonly failedClosed: RateLimitRule | undefined;
  /** Some limit could not be counted, and let the request pass. */
  readonly hasFailedOpen: boolean;
}

export interface GlobalEnvironment extends CounterEnvironment {
  readonly cluster: (name: ClusterName) => ClusterRuntime | undefined;
}

interface Question {
  readonly cluster: ClusterName;
  readonly rules: GlobalRule[];
}

/** The limits of one port or route. */
export class GlobalLimits {
  private readonly rules: readonly { readonly rule: GlobalRule; readonly matcher: ConditionMatcher }[];
  private readonly environment: GlobalEnvironment;

  constructor(rules: readonly GlobalRule[], environment: GlobalEnvironment) {
    this.rules = rules.map((rule) => ({ rule, matcher: new ConditionMatcher(rule.condition) }));
    this.environment = environment;
  }

  /** Undefined: the request falls under none. `decided` is told once, perhaps within `ask`, unless it is cancelled. */
  question(request: LimitedRequest): GlobalQuestion | undefined {
    const questions: Question[] = [];
    for (const { rule, matcher } of this.rules) {
      if (!matcher.matches(request)) continue;
      const known = questions.find(({ cluster }) => cluster === rule.global.cluster);
      if (known === undefined) questions.push({ cluster: rule.global.cluster, rules: [rule] });
      else known.rules.push(rule);
    }
    if (questions.length === 0) return undefined;
    const asked = questions.map(({ cluster, rules }) => ({
      cluster,
      rules,
      descriptors: rules.map((rule) => descriptorOf(rule, request)),
    }));
    return new GlobalQuestion(asked, this.environment);
  }
}

interface Asked extends Question {
  readonly descriptors: ReturnType<typeof descriptorOf>[];
}

export class GlobalQuestion {
  private readonly asked: readonly Asked[];
  private readonly environment: GlobalEnvironment;
  private readonly calls: CounterCall[] = [];
  private readonly quotas: Quota[] = [];
  private left: number;
  private refusal: { readonly quota: Quota } | undefined;
  private failedClosed: RateLimitRule | undefined;
  private hasFailedOpen = false;

  constructor(asked: readonly Asked[], environment: GlobalEnvironment) {
    this.asked = asked;
    this.environment = environment;
    this.left = asked.length;
  }

  ask(decided: (decision: GlobalDecision) => void): void {
    for (const { cluster, rules, descriptors } of this.asked) {
      const answered = (statuses: readonly CounterStatus[] | undefined) => {
        if (statuses === undefined) this.noAnswer(rules);
        else this.take(rules, statuses);
        this.left -= 1;
        if (this.left === 0) decided(this.decision());
      };
      const runtime = this.environment.cluster(cluster);
      if (runtime === undefined) {
        answered(undefined);
        continue;
      }
      const call = new CounterCall(runtime, descriptors, this.environment, answered);
      this.calls.push(call);
      call.start(Math.min(...rules.map(({ global }) => global.timeoutMs)));
    }
  }

  cancel(): void {
    for (const call of this.calls) call.cancel();
  }

  private noAnswer(rules: readonly GlobalRule[]): void {
    this.failedClosed ??= rules.find(({ global }) => !global.failsOpen);
    if (rules.some(({ global }) => global.failsOpen)) this.hasFailedOpen = true;
  }

  private take(rules: readonly GlobalRule[], statuses: readonly CounterStatus[]): void {
    for (const [index, rule] of rules.entries()) {
      const { isOver, remaining, resetMs } = statuses[index] ?? { isOver: false, remaining: 0, resetMs: 0 };
      const quota = { rule, remaining, resetMs };
      if (isOver) this.refusal ??= { quota };
      else if (rule.announces) this.quotas.push(quota);
    }
  }

  private decision(): GlobalDecision {
    const { refusal, failedClosed, hasFailedOpen } = this;
    if (refusal === undefined)
      return { refusedBy: undefined, waitMs: 0, quotas: this.quotas, failedClosed, hasFailedOpen };
    const { quota } = refusal;
    return { refusedBy: quota.rule, waitMs: quota.resetMs, quotas: [quota], failedClosed, hasFailedOpen };
  }
}
