// Lets an experiment begin only where its hypothesis holds already: what is broken before proves nothing afterwards.
import { keyOf } from '@malha/model';
import { faultsThatBegin } from '../resources/fault-start.ts';
import type { WriteGuard } from '../resources/store.ts';
import { ExperimentRefused } from './errors.ts';
import { wordsOf } from './hypothesis.ts';
import { type MeasureDeps, measure } from './measure.ts';
import { beforeRange } from './phases.ts';

export interface AdmissionDeps extends Pick<MeasureDeps, 'queries'> {
  readonly now: () => number;
}

/** Throws ExperimentRefused with every statement that does not hold, or that too few requests say anything of. */
export function createAdmission({ queries, now }: AdmissionDeps): WriteGuard {
  return async (changes, state) => {
    for (const fault of faultsThatBegin(changes, state, now())) {
      if (fault.spec.experiment === undefined) continue;
      const deps = { queries, state: () => state };
      const { results } = await measure(deps, 'before', fault, beforeRange(fault));
      const failing = results.filter(({ outcome }) => outcome !== 'held');
      if (failing.length > 0) throw new ExperimentRefused(keyOf(fault), failing.map(wordsOf));
    }
  };
}
