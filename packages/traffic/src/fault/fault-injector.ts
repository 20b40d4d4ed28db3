// Which fault a request meets: of those that are for it and still last, drawn by their percentages; clock and dice passed in.
import { ConditionMatcher, type ConditionView } from '../condition-matcher.ts';
import type { Random } from '../request-view.ts';
import type { FaultRule } from './rule.ts';

export interface Fault {
  readonly rule: FaultRule;
  /** 0 = none. Comes before anything else. */
  readonly delayMs: number;
  readonly abort: NonNullable<FaultRule['abort']> | undefined;
  readonly isReset: boolean;
}

/** When a fault ends, in Unix time: also a proxy that nobody can reach any more ends it by its own clock. */
export interface FaultEnds {
  endOf(rule: FaultRule): number;
}

const MILLION = 1_000_000;

export class FaultInjector {
  readonly #rules: readonly { readonly rule: FaultRule; readonly matcher: ConditionMatcher; readonly endsMs: number }[];

  constructor(rules: readonly FaultRule[], ends: FaultEnds) {
    this.#rules = rules.map((rule) => ({
      rule,
      matcher: new ConditionMatcher(rule.condition),
      endsMs: ends.endOf(rule),
    }));
  }

  /** Of the first fault that is for the request: a request that it lets be meets no other. */
  draw(request: ConditionView, nowMs: number, random: Random): Fault | undefined {
    for (const { rule, matcher, endsMs } of this.#rules) {
      if (nowMs >= endsMs || !matcher.matches(request)) continue;
      const { delay, abort, reset } = rule;
      const isDelayed = delay !== undefined && isDrawn(delay.perMillion, random);
      const isReset = reset !== undefined && isDrawn(reset.perMillion, random);
      const isAborted = !isReset && abort !== undefined && isDrawn(abort.perMillion, random);
      if (!isDelayed && !isReset && !isAborted) return undefined;
      return { rule, delayMs: isDelayed ? delay.durationMs : 0, abort: isAborted ? abort : undefined, isReset };
    }
    return undefined;
  }
}

function isDrawn(perMillion: number, random: Random): boolean {
  return random() * MILLION < perMillion;
}

/** Ends of faults that say when they began, and of others from when this proxy first had them. */
export class FaultClock implements FaultEnds {
  readonly #now: () => number;
  readonly #seen = new Map<string, { readonly lastsMs: number; readonly endsMs: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  endOf({ id, lastsMs, startedAtMs }: FaultRule): number {
    if (startedAtMs !== undefined) return startedAtMs + lastsMs;
    const known = this.#seen.get(id);
    if (known !== undefined && known.lastsMs === lastsMs) return known.endsMs;
    const endsMs = this.#now() + lastsMs;
    this.#seen.set(id, { lastsMs, endsMs });
    return endsMs;
  }

  /** Forgets faults that the configuration no longer has, so that one that comes back begins anew. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id);
  }
}
