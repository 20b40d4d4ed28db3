// What the readers of telemetry are given.
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import type { MeshView } from './mesh-view.ts';
import type { Problem, RevisionMark } from './problems.ts';
import type { EdgeDirectory } from './query/edge-directory.ts';

export interface TelemetryReaderDeps {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly edges: EdgeDirectory;
  readonly view: () => MeshView;
  /** Changes of the mesh's resources in this time. */
  readonly revisionsBetween: (fromMs: number, toMs: number) => Promise<readonly RevisionMark[]>;
  /** What other parts of the control plane have to say. */
  readonly otherProblems?: (() => readonly Problem[]) | undefined;
}
