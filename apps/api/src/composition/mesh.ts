// Loads the mesh: the operators' resources and the registered workloads, and the world that both make.
import { randomUUID } from 'node:crypto';
import { analyze } from '@malha/policies';
import { openSeal } from '../ca/index.ts';
import { CertificateStore } from '../gateway-certificates/index.ts';
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
  /** What gateways show to clients outside. */
  readonly certificates: CertificateStore;
  readonly world: MeshWorld;
  /** Findings of a set of resources together with the workloads of now. */
  readonly analyze: Analyze;
}

export async function loadMesh(foundation: Foundation, storage: Storage): Promise<Mesh> {
  const { pool, feed, database } = storage;
  const { config, clock, logger, metrics, teardown } = foundation;
  const { trustDomain, workloadCidr, serviceCidr } = config;
  const replica = randomUUID();
  const { registry, stop } = await createRegistry({
    ...{ pool, feed, clock, logger, replica, workloadCidr, serviceCidr },
  });
  teardown.add(stop);
  const certificates = await openCertificates(foundation, storage);
  const analyzeResources: Analyze = (resources) =>
    analyze({
      ...{ resources, trustDomain },
      workloads: registry.workloads().workloads,
      certificates: certificates.list(),
    });

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
  const loadedRevisionAtMs = latest?.createdAtMs ?? 0;
  const world = new MeshWorld({ store, registry, certificates, trustDomain, loadedRevisionAtMs });
  metrics.watch({
    revision: () => store.state.revision,
    workloadsRegistered: () => registry.workloads().workloads.length,
  });
  return { replica, registry, repository, store, certificates, world, analyze: analyzeResources };
}

async function openCertificates(
  { config, logger, metrics, teardown }: Foundation,
  { pool, feed }: Storage,
): Promise<CertificateStore> {
  const { sealKey, stateDir } = config;
  const certificates = await CertificateStore.open({
    ...{ pool, feed, seal: await openSeal({ sealKey, stateDir }) },
    onUnreadable: (name, error) =>
      logger.error({ certificate: name, err: error }, 'a stored certificate cannot be opened and is left out'),
    onError: (error) => logger.warn({ err: error }, 'certificates: a step failed and will be done again'),
  });
  teardown.add(() => certificates.stop());
  metrics.watch({
    gatewayCertificates: () =>
      certificates.list().map(({ namespace, name, facts }) => ({ namespace, name, notAfterMs: facts.notAfterMs })),
  });
  return certificates;
}
