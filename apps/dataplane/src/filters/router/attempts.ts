// The attempts of one request that are in flight: mostly one, with hedging a few until one of them is answered.
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import { hedgeDueMs } from '@malha/traffic/hedging';
import type { AttemptOutcome } from '@malha/traffic/retry';
import type { ClusterRuntime } from '../../cluster/cluster-runtime.ts';
import type { AttemptKind } from '../../telemetry/record.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { type Deadlines, NEVER } from './deadlines.ts';
import type { ForwardEnvironment, ForwardPlan } from './forward-plan.ts';
import type { Retries } from './retries.ts';

export interface AttemptsOptions {
  readonly owner: AttemptOwner;
  readonly cluster: ClusterRuntime;
  readonly plan: ForwardPlan;
  readonly environment: ForwardEnvironment;
  readonly deadlines: Deadlines;
  readonly retries: Retries;
}

export class Attempts {
  /** The one that the request is sent to as it comes; in the end the one that is answered. */
  lead: Attempt | undefined;
  private readonly options: AttemptsOptions;
  private hedges: Attempt[] | undefined;
  private traces: ReturnType<AttemptOwner['traceAttempts']>;
  /** Endpoints of attempts that failed; another one is tried while there is one. */
  private tried: BalancedEndpoint[] | undefined;

  constructor(options: AttemptsOptions) {
    this.options = options;
  }

  get isSeveral(): boolean {
    return this.hedges !== undefined && this.hedges.length > 0;
  }

  begin(kind: AttemptKind, isFresh: boolean): void {
    const { owner, cluster, plan, environment, deadlines, retries } = this.options;
    const nowMs = environment.monotonic();
    retries.attempts++;
    const attempt = new Attempt(owner, cluster, kind, this.tried === undefined ? owner.preferred : undefined);
    attempt.startMs = nowMs;
    if (kind === 'retry') attempt.beyondBudget = retries.beyondBudget;
    this.traces?.begun(attempt);
    if (plan.attemptTimeoutMs > 0) attempt.dueMs = nowMs + plan.attemptTimeoutMs;
    const avoided = this.lead === undefined ? this.tried : this.avoided();
    if (this.lead === undefined) this.lead = attempt;
    else if (this.hedges === undefined) this.hedges = [attempt];
    else this.hedges.push(attempt);
    deadlines.attemptMs = this.dueMs();
    if (retries.mayHedge && plan.hedging !== undefined)
      deadlines.hedgeMs = hedgeDueMs(plan.hedging, retries.hedges, nowMs);
    attempt.begin(avoided, isFresh);
  }

  /** The next attempt beside those that are under way; false: there is nowhere else to go, or the budget is spent. */
  hedge(): boolean {
    const { cluster, retries, environment } = this.options;
    if (this.lead === undefined || !cluster.hasOther(this.avoided()) || !retries.takeHedge()) return false;
    environment.count('hedge-sent');
    this.traceEach();
    this.begin('hedge', false);
    return true;
  }

  /**
   * Another attempt after the only one in flight, at once or after a back-off; false: there is none. `askedMs`: how long
   * the endpoint wants to be left alone.
   */
  retry(outcome: AttemptOutcome, isReplayable: boolean, askedMs: number | undefined): boolean {
    const { cluster, deadlines, retries, environment } = this.options;
    const nowMs = environment.monotonic();
    const leftMs = deadlines.wholeMs - nowMs;
    const { balanced: endpoint } = this.lead ?? {};
    const hasOther = cluster.hasOther(this.avoided());
    const delayMs = retries.delayAfter(outcome, { isReplayable, askedMs, leftMs, endpoint, hasOther });
    if (delayMs === undefined) return false;
    this.traceEach();
    if (this.lead !== undefined) this.drop(this.lead, false);
    if (delayMs > 0) deadlines.backoffMs = nowMs + delayMs;
    else this.begin('retry', false);
    deadlines.arm();
    return true;
  }

  /** The peer closed the connection just when it was used: the same attempt once more, on a new one. */
  retryStale(attempt: Attempt, isRefused: boolean): boolean {
    if (!this.options.retries.takeStale(isRefused, attempt.balanced)) return false;
    this.traces?.takeBack(attempt);
    this.drop(attempt, true);
    this.begin(attempt.kind, true);
    return true;
  }

  /** The attempt failed, and others may still do better; false: it was the only one. */
  leaveToOthers(attempt: Attempt): boolean {
    if (!this.isSeveral) return false;
    this.drop(attempt, false);
    this.options.deadlines.arm();
    return true;
  }

  /** `ok`: nothing is to be said against its endpoint. The oldest of the others takes the lead. */
  drop(attempt: Attempt, ok: boolean): void {
    const { deadlines } = this.options;
    if (!ok && attempt.balanced !== undefined) this.noteTried(attempt.balanced);
    this.over(attempt, ok);
    if (attempt === this.lead) this.lead = this.hedges?.shift();
    else this.hedges = this.hedges?.filter((hedge) => hedge !== attempt);
    deadlines.attemptMs = this.dueMs();
    if (this.lead === undefined) deadlines.hedgeMs = NEVER;
  }

  /** The answer of the attempt is taken: the others are given up. */
  settle(winner: Attempt, nowMs: number): void {
    const { lead, hedges = [] } = this;
    if (winner.kind === 'hedge') this.options.environment.count('hedge-won');
    this.lead = winner;
    this.hedges = undefined;
    if (lead === winner && hedges.length === 0) return;
    for (const loser of [lead, ...hedges]) {
      if (loser === undefined || loser === winner) continue;
      loser.noteLatency(nowMs);
      loser.isGivenUp = true;
      this.over(loser, true);
    }
  }

  end(ok: boolean): void {
    if (this.lead !== undefined) this.over(this.lead, ok);
    for (const hedge of this.hedges ?? []) this.over(hedge, ok);
    this.hedges = undefined;
  }

  /** Of those that have no outcome of their own. */
  flag(flags: number): void {
    if (this.traces === undefined) return;
    for (const attempt of this.all()) if (attempt.status === 0 && attempt.flags === 0) attempt.flags = flags;
  }

  /** Those that have taken too long by now. */
  overdue(nowMs: number): readonly Attempt[] {
    return this.all().filter(({ dueMs }) => dueMs <= nowMs);
  }

  noteTried(picked: BalancedEndpoint): void {
    this.tried ??= [];
    if (!this.tried.includes(picked)) this.tried.push(picked);
  }

  /** There is about to be more than one. */
  private traceEach(): void {
    if (this.lead !== undefined) this.traces ??= this.options.owner.traceAttempts(this.lead);
  }

  private over(attempt: Attempt, ok: boolean): void {
    this.traces?.over(attempt, this.options.environment.monotonic());
    attempt.cancel();
    attempt.finish(ok);
  }

  private all(): readonly Attempt[] {
    return this.lead === undefined ? [] : [this.lead, ...(this.hedges ?? [])];
  }

  /** What another attempt is not to be sent to while there is anything else. */
  private avoided(): readonly BalancedEndpoint[] {
    return [...(this.tried ?? []), ...this.all().flatMap(({ destination }) => destination ?? [])];
  }

  /** When the first of them has taken too long. */
  private dueMs(): number {
    let dueMs = this.lead?.dueMs ?? NEVER;
    if (this.hedges !== undefined) for (const hedge of this.hedges) dueMs = Math.min(dueMs, hedge.dueMs);
    return dueMs;
  }
}
