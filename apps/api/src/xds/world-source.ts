// Where the server learns what the mesh should look like.
import type { World } from '@malha/policies';
import type { CertificateMaterial } from './dialects/dialect.ts';

export interface WorldState {
  /** Of the operators' resources; 0 = none yet. */
  readonly revision: number;
  /** When that revision was made. Milliseconds since the Unix epoch. */
  readonly revisedAtMs: number;
  /** Of the registry. */
  readonly sequence: number;
  readonly world: World;
  /** Keys of the certificates that `world` knows, by `<namespace>/<name>`; absent = none is stored. */
  readonly certificateOf?: (name: string) => CertificateMaterial | undefined;
}

export interface WorldSource {
  /** Undefined until resources and registry were read once. */
  current(): WorldState | undefined;
  /** Called after each change of `current`; returns how to stop that. */
  onChange(listener: () => void): () => void;
}
