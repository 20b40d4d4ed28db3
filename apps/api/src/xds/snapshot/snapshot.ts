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
  readonly #resources: readonly EncodedResource[];
  readonly #byType = new Map<string, Map<string, EncodedResource>>();

  constructor(key: SnapshotKey, resources: readonly EncodedResource[]) {
    this.key = key;
    this.#resources = resources;
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

  /** Whether it is made of the very same resources; much cheaper than a hash. */
  consistsOf(resources: readonly EncodedResource[]): boolean {
    const own = this.#resources;
    return own.length === resources.length && own.every((resource, index) => resource === resources[index]);
  }

  ofType(typeUrl: string): ReadonlyMap<string, EncodedResource> {
    return this.#byType.get(typeUrl) ?? NOTHING;
  }
}
