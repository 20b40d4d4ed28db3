// Watches over faults and experiments: they end, and come to a verdict, whoever looks.
import type { Audit } from '../auth/audit.ts';
import { createAdmission } from '../experiments/admission.ts';
import { Experiments } from '../experiments/experiments.ts';
import { FaultEnder } from '../experiments/fault-end.ts';
import { FaultKeeper } from '../experiments/keeper.ts';
import { ExperimentRepository } from '../experiments/repository.ts';
import type { Foundation } from './foundation.ts';
import type { MemberPlane } from './member-plane.ts';
import type { Mesh } from './mesh.ts';
import type { Storage } from './storage.ts';

export interface FaultWatch {
  readonly ender: FaultEnder;
  readonly experiments: Experiments;
}

interface Parts {
  readonly storage: Storage;
  readonly mesh: Mesh;
  readonly members: MemberPlane;
}

export function watchFaults(foundation: Foundation, { storage, mesh, members }: Parts, audit: Audit): FaultWatch {
  const { clock, logger, teardown } = foundation;
  const { store } = mesh;
  const { queries } = members.telemetry;
  const now = () => clock.now();
  const repository = new ExperimentRepository(storage.database);
  const ender = new FaultEnder({ store, audit, now });
  store.guardWith(createAdmission({ queries, now }));
  const keeper = new FaultKeeper({
    ...{ pool: storage.pool, store, repository, ender, queries, now },
    onError: (error) => logger.warn({ err: error }, 'faults: a step failed and will be done again'),
  });
  keeper.start();
  teardown.add(() => keeper.stop());
  return { ender, experiments: new Experiments({ repository, queries, state: () => store.state, now }) };
}
