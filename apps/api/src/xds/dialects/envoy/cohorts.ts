// Sticky splits for Envoy: the hash of the cohort key chooses among the weighted clusters, each of which has a range of it.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CohortKey, ForwardAction, HashKey } from '@malha/traffic';
import type { WeightedClusterSchema } from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';

/** Of all ranges together, whatever the weights add up to: where the sum stayed what it was, so does a range that grows. */
const HASHES = 1_000_000;

/** What Envoy has to hash; undefined for a split that is drawn, and for one that the dialect has decided. */
export function cohortKeyOf({ cohort }: ForwardAction): HashKey | undefined {
  return cohort === undefined ? undefined : hashKeyOf(cohort);
}

function hashKeyOf(cohort: CohortKey): HashKey | undefined {
  return cohort.type === 'fixed' ? undefined : { type: cohort.type, name: cohort.name };
}

/** A request without the key is drawn for, as by our own proxy. */
export function byCohort(
  action: ForwardAction,
): Pick<MessageInitShape<typeof WeightedClusterSchema>, 'randomValueSpecifier'> {
  return cohortKeyOf(action) === undefined
    ? {}
    : { randomValueSpecifier: { case: 'useHashPolicy', value: { value: true } } };
}

/** Widths of neighbouring ranges: of two backends, one that grows keeps all the keys that it has. */
export function rangesOf(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  let begin = 0;
  return weights.map((weight) => {
    sum += weight;
    const end = Math.round((HASHES * sum) / total);
    const width = end - begin;
    begin = end;
    return width;
  });
}
