// Loads the mesh: the operators' resources and the registered workloads, and the world that both make.
import { randomUUID } from 'node:crypto';
import { analyze } from '@malha/policies';
import { MeshWorld } from '../mesh/world.ts';
import { createRegistry, type Registry } from '../registry/index.ts';
import { type Analyze, ResourceRepository, ResourceStore } from '../resources/index.ts';
import type { Foundation } from './foundation.ts';
import type { Storage } from './storage.ts';

export interface Mesh {
  /** Names this process among the replicas on one database. */
  readonly replica: string;
  readonly registry: Registry;
  readonly repository: ResourceRepository;
  readonly store: ResourceStore;
  readonly world: MeshWorld;
  /** Findings of a set of resources together with the workloads of now. */
  readonly analyze: Analyze;
}

export async function loadMesh(foundation: Foundation, { pool, feed, database }: Storage): Promise<Mesh> {
  const { config, clock, logger, metrics, teardown } = foundation;
  const { trustDomain, workloadCidr, serviceCidr } = config;
  const replica = randomUUID();
  const { registry, stop } = await createRegistry({
    ...{ pool, feed, clock, logger, replica, workloadCidr, serviceCidr },
  });
  teardown.add(stop);
  const analyzeResources: Analyze = (resources) =>
    analyze({ resources, workloads: registry.workloads().workloads, trustDomain });

  const repository = new ResourceRepository(database, (key) =>
    logger.error({ key }, 'a stored resource is not readable by this version and is left out'),
  );
  const store = new ResourceStore({
    ...{ repository, feed, analyze: analyzeResources, now: () => clock.now() },
    onError: (error) => logger.warn({ err: error }, 'resources: a step failed and will be done again'),
  });
  await store.start();
  teardown.add(() => store.stop());
  const [latest] = await repository.list({ limit: 1 });
  const world = new MeshWorld({ store, registry, trustDomain, loadedRevisionAtMs: latest?.createdAtMs ?? 0 });
  metrics.watch({
    revision: () => store.state.revision,
    workloadsRegistered: () => registry.workloads().workloads.length,
  });
  return { replica, registry, repository, store, world, analyze: analyzeResources };
}
