// What the registry does by itself: writes beats in batches, takes silent workloads out, adopts or removes orphans.
import type pg from 'pg';
import type { Health } from './health.ts';
import { TICK_MS } from './health.ts';
import { type Registry, stateOf } from './registry.ts';
import { deleteReplica, type OrphanRow, purge, selectOrphans, writeBeats } from './repository.ts';
import { type Sessions, SILENCE_MAX_MS } from './sessions.ts';

const WRITE_EVERY_TICKS = 4;
const PURGE_EVERY_MS = 10 * 60_000;
/** A write that takes longer says that Postgres, or this process, was not there. */
const SLOW_WRITE_MS = 1_500;
/** Agents of a replica that died come back within about a second in the first minute of an outage, within 30 s later. */
const ORPHAN_GRACE_MS = 5_000;
const LONG_OUTAGE_MS = 55_000;
const LONG_OUTAGE_GRACE_MS = 45_000;
/** While agents of the dead replica are still arriving, the rest of a large mesh may be on its way too. */
const ARRIVALS_QUIET_MS = 3_000;
const ARRIVALS_MAX_MS = 60_000;

export interface KeeperDeps {
  readonly pool: pg.Pool;
  readonly replica: string;
  readonly registry: Registry;
  readonly sessions: Sessions;
  readonly health: Health;
  readonly monotonic: () => number;
  readonly onOut: (workload: { namespace: string; name: string }, why: string) => void;
  readonly onError: (error: unknown) => void;
}

export class Keeper {
  readonly #deps: KeeperDeps;
  #timer: NodeJS.Timeout | undefined;
  #purgeTimer: NodeJS.Timeout | undefined;
  #tick = 0;
  #isBusy = false;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#onTick(), TICK_MS);
    this.#purgeTimer = setInterval(() => void purge(this.#deps.pool).catch(this.#deps.onError), PURGE_EVERY_MS);
    this.#purgeTimer.unref();
  }

  /** The replica says that it no longer speaks for its agents; they are on their way to another. */
  async stop(): Promise<void> {
    this.halt();
    await deleteReplica(this.#deps.pool, this.#deps.replica).catch(() => undefined);
  }

  halt(): void {
    clearInterval(this.#timer);
    clearInterval(this.#purgeTimer);
  }

  async #onTick(): Promise<void> {
    const { health, onError } = this.#deps;
    health.tick();
    this.#tick += 1;
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      if (this.#tick % WRITE_EVERY_TICKS === 0) await this.#write();
      await this.#deps.registry.saveStates();
      await this.#removeSilent();
      if (this.#tick % WRITE_EVERY_TICKS === 0) await this.#removeOrphans();
    } catch (error) {
      health.interrupted();
      onError(error);
    } finally {
      this.#isBusy = false;
    }
  }

  async #write(): Promise<void> {
    const { pool, replica, sessions, health, monotonic } = this.#deps;
    const startedMs = monotonic();
    const { rows, written } = sessions.takeDirty();
    await writeBeats(pool, replica, rows);
    written();
    if (monotonic() - startedMs > SLOW_WRITE_MS) health.interrupted();
  }

  async #removeSilent(): Promise<void> {
    const { registry, sessions, onOut } = this.#deps;
    const silent = sessions.silent();
    if (silent.length === 0) return;
    await registry.writeStates(silent.map((held) => ({ ...stateOf(held), state: 'out' })));
    for (const held of silent) {
      sessions.drop(held);
      onOut(held, `no beat for ${SILENCE_MAX_MS} ms`);
    }
  }

  async #removeOrphans(): Promise<void> {
    const { pool, replica, registry, health, onOut } = this.#deps;
    if (health.healthyForMs < ORPHAN_GRACE_MS) return;
    const orphans = await selectOrphans(pool, replica, ORPHAN_GRACE_MS);
    const gone = orphans.filter((orphan) => this.#isGone(orphan));
    if (gone.length === 0) return;
    await registry.writeStates(
      gone.map(({ silence_ms: _, ...orphan }) => ({ ...orphan, state: 'out', isHealthy: true })),
    );
    for (const orphan of gone) onOut(orphan, `no beat for ${Math.round(orphan.silence_ms)} ms at any replica`);
  }

  /** The longer nobody was there to hear, the longer agents may wait before they try again. */
  #isGone(orphan: OrphanRow): boolean {
    const { health, registry, monotonic } = this.#deps;
    const { healthyForMs } = health;
    const outageMs = orphan.silence_ms - healthyForMs;
    if (healthyForMs < (outageMs > LONG_OUTAGE_MS ? LONG_OUTAGE_GRACE_MS : ORPHAN_GRACE_MS)) return false;
    const areArriving = monotonic() - registry.lastAdoptionMs < ARRIVALS_QUIET_MS;
    return !areArriving || orphan.silence_ms > ARRIVALS_MAX_MS;
  }
}
