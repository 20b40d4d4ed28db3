// Watches over faults: ends those whose time is over or whose bound was passed, and takes experiments to their verdict. Of
// several replicas one at a time does it; what it does is stored, so that another one can go on.
import { type FaultInjectionResource, keyOf, type ResourceKey } from '@malha/model';
import type pg from 'pg';
import { asLeader, Rounds } from '../db/leader-rounds.ts';
import { DomainError } from '../errors.ts';
import type { ResourceStore } from '../resources/store.ts';
import { stopReason } from './automatic-stop.ts';
import { type FaultEnder, MALHA, openFault } from './fault-end.ts';
import { judge } from './hypothesis.ts';
import { type MeasureDeps, withPhase } from './measure.ts';
import { dueAt, rangeOf, SETTLED_MS, settledAt, startOf, unseenOver } from './phases.ts';
import type { ExperimentReport } from './report.ts';
import type { EndRecord, ExperimentRecord, ExperimentRepository } from './repository.ts';

/** Held by the replica that watches at the moment. */
const KEEPER_LOCK = 7_507_003;
const INTERVAL_MS = 1_000;
export const TIME_OVER = 'Its time was over.';

export interface FaultKeeperDeps {
  readonly pool: pg.Pool;
  readonly store: Pick<ResourceStore, 'state'>;
  readonly repository: ExperimentRepository;
  readonly ender: FaultEnder;
  readonly queries: MeasureDeps['queries'];
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

export class FaultKeeper {
  readonly #deps: FaultKeeperDeps;
  readonly #measuring: MeasureDeps;
  /** Of another life of the control plane experiments may be open. */
  #hasOpen = true;
  readonly #rounds: Rounds;

  constructor(deps: FaultKeeperDeps) {
    this.#deps = deps;
    this.#measuring = { queries: deps.queries, state: () => deps.store.state };
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, run: () => this.run(), onError: deps.onError });
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** One round; costs nothing where no fault is at work. */
  async run(): Promise<void> {
    const faults = this.#openFaults();
    if (faults.length === 0 && !this.#hasOpen) return;
    await asLeader(this.#deps.pool, KEEPER_LOCK, () => this.#round(faults));
  }

  #openFaults(): FaultInjectionResource[] {
    const { state } = this.#deps.store;
    return [...state.byKey.keys()].flatMap((key) => openFault(state, key));
  }

  async #round(faults: readonly FaultInjectionResource[]): Promise<void> {
    for (const fault of faults) if (fault.spec.experiment !== undefined) await this.#begin(fault);
    for (const fault of faults) await this.#endIfDue(fault);
    const open = await this.#deps.repository.open();
    this.#hasOpen = open.length > 0;
    for (const experiment of open) await this.#goOn(experiment);
  }

  async #begin(fault: FaultInjectionResource): Promise<void> {
    const key = keyOf(fault);
    const startedBy = this.#deps.store.state.byKey.get(key)?.updatedBy ?? '';
    await this.#deps.repository.begin({ fault: key, startedAtMs: startOf(fault), startedBy, resource: fault });
  }

  async #endIfDue(fault: FaultInjectionResource): Promise<void> {
    const nowMs = this.#deps.now();
    const key = keyOf(fault);
    if (dueAt(fault) <= nowMs) {
      // By the proxies' own clocks, also where nobody was here to see it.
      await this.#end(key, TIME_OVER, dueAt(fault));
      return;
    }
    const reason = await stopReason(this.#measuring, fault, nowMs);
    if (reason !== undefined) await this.#end(key, reason);
  }

  async #end(key: ResourceKey, reason: string, atMs = this.#deps.now()): Promise<void> {
    const name = key.split('/').slice(1).join('/');
    try {
      await this.#deps.ender.end([key], { by: MALHA, reason, atMs, message: `End fault ${name}: ${reason}` });
    } catch (error) {
      // Somebody changed it just now; the next round looks at what it has become.
      if (!(error instanceof DomainError) || error.kind !== 'conflict') throw error;
    }
  }

  async #goOn(experiment: ExperimentRecord): Promise<void> {
    const { repository, now } = this.#deps;
    const { id, resource: fault } = experiment;
    const nowMs = now();
    let { report } = experiment;
    if (report.phases.before === undefined && nowMs >= startOf(fault) + SETTLED_MS) {
      report = await withPhase(this.#measuring, report, 'before', { fault, endedAtMs: nowMs });
      await repository.measured(id, report);
    }
    const end = experiment.end ?? this.#endOf(experiment, nowMs);
    if (experiment.end === undefined) {
      report = this.#watched(experiment, report, end);
      await repository.measured(id, report);
    }
    if (end === undefined) return;
    if (experiment.end === undefined) await repository.ended(id, end);
    const measured = { fault, endedAtMs: end.atMs };
    if (report.phases.during === undefined && nowMs >= settledAt(end.atMs, report.unseen)) {
      report = await withPhase(this.#measuring, report, 'during', measured);
      await repository.measured(id, report);
    }
    if (nowMs < settledAt(rangeOf('after', fault, end.atMs).toMs, report.unseen)) return;
    if (report.phases.before === undefined || report.phases.during === undefined) return;
    report = await withPhase(this.#measuring, report, 'after', measured);
    const results = report.results.filter(({ phase }) => phase !== 'before');
    await repository.judged(id, judge(results, { ...end, ...kindOf(end), unseen: report.unseen }), report);
  }

  /** As long as it runs, how far it was seen; at its end, whether anybody was there to see it. */
  #watched({ startedAtMs }: ExperimentRecord, report: ExperimentReport, end: EndRecord | undefined): ExperimentReport {
    const nowMs = this.#deps.now();
    if (end === undefined) return { ...report, watchedAtMs: nowMs };
    const unseen = unseenOver(end.atMs, report.watchedAtMs ?? startedAtMs, nowMs);
    return unseen === undefined ? report : { ...report, unseen };
  }

  /** Undefined: it is still at work. */
  #endOf({ fault, startedAtMs }: ExperimentRecord, nowMs: number): EndRecord | undefined {
    const stored = this.#deps.store.state.byKey.get(fault as ResourceKey);
    if (stored?.resource.kind !== 'FaultInjection') {
      return { atMs: nowMs, by: 'Somebody', reason: 'The fault was deleted.' };
    }
    const { ended } = stored.resource.spec;
    if (startOf(stored.resource) !== startedAtMs) {
      return { atMs: startOf(stored.resource), by: stored.updatedBy, reason: 'The fault was changed and began anew.' };
    }
    return ended === undefined ? undefined : { atMs: Date.parse(ended.at), by: ended.by, reason: ended.reason };
  }
}

function kindOf({ by, reason }: EndRecord): { readonly isRegular: boolean; readonly isStopped: boolean } {
  const isRegular = by === MALHA && reason === TIME_OVER;
  return { isRegular, isStopped: by === MALHA && !isRegular };
}
