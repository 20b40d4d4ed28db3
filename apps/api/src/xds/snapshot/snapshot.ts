// Everything one proxy should have, encoded; immutable.
import { configHash } from '@malha/xds';
import type { EncodedResource } from './resource-encoder.ts';

export interface SnapshotKey {
  readonly revision: number;
  /** Sequence of the registry. */
  readonly sequence: number;
  readonly dialect: string;
  /** `<namespace>/<workload>` */
  readonly scope: string;
}

const NOTHING: ReadonlyMap<string, EncodedResource> = new Map();

export class Snapshot {
  readonly key: SnapshotKey;
  /** What a proxy that serves this reports. */
  readonly hash: string;
  readonly #byType = new Map<string, Map<string, EncodedResource>>();

  constructor(key: SnapshotKey, resources: readonly EncodedResource[]) {
    this.key = key;
    for (const resource of resources) {
      let ofType = this.#byType.get(resource.typeUrl);
      if (ofType === undefined) {
        ofType = new Map();
        this.#byType.set(resource.typeUrl, ofType);
      }
      ofType.set(resource.name, resource);
    }
    this.hash = configHash(resources);
  }

  ofType(typeUrl: string): ReadonlyMap<string, EncodedResource> {
    return this.#byType.get(typeUrl) ?? NOTHING;
  }
}
