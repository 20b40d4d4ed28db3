// Keeps this replica's copy of the resources in step with Postgres: notified, polled, and caught up after an outage.
import type { NotificationFeed } from '../db/listener.ts';
import { CHANNELS } from '../db/postgres.ts';
import { applyPlan } from './plan.ts';
import type { ResourceRepository, RevisionRow } from './repository.ts';
import type { ResourceState, RevisionSummary } from './types.ts';

const POLL_EVERY_MS = 5_000;
/** Further behind than this, everything is read anew. */
const CATCH_UP_MAX = 500;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 2_000;

export type RevisionListener = (revision: RevisionSummary, state: ResourceState) => void;

export interface StateKeeperOptions {
  readonly repository: ResourceRepository;
  readonly feed: NotificationFeed;
  readonly onError: (error: unknown) => void;
  /** A lost notification is made good after at most this time. Default 5,000. */
  readonly pollEveryMs?: number;
}

export class StateKeeper {
  readonly #options: StateKeeperOptions;
  readonly #listeners = new Set<RevisionListener>();
  #state: ResourceState = { revision: 0, byKey: new Map() };
  #refreshing: Promise<void> | undefined;
  #isRefreshWanted = false;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = RETRY_FIRST_MS;
  #poll: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;
  #isStopped = false;

  constructor(options: StateKeeperOptions) {
    this.#options = options;
  }

  /** The last good state; while Postgres is away, the one from before. */
  get state(): ResourceState {
    return this.#state;
  }

  async start(): Promise<void> {
    this.#state = await this.#options.repository.load();
    this.#stopListening = this.#options.feed.on(CHANNELS.revision, (payload) => {
      // Our own write is known already. A payload of nothing means that notifications may have been lost.
      if (payload === undefined || Number(payload) !== this.#state.revision) this.#refreshSoon();
    });
    this.#poll = setInterval(() => this.#refreshSoon(), this.#options.pollEveryMs ?? POLL_EVERY_MS);
    this.#poll.unref();
    this.#refreshSoon();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopListening?.();
    clearInterval(this.#poll);
    clearTimeout(this.#retry);
    await this.#refreshing?.catch(() => undefined);
  }

  /** Called once per revision, in order. */
  onRevision(listener: RevisionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads what is new; at most one read runs, and one asked for meanwhile follows it. */
  refresh(): Promise<void> {
    this.#isRefreshWanted = true;
    this.#refreshing ??= this.#refreshUntilQuiet().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Takes over a revision that this replica has just committed on top of `before`. */
  async accept(before: ResourceState, after: ResourceState, revision: RevisionSummary): Promise<void> {
    if (this.#state.revision === before.revision) this.#advance(after, revision);
    else if (this.#state.revision < after.revision) await this.refresh();
  }

  async #refreshUntilQuiet(): Promise<void> {
    while (this.#isRefreshWanted && !this.#isStopped) {
      this.#isRefreshWanted = false;
      await this.#readNew();
    }
  }

  async #readNew(): Promise<void> {
    const { repository } = this.#options;
    const latest = await repository.latestRevision();
    const behind = latest - this.#state.revision;
    if (behind === 0) return;
    // Negative: the database was put back to an older backup.
    if (behind < 0 || behind > CATCH_UP_MAX) return this.#reload(latest);
    for (const row of await repository.readSince(this.#state.revision, CATCH_UP_MAX)) {
      if (row.revision <= this.#state.revision) continue;
      this.#advance(stateAfter(this.#state, row), row);
    }
  }

  async #reload(latest: number): Promise<void> {
    const state = await this.#options.repository.load();
    const row = await this.#options.repository.readRevision(latest);
    this.#state = state;
    if (row) this.#emit(row);
  }

  #advance(state: ResourceState, { ...summary }: RevisionSummary): void {
    this.#state = state;
    this.#emit(summary);
  }

  #emit(revision: RevisionSummary): void {
    for (const listener of this.#listeners) listener(revision, this.#state);
  }

  #refreshSoon(): void {
    this.refresh().then(
      () => {
        this.#retryMs = RETRY_FIRST_MS;
      },
      (error: unknown) => {
        this.#options.onError(error);
        if (this.#isStopped) return;
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => this.#refreshSoon(), this.#retryMs);
        this.#retry.unref();
        this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
      },
    );
  }
}

/** The state after a stored revision. An object that cannot be read is left out. */
export function stateAfter(state: ResourceState, row: RevisionRow): ResourceState {
  const plan = row.rows.map(({ key, op, resource }) => ({
    key,
    op,
    before: state.byKey.get(key),
    after: resource,
  }));
  return applyPlan(state, plan, {
    revision: row.revision,
    updatedAtMs: row.createdAtMs,
    updatedBy: row.author,
  });
}
