// Which fault a request or connection meets: of those that are for it and still last, drawn by their percentages; clock and
// dice passed in.
import { ConditionMatcher, type ConditionView } from '../condition-matcher.ts';
import type { Random } from '../request-view.ts';
import type { FaultRule } from './rule.ts';

export interface Fault {
  readonly rule: FaultRule;
  /** 0 = none. Comes before anything else. */
  readonly delayMs: number;
  readonly abort: NonNullable<FaultRule['abort']> | undefined;
  readonly isReset: boolean;
  /** Its bytes go no faster than this. */
  readonly bandwidth: NonNullable<FaultRule['bandwidth']> | undefined;
  readonly end: FaultEnd;
}

/** In Unix time: also a proxy that nobody can reach any more ends a fault by its own clock, or by its own counts. */
export interface FaultEnd {
  readonly atMs: number;
}

export interface FaultEnds {
  /** The same object as long as the fault goes on; its time moves when the fault is stopped. */
  endOf(rule: FaultRule): FaultEnd;
}

const MILLION = 1_000_000;

export class FaultInjector {
  readonly #rules: readonly { readonly rule: FaultRule; readonly matcher: ConditionMatcher; readonly end: FaultEnd }[];

  constructor(rules: readonly FaultRule[], ends: FaultEnds) {
    this.#rules = rules.map((rule) => ({
      rule,
      matcher: new ConditionMatcher(rule.condition),
      end: ends.endOf(rule),
    }));
  }

  /** Of the first fault that is for the request: a request that it lets be meets no other. */
  draw(request: ConditionView, nowMs: number, random: Random): Fault | undefined {
    for (const { rule, matcher, end } of this.#rules) {
      if (nowMs >= end.atMs || !matcher.matches(request)) continue;
      const { delay, abort, reset, bandwidth } = rule;
      const isDelayed = delay !== undefined && isDrawn(delay.perMillion, random);
      const isReset = reset !== undefined && isDrawn(reset.perMillion, random);
      const isAborted = !isReset && abort !== undefined && isDrawn(abort.perMillion, random);
      const isAnswered = isReset || isAborted;
      const isSlowed = !isAnswered && bandwidth !== undefined && isDrawn(bandwidth.perMillion, random);
      if (!isDelayed && !isAnswered && !isSlowed) return undefined;
      return {
        ...{ rule, end, isReset, delayMs: isDelayed ? delay.durationMs : 0 },
        abort: isAborted ? abort : undefined,
        bandwidth: isSlowed ? bandwidth : undefined,
      };
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
  readonly #known = new Map<string, Known>();

  constructor(now: () => number) {
    this.#now = now;
  }

  endOf({ id, lastsMs, startedAtMs }: FaultRule): FaultEnd {
    const known = this.#known.get(id);
    if (known !== undefined && known.lastsMs === lastsMs && known.startedAtMs === startedAtMs) return known.end;
    const end = { atMs: (startedAtMs ?? this.#now()) + lastsMs };
    this.#known.set(id, { lastsMs, startedAtMs, end });
    return end;
  }

  /** Before its time, and until it begins anew. False: it had ended. */
  stop(id: string): boolean {
    const end = this.#known.get(id)?.end;
    const nowMs = this.#now();
    if (end === undefined || end.atMs <= nowMs) return false;
    end.atMs = Number.NEGATIVE_INFINITY;
    return true;
  }

  /** Forgets faults that the configuration no longer has, so that one that comes back begins anew. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }
}

interface Known {
  readonly lastsMs: number;
  readonly startedAtMs: number | undefined;
  readonly end: { atMs: number };
}
