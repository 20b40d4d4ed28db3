// Measures the phases of an experiment and holds its hypothesis against them.
import type { FaultInjectionResource } from '@malha/model';
import type { ResourceState } from '../resources/types.ts';
import type { TelemetryQueries } from '../telemetry/index.ts';
import { servicesOf } from './fault-target.ts';
import { checkPhase, type Phase, type StatementResult } from './hypothesis.ts';
import { type Range, rangeOf } from './phases.ts';
import type { ExperimentReport } from './report.ts';

export interface MeasureDeps {
  readonly queries: Pick<TelemetryQueries, 'faultFigures'>;
  readonly state: () => Pick<ResourceState, 'byKey'>;
}

/** The report with one phase more, or one that was measured anew. */
export async function withPhase(
  deps: MeasureDeps,
  report: ExperimentReport,
  phase: Phase,
  { fault, endedAtMs }: { readonly fault: FaultInjectionResource; readonly endedAtMs: number },
): Promise<ExperimentReport> {
  const range = rangeOf(phase, fault, endedAtMs);
  const { figures, results } = await measure(deps, phase, fault, range);
  const callers = figures.callers.map((caller) => ({ ...caller, service: { ...caller.service } }));
  return {
    ...report,
    phases: { ...report.phases, [phase]: { ...range, service: { ...figures.service }, callers } },
    results: [...report.results.filter((result) => result.phase !== phase), ...results],
  };
}

export async function measure(
  { queries, state }: MeasureDeps,
  phase: Phase,
  fault: FaultInjectionResource,
  range: Range,
): Promise<{ figures: Awaited<ReturnType<TelemetryQueries['faultFigures']>>; results: StatementResult[] }> {
  const services = servicesOf(fault, state());
  const figures = await queries.faultFigures(services, range);
  const target = services.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
  const { experiment } = fault.spec;
  return { figures, results: experiment === undefined ? [] : checkPhase(phase, experiment, target, figures) };
}
