// The state of the whole mesh in one glance: revision, proxies, database.
import type { ResourceStore } from '../resources/store.ts';

export interface ProxyCounts {
  readonly total: number;
  /** Serve what is wanted of them. */
  readonly active: number;
  /** Connected, with an older configuration. */
  readonly stale: number;
  readonly nacked: number;
}

export interface MeshStatus {
  readonly meshName: string;
  readonly revision: number;
  readonly proxies: ProxyCounts;
  readonly database: 'ok' | 'away';
  readonly canWrite: boolean;
  readonly trustDomain: string;
}

export interface MeshStatusOptions {
  readonly meshName: string;
  readonly trustDomain: string;
  readonly store: Pick<ResourceStore, 'state' | 'onRevision'>;
  readonly isDatabaseHere: () => boolean;
  readonly proxies: () => ProxyCounts;
  /** Anything that may change the status, beside revisions. */
  readonly onChange: (listener: () => void) => () => void;
}

export class MeshStatusReader {
  readonly #options: MeshStatusOptions;

  constructor(options: MeshStatusOptions) {
    this.#options = options;
  }

  read(): MeshStatus {
    const { meshName, trustDomain, store, proxies } = this.#options;
    const isHere = this.#options.isDatabaseHere();
    return {
      meshName,
      revision: store.state.revision,
      proxies: proxies(),
      database: isHere ? 'ok' : 'away',
      canWrite: isHere,
      trustDomain,
    };
  }

  onChange(listener: () => void): () => void {
    const stops = [this.#options.store.onRevision(() => listener()), this.#options.onChange(listener)];
    return () => {
      for (const stop of stops) stop();
    };
  }
}
