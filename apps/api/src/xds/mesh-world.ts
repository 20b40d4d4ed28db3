// The world of the mesh from its two sources: the operators' resources by revision and the registry by sequence.
import type { Resource, WorkloadResource } from '@malha/model';
import type { WorldSource, WorldState } from './world-source.ts';

export interface RevisedResources {
  readonly revision: number;
  /** Of that revision. */
  readonly createdAtMs: number;
  /** In order of creation, oldest first. */
  readonly resources: readonly Resource[];
}

export interface RegisteredWorkloads {
  readonly sequence: number;
  readonly workloads: readonly WorkloadResource[];
}

export interface MeshWorldDeps {
  readonly trustDomain: string;
  /** Undefined until the database was read once. */
  readonly resources: () => RevisedResources | undefined;
  readonly workloads: () => RegisteredWorkloads;
  /** Both return how to stop. */
  readonly onResources: (listener: () => void) => () => void;
  readonly onWorkloads: (listener: () => void) => () => void;
}

export function createMeshWorld(deps: MeshWorldDeps): WorldSource {
  let made: { from: readonly [RevisedResources, RegisteredWorkloads]; state: WorldState } | undefined;
  return {
    current() {
      const revised = deps.resources();
      if (revised === undefined) return undefined;
      const registered = deps.workloads();
      if (made?.from[0] !== revised || made.from[1] !== registered) {
        const { revision, createdAtMs, resources } = revised;
        const { sequence, workloads } = registered;
        const world = { resources, workloads, trustDomain: deps.trustDomain };
        made = { from: [revised, registered], state: { revision, revisedAtMs: createdAtMs, sequence, world } };
      }
      return made.state;
    },
    onChange(listener) {
      const stops = [deps.onResources(listener), deps.onWorkloads(listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
