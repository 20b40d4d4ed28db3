// The store of mesh resources: change sets become revisions, one at a time over all replicas, or are refused whole.
import { type ResourceKey, toYaml } from '@malha/model';
import { DatabaseAway, isDatabaseAway, orAway } from '../db/away.ts';
import type { Transaction } from '../db/client.ts';
import { DomainError } from '../errors.ts';
import { type Analyze, findingsOf, refusingErrors, resourcesOf } from './analysis.ts';
import { ChangeSetInvalid, ResourcesInvalid, RevertConflict, RevisionNotFound, StaleBase } from './errors.ts';
import { withFaultStarts } from './fault-start.ts';
import { applyPlan, baseOf, findStaleKeys, planChanges } from './plan.ts';
import type { ResourceRepository, RevisionRow } from './repository.ts';
import { type RevisionListener, StateKeeper, type StateKeeperOptions, stateAfter } from './state-keeper.ts';
import type { AppliedRevision, Change, ChangeSet, ObjectConflict, ResourceState, StoredResource } from './types.ts';
import { WriteQueue } from './write-queue.ts';

const CATCH_UP_MAX = 1_000;

export interface ResourceStoreOptions extends StateKeeperOptions {
  readonly analyze: Analyze;
  readonly now: () => number;
}

export type WriteGuard = (changes: readonly Change[], state: ResourceState) => Promise<void>;

/** What apply and revert have in common. */
interface Write {
  readonly author: string;
  readonly message: string;
  readonly kind: 'apply' | 'revert';
  readonly revertOf?: number;
  readonly changes: readonly Change[];
  /** Keys that somebody else changed; none = go on. Runs under the lock, with the changes as they would be stored. */
  conflicts(
    state: ResourceState,
    transaction: Transaction,
    changes: readonly Change[],
  ): Promise<readonly ResourceKey[]>;
  /** The error that tells of them. Runs after the lock is given back. */
  refuse(keys: readonly ResourceKey[], state: ResourceState): Promise<DomainError>;
}

type Outcome =
  | {
      readonly type: 'stored';
      readonly before: ResourceState;
      readonly after: ResourceState;
      readonly applied: AppliedRevision;
    }
  | { readonly type: 'unchanged'; readonly applied: AppliedRevision }
  | { readonly type: 'conflict'; readonly keys: readonly ResourceKey[]; readonly state: ResourceState };

export class ResourceStore {
  readonly #repository: ResourceRepository;
  readonly #keeper: StateKeeper;
  readonly #queue = new WriteQueue();
  readonly #options: ResourceStoreOptions;
  #guard: WriteGuard | undefined;

  constructor(options: ResourceStoreOptions) {
    this.#options = options;
    this.#repository = options.repository;
    this.#keeper = new StateKeeper(options);
  }

  start(): Promise<void> {
    return this.#keeper.start();
  }

  stop(): Promise<void> {
    return this.#keeper.stop();
  }

  /** The last good state, at once. */
  get state(): ResourceState {
    return this.#keeper.state;
  }

  /** The newest state; the last good one while Postgres is away. */
  async current(): Promise<{ revision: number; resources: StoredResource[] }> {
    const { revision, byKey } = this.state;
    return { revision, resources: [...byKey.values()] };
  }

  /** Asked before each change set is stored; what it throws refuses the change set. It runs without the lock. */
  guardWith(guard: WriteGuard): void {
    this.#guard = guard;
  }

  onRevision(listener: RevisionListener): () => void {
    return this.#keeper.onRevision(listener);
  }

  /** Throws StaleBase, ResourcesInvalid, ResourceNotFound, ChangeSetInvalid or DatabaseAway; then nothing is stored. */
  apply(changeSet: ChangeSet): Promise<AppliedRevision> {
    const { author, message, changes } = changeSet;
    return this.#write({
      ...{ author, message, changes, kind: 'apply' },
      conflicts: async (state, _, stored) => findStaleKeys(state, stored, changeSet),
      refuse: async (keys, state) =>
        new StaleBase(await this.#describeConflicts(keys, state, (key) => baseOf(key, changeSet))),
    });
  }

  /** Applies the inverse of a revision as a new one. Objects that were touched since are a RevertConflict. */
  async revert(request: { revision: number; author: string; message?: string }): Promise<AppliedRevision> {
    const { revision, author } = request;
    const row = await orAway(() => this.#repository.readRevision(revision));
    if (!row) throw new RevisionNotFound(revision);
    const keys = row.objects.map(({ key }) => key);
    return this.#write({
      ...{ author, kind: 'revert', revertOf: revision },
      message: request.message || `Take back revision ${revision}: ${row.message}`,
      changes: await orAway(() => this.#inverseOf(row)),
      conflicts: async (_, transaction) => {
        const touched = await this.#repository.lastTouched(keys, transaction);
        return keys.filter((key) => touched.get(key) !== revision);
      },
      refuse: async (conflicts, state) =>
        new RevertConflict(revision, await this.#describeConflicts(conflicts, state, () => revision)),
    });
  }

  async #inverseOf(row: RevisionRow): Promise<Change[]> {
    return Promise.all(
      row.rows.map(async ({ key, previousRevision }): Promise<Change> => {
        if (previousRevision === 0) return { op: 'delete', key };
        const previous = await this.#repository.readObject(key, previousRevision);
        if (previous?.resource) return { op: 'put', resource: previous.resource };
        throw new ChangeSetInvalid(
          `${key} cannot be put back: its form of revision ${previousRevision} is no longer valid.`,
        );
      }),
    );
  }

  async #write(write: Write): Promise<AppliedRevision> {
    await this.#guard?.(write.changes, this.state);
    return this.#queue.run(async () => {
      const outcome = await this.#transact(write);
      switch (outcome.type) {
        case 'conflict':
          throw await orAway(() => write.refuse(outcome.keys, outcome.state));
        case 'unchanged':
          return outcome.applied;
        case 'stored': {
          const { before, after, applied } = outcome;
          const { author, message, kind, revertOf } = write;
          await this.#keeper.accept(before, after, {
            ...{ revision: applied.revision, author, message, kind },
            ...{ createdAtMs: applied.createdAtMs, objects: applied.objects },
            ...(revertOf === undefined ? {} : { revertOf }),
          });
          return applied;
        }
      }
    });
  }

  async #transact(write: Write): Promise<Outcome> {
    let isStored = false;
    try {
      return await this.#repository.withRevisionLock(
        (transaction) => this.#decide(write, transaction),
        () => {
          isStored = true;
        },
      );
    } catch (error) {
      if (error instanceof DomainError || !isDatabaseAway(error)) throw error;
      throw new DatabaseAway(error, isStored ? 'unknown' : 'nothing stored');
    }
  }

  /** Runs under the lock: nobody else can make a revision until the transaction ends. */
  async #decide(write: Write, transaction: Transaction): Promise<Outcome> {
    const before = await this.#newest(transaction);
    const nowMs = this.#options.now();
    const changes = withFaultStarts(write.changes, before, nowMs);
    const conflicts = await write.conflicts(before, transaction, changes);
    if (conflicts.length > 0) return { type: 'conflict', keys: conflicts, state: before };

    const plan = planChanges(before, changes);
    const objects = plan.filter(({ op }) => op !== 'same');
    const revision = before.revision + 1;
    const stamp = { revision, updatedAtMs: nowMs, updatedBy: write.author };
    const draft = applyPlan(before, plan, stamp);
    const findings = this.#options.analyze(resourcesOf(draft));
    const errors = refusingErrors(this.#options.analyze, before, plan, findings);
    if (errors.length > 0) throw new ResourcesInvalid(errors);

    const notes = findingsOf(plan, findings);
    if (objects.length === 0) return { type: 'unchanged', applied: unchanged(before, stamp.updatedAtMs, notes) };
    const createdAtMs = (await this.#repository.insert(transaction, { ...write, revision, objects })).getTime();
    return {
      type: 'stored',
      before,
      after: applyPlan(before, plan, { ...stamp, updatedAtMs: createdAtMs }),
      applied: { revision, isNew: true, createdAtMs, objects: summarise(objects), findings: notes },
    };
  }

  /** This replica's copy, with the revisions that it has not heard of yet. */
  async #newest(transaction: Transaction): Promise<ResourceState> {
    let state = this.state;
    const latest = await this.#repository.latestRevision(transaction);
    if (latest < state.revision || latest - state.revision > CATCH_UP_MAX) return this.#repository.load(transaction);
    if (latest === state.revision) return state;
    const rows = await this.#repository.readSince(state.revision, CATCH_UP_MAX, transaction);
    for (const row of rows) state = stateAfter(state, row);
    return state;
  }

  #describeConflicts(
    keys: readonly ResourceKey[],
    state: ResourceState,
    baseRevision: (key: ResourceKey) => number | undefined,
  ): Promise<ObjectConflict[]> {
    return Promise.all(
      keys.map(async (key) => {
        const current = state.byKey.get(key);
        const touched = await this.#repository.readObject(key, state.revision);
        const base = await this.#repository.readObject(key, baseRevision(key) ?? 0);
        return {
          key,
          currentRevision: current?.revision ?? touched?.revision ?? 0,
          currentAuthor: current?.updatedBy ?? touched?.author ?? '',
          currentYaml: current ? toYaml(current.resource) : null,
          baseYaml: base?.resource ? toYaml(base.resource) : null,
        };
      }),
    );
  }
}

function unchanged({ revision }: ResourceState, createdAtMs: number, findings: AppliedRevision['findings']) {
  return { revision, isNew: false, createdAtMs, objects: [], findings };
}

function summarise(objects: ReturnType<typeof planChanges>): AppliedRevision['objects'] {
  return objects.flatMap(({ key, op }) => (op === 'same' ? [] : [{ key, op }]));
}
