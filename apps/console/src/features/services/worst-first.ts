// The order in which an operator wants to see services: what fails, what needs a look, what is well, what is quiet.
import type { ServiceRow } from '#trpc/contract.ts';

const RANKS: Readonly<Record<ServiceRow['health'], number>> = { err: 0, warn: 1, ok: 2, unknown: 3 };

/** Within one state by name: an order by figures would change with each second. */
export function worstFirst(rows: readonly ServiceRow[]): readonly ServiceRow[] {
  return [...rows].sort(
    (a, b) => RANKS[a.health] - RANKS[b.health] || `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`),
  );
}
