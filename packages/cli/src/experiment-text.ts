// An experiment for the terminal.
import { listField, numberField, objectOf, stringField } from './answer.ts';
import { renderTable } from './table.ts';

type Fields = Readonly<Record<string, unknown>>;

const PHASES = ['before', 'during', 'after'];
const PERCENT = 100;

export function experimentRow(experiment: Fields): string[] {
  return [
    stringField(experiment, 'id'),
    nameOf(experiment),
    timeOf(experiment, 'startedAtMs'),
    stringField(experiment, 'startedBy'),
    stringField(experiment, 'standing'),
    verdictOf(experiment),
  ];
}

export function describeExperiment(experiment: Fields): string {
  const { end } = experiment;
  const lines = [
    `fault       ${nameOf(experiment)}`,
    `effects     ${listField(experiment, 'effects').join(', ')}`,
    `hypothesis  ${listField(experiment, 'hypothesis').join('; ')}`,
    `started     ${timeOf(experiment, 'startedAtMs')} by ${stringField(experiment, 'startedBy')}`,
    end === null
      ? `ends        ${timeOf(experiment, 'dueAtMs')}`
      : `ended       ${timeOf(end, 'atMs')} by ${stringField(end, 'by')}: ${stringField(end, 'reason')}`,
    `verdict     ${verdictOf(experiment)}${experiment.verdict === null ? '' : `: ${stringField(experiment, 'reason')}`}`,
  ];
  return `${lines.join('\n')}\n\n${renderTable(['PHASE', 'WHO', 'REQUESTS', 'FAULTED', 'FAILED', 'P99'], rowsOf(experiment))}`;
}

function rowsOf(experiment: Fields): string[][] {
  const phases = objectOf(objectOf(experiment.report, 'report').phases, 'phases');
  return PHASES.flatMap((name) => {
    const measured = phases[name];
    if (measured === undefined) return [];
    const phase = objectOf(measured, name);
    const target = stringField(experiment.target, 'name');
    const callers = listField(phase, 'callers').map((caller) => {
      const { service } = objectOf(caller, 'caller');
      return figures(name, `${stringField(service, 'namespace')}/${stringField(service, 'name')}`, caller);
    });
    return [figures(name, target, phase.service), ...callers];
  });
}

function figures(phase: string, who: string, value: unknown): string[] {
  const requests = numberField(value, 'requests');
  const { p99Ms } = objectOf(value, 'figures');
  return [
    phase,
    who,
    String(requests),
    part(numberField(value, 'faulted'), requests),
    part(numberField(value, 'failures'), requests),
    typeof p99Ms === 'number' ? `${Math.round(p99Ms)} ms` : '-',
  ];
}

function part(count: number, whole: number): string {
  return whole === 0 ? '0' : `${count} (${((count / whole) * PERCENT).toFixed(1)} %)`;
}

function nameOf(experiment: Fields): string {
  return `${stringField(experiment, 'namespace')}/${stringField(experiment, 'name')}`;
}

function timeOf(value: unknown, field: string): string {
  return new Date(numberField(value, field)).toISOString();
}

function verdictOf(experiment: Fields): string {
  return experiment.verdict === null ? '-' : stringField(experiment, 'verdict');
}
