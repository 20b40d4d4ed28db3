// Whether a caller may have the configuration of the workload that it names.
import type { SpiffeIdentity } from '@malha/identity';
import type { WorldIndex } from '@malha/policies';
import { XdsError } from '../errors.ts';

/** How a port knows its callers; the plaintext port (loopback, unix socket) takes the node at its word. */
export type CallerIdentity = SpiffeIdentity | 'trusted';

/** Undefined = the workload is not registered yet. Throws when the identity is another one. */
export function admits(index: WorldIndex, workload: string, identity: CallerIdentity): true | undefined {
  const entry = index.linked.workloadsByKey.get(workload);
  if (entry === undefined) return undefined;
  if (identity === 'trusted' || entry.spiffeId === identity.id) return true;
  throw new XdsError('forbidden', 'MALHA5063', `${workload} is not a workload of ${identity.id}`);
}
