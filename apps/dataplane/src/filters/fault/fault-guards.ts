// Stops faults by this proxy's own counts: of the calls that a fault is for and left alone, and of what the workload answers
// to its own callers. Works without the control plane.
import type { FaultRule } from '@malha/traffic/fault/rule';
import { StopWatch } from '@malha/traffic/fault/stop-watch';
import { RequestFlags } from '@malha/traffic/flags';
import { isFailedRequest } from '@malha/traffic/request-failure';
import type { RequestRecord } from '../../telemetry/record.ts';

/** A fault and the name of a route that has it; empty for connections of bytes, which have no outcome to count. */
export interface PlacedFault {
  readonly route: string;
  readonly rule: FaultRule;
}

interface Guard {
  readonly rule: FaultRule;
  readonly ofService: StopWatch | undefined;
  readonly ofCaller: StopWatch | undefined;
}

export class FaultGuards {
  private readonly stop: (id: string) => void;
  private readonly monotonic: () => number;
  private byId = new Map<string, Guard>();
  private byRoute = new Map<string, Guard[]>();

  /** `stop` is told once of each fault whose bound was passed. */
  constructor(stop: (id: string) => void, monotonic: () => number) {
    this.stop = stop;
    this.monotonic = monotonic;
  }

  /** Those of a new configuration; what was counted of a fault that goes on is kept. */
  follow(placed: readonly PlacedFault[]): void {
    const before = this.byId;
    this.byId = new Map();
    this.byRoute = new Map();
    for (const { route, rule } of placed) {
      if (rule.stop === undefined) continue;
      let guard = this.byId.get(rule.id);
      if (guard === undefined) {
        const known = before.get(rule.id);
        guard = known !== undefined && isSame(known.rule, rule) ? known : guardOf(rule);
        this.byId.set(rule.id, guard);
      }
      const guards = this.byRoute.get(route);
      if (guards === undefined) this.byRoute.set(route, [guard]);
      else if (!guards.includes(guard)) guards.push(guard);
    }
  }

  /** Every request that ended, of both sides of the proxy. */
  observe(record: RequestRecord): void {
    if (this.byId.size === 0 || record.isProgress || record.attempt !== undefined) return;
    if (record.reporter === 'destination') this.count(this.byId.values(), 'ofCaller', record);
    // What the fault did to a request says nothing of the service.
    else if ((record.flags & RequestFlags.FI) === 0)
      this.count(this.byRoute.get(record.route) ?? [], 'ofService', record);
  }

  private count(guards: Iterable<Guard>, whose: 'ofService' | 'ofCaller', record: RequestRecord): void {
    const isFailure = isFailedRequest(record);
    const nowMs = this.monotonic();
    for (const guard of guards) if (guard[whose]?.count(isFailure, nowMs) === true) this.stop(guard.rule.id);
  }
}

function guardOf(rule: FaultRule): Guard {
  const { stop } = rule;
  return {
    rule,
    ofService: stop?.ofService === true ? new StopWatch(stop) : undefined,
    ofCaller: stop?.ofCallers === true ? new StopWatch(stop) : undefined,
  };
}

/** A fault that begins anew is counted anew. */
function isSame(one: FaultRule, other: FaultRule): boolean {
  return one.startedAtMs === other.startedAtMs && JSON.stringify(one.stop) === JSON.stringify(other.stop);
}
