// What the store of mesh resources speaks in.
import type { Finding, Resource, ResourceKey } from '@malha/model';

export interface StoredResource {
  readonly key: ResourceKey;
  readonly resource: Resource;
  /** The revision that touched it last. */
  readonly revision: number;
  /** The revision that made it. */
  readonly createdRevision: number;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
}

/** All resources as one revision left them. Immutable: a new revision is a new state. */
export interface ResourceState {
  /** 0 = nothing was ever stored. */
  readonly revision: number;
  /** In order of creation, oldest first; those of one revision by key. */
  readonly byKey: ReadonlyMap<ResourceKey, StoredResource>;
}

export type Change =
  | { readonly op: 'put'; readonly resource: Resource }
  | { readonly op: 'delete'; readonly key: ResourceKey };

export interface ChangeSet {
  readonly author: string;
  readonly message: string;
  readonly changes: readonly Change[];
  /** The revision that the author saw: an object touched later is a conflict. */
  readonly baseRevision?: number;
  /** The revision of each object that the author saw; 0 or absent = it did not exist. Wins over `baseRevision`. */
  readonly baseRevisions?: Readonly<Record<string, number>>;
}

export type ChangeOp = 'create' | 'update' | 'delete';

export interface ChangedObject {
  readonly key: ResourceKey;
  readonly op: ChangeOp;
}

export interface RevisionSummary {
  readonly revision: number;
  readonly author: string;
  readonly message: string;
  readonly createdAtMs: number;
  readonly kind: 'apply' | 'revert';
  /** For a revert: the revision that it takes back. */
  readonly revertOf?: number;
  readonly objects: readonly ChangedObject[];
}

/** A revision with what each object was before and after it. */
export interface RevisionDetail extends RevisionSummary {
  readonly diff: readonly ObjectDiff[];
}

export interface ObjectDiff {
  readonly key: ResourceKey;
  readonly op: ChangeOp | 'same';
  readonly before: Resource | undefined;
  readonly after: Resource | undefined;
}

/** `isNew` false: the change set left everything as it was, so no revision was made. */
export interface AppliedRevision {
  readonly revision: number;
  readonly isNew: boolean;
  readonly createdAtMs: number;
  readonly objects: readonly ChangedObject[];
  /** Warnings and notes about the touched objects. */
  readonly findings: readonly Finding[];
}

/** One object of a conflict: what another one wrote, and what the author had started from. */
export interface ObjectConflict {
  readonly key: ResourceKey;
  readonly currentRevision: number;
  readonly currentAuthor: string;
  /** null = it was deleted. */
  readonly currentYaml: string | null;
  /** null = it did not exist. */
  readonly baseYaml: string | null;
}
