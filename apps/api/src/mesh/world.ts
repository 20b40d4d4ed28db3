// The world as this replica sees it: the operators' resources and the registered workloads, one state of both.
import type { StoredCertificate, World } from '@malha/policies';
import type { RegisteredWorkload, RegistrySnapshot } from '../registry/index.ts';
import { resourcesOf } from '../resources/analysis.ts';
import type { ResourceStore } from '../resources/store.ts';
import type { WorldSource, WorldState } from '../xds/world-source.ts';

export interface MeshWorldOptions {
  readonly store: Pick<ResourceStore, 'state' | 'onRevision'>;
  readonly registry: {
    workloads(): RegistrySnapshot;
    onChange(listener: () => void): () => void;
  };
  readonly certificates: {
    /** The same object until one changes. */
    list(): readonly StoredCertificate[];
    readonly materialOf: NonNullable<WorldState['certificateOf']>;
    onChange(listener: () => void): () => void;
  };
  readonly trustDomain: string;
  /** When the revision that was loaded at the start was made. */
  readonly loadedRevisionAtMs: number;
}

export class MeshWorld implements WorldSource {
  readonly #options: MeshWorldOptions;
  #state: WorldState | undefined;
  #revisedAt: { readonly revision: number; readonly atMs: number };

  constructor(options: MeshWorldOptions) {
    this.#options = options;
    this.#revisedAt = { revision: options.store.state.revision, atMs: options.loadedRevisionAtMs };
    options.store.onRevision(({ revision, createdAtMs }) => {
      this.#revisedAt = { revision, atMs: createdAtMs };
    });
  }

  get world(): World {
    return this.current().world;
  }

  /** The same object until a revision or a registration changes it. */
  current(): WorldState {
    const { store, registry, trustDomain } = this.#options;
    const certificates = this.#options.certificates.list();
    const { state } = store;
    const { sequence, workloads } = registry.workloads();
    const known = this.#state;
    if (
      known?.revision === state.revision &&
      known.sequence === sequence &&
      known.world.certificates === certificates
    ) {
      return known;
    }
    const resources =
      known !== undefined && known.revision === state.revision ? known.world.resources : resourcesOf(state);
    const next = {
      revision: state.revision,
      revisedAtMs: this.#revisedAt.atMs,
      sequence,
      world: { resources, workloads: workloads satisfies readonly RegisteredWorkload[], certificates, trustDomain },
      certificateOf: this.#options.certificates.materialOf,
    };
    this.#state = next;
    return next;
  }

  onChange(listener: () => void): () => void {
    const { store, registry, certificates } = this.#options;
    const stops = [
      store.onRevision(() => listener()),
      registry.onChange(() => listener()),
      certificates.onChange(() => listener()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }
}
