// Ends faults in the mesh: writes who did it and why, as a revision of its own, so that every proxy drops them.
import { type FaultInjectionResource, keyOf, type ResourceKey } from '@malha/model';
import type { Audit } from '../auth/audit.ts';
import type { ResourceStore } from '../resources/store.ts';
import type { ResourceState } from '../resources/types.ts';

export interface EndOrder {
  readonly by: string;
  readonly reason: string;
  readonly message: string;
  /** When it ended, if that was before now. */
  readonly atMs?: number;
}

export interface FaultEnderDeps {
  readonly store: Pick<ResourceStore, 'state' | 'apply'>;
  readonly audit: Audit;
  readonly now: () => number;
}

/** The control plane itself, as an author. */
export const MALHA = 'malha';

export class FaultEnder {
  readonly #deps: FaultEnderDeps;

  constructor(deps: FaultEnderDeps) {
    this.#deps = deps;
  }

  /** As one revision. Those that are gone or have ended are left out; undefined: all of them. Throws what `apply` does. */
  async end(keys: readonly ResourceKey[], { by, reason, message, atMs }: EndOrder): Promise<number | undefined> {
    const { store, audit, now } = this.#deps;
    const { state } = store;
    const ended = { at: new Date(atMs ?? now()).toISOString(), by, reason };
    const faults = keys.flatMap((key) => openFault(state, key));
    if (faults.length === 0) return undefined;
    const { revision } = await store.apply({
      author: by,
      message,
      changes: faults.map((fault) => ({ op: 'put' as const, resource: { ...fault, spec: { ...fault.spec, ended } } })),
      baseRevisions: Object.fromEntries(faults.map((fault) => [keyOf(fault), revisionOf(state, keyOf(fault))])),
    });
    for (const fault of faults)
      await audit({ actor: by, action: 'faults.end', target: keyOf(fault), detail: { reason } });
    return revision;
  }
}

/** None or one: of the key, that has not ended. */
export function openFault({ byKey }: Pick<ResourceState, 'byKey'>, key: ResourceKey): FaultInjectionResource[] {
  const resource = byKey.get(key)?.resource;
  return resource?.kind === 'FaultInjection' && resource.spec.ended === undefined ? [resource] : [];
}

function revisionOf({ byKey }: ResourceState, key: ResourceKey): number {
  return byKey.get(key)?.revision ?? 0;
}
