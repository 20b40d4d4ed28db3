// Results as data (results/latest.json) and as a table (RESULTS.md).
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ChangeRow } from './changes.ts';
import type { CostResult, CostRow } from './cost.ts';
import type { MemoryRow } from './memory.ts';

const BENCH = path.resolve(import.meta.dirname, '..');

export interface Report {
  readonly at: string;
  readonly cost: CostResult | undefined;
  readonly changes: readonly ChangeRow[];
  readonly memory: readonly MemoryRow[];
}

/** What a run has not measured stays as the run before it left it. */
export function write(run: Report): void {
  fs.mkdirSync(path.join(BENCH, 'results'), { recursive: true });
  const report = withEarlier(run);
  const machine = { cpu: os.cpus()[0]?.model, cores: os.cpus().length, node: process.version, kernel: os.release() };
  const { rows = [], missing = [], configurations = {} } = report.cost ?? {};
  fs.writeFileSync(
    path.join(BENCH, 'results', 'latest.json'),
    `${JSON.stringify({ at: report.at, machine, rows, missing, changes: report.changes, memory: report.memory, configurations }, null, 2)}\n`,
  );
  fs.writeFileSync(path.join(BENCH, 'RESULTS.md'), markdown(report, machine));
}

function withEarlier(run: Report): Report {
  const file = path.join(BENCH, 'results', 'latest.json');
  if (!fs.existsSync(file)) return run;
  const earlier = JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<CostResult & Report>;
  const { rows = [], missing = [], configurations = {} } = earlier;
  return {
    at: run.at,
    cost: run.cost ?? (rows.length === 0 ? undefined : { rows, missing, configurations }),
    changes: run.changes.length > 0 ? run.changes : (earlier.changes ?? []),
    memory: run.memory.length > 0 ? run.memory : (earlier.memory ?? []),
  };
}

function markdown(report: Report, machine: Record<string, unknown>): string {
  const lines = ['# Results', '', `${report.at} · ${machine.cpu} · ${machine.cores} cores · Node ${machine.node}`, ''];
  for (const scenario of ['single', 'mtls-pair'] as const) {
    const rows = report.cost?.rows.filter((row) => row.scenario === scenario) ?? [];
    if (rows.length === 0) continue;
    lines.push(`## ${scenario === 'single' ? 'One proxy, HTTP/1.1' : 'A pair with mutual TLS between'}`, '');
    lines.push('| connections | proxy | CPU µs/request | × Envoy | requests/s | p50 ms | p99 ms | RSS MiB | errors |');
    lines.push('|---|---|---|---|---|---|---|---|---|');
    for (const row of rows) lines.push(tableRow(row, rows));
    lines.push('');
    for (const name of new Set(rows.map((row) => row.contestant))) {
      const features = rows.find((row) => row.contestant === name)?.features ?? [];
      if (features.length > 0) lines.push(`- ${name}: ${features.join('; ')}`);
    }
    lines.push('');
  }
  if (report.changes.length > 0) {
    lines.push(
      '## How fast a change arrives',
      '',
      '| what | tries | p50 ms | p99 ms | slowest ms | load average |',
      '|---|---|---|---|---|---|',
    );
    for (const { what, tries, p50Ms, p99Ms, maxMs, loadAverage } of report.changes) {
      const times = [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(0)).join(' | ');
      lines.push(`| ${what} | ${tries} | ${times} | ${loadAverage.toFixed(1)} |`);
    }
    lines.push('');
  }
  if (report.memory.length > 0) {
    lines.push(
      '## Memory of a joined sidecar, agent included',
      '',
      '| sidecar | connections | RSS MiB | requests/s | errors |',
    );
    lines.push('|---|---|---|---|---|');
    for (const { sidecar, connections, rssMiB, requestsPerSecond, errors } of report.memory)
      lines.push(
        `| ${sidecar} | ${connections} | ${rssMiB.toFixed(0)} | ${requestsPerSecond.toFixed(0)} | ${errors} |`,
      );
    lines.push('');
  }
  for (const reason of report.cost?.missing ?? []) lines.push(`Missing: ${reason}.`, '');
  return `${lines.join('\n')}`;
}

function tableRow(row: CostRow, rows: readonly CostRow[]): string {
  const envoy = rows.find((other) => other.contestant === 'Envoy' && other.connections === row.connections);
  const ratio = envoy === undefined ? '' : (row.cpuMicrosPerRequest / envoy.cpuMicrosPerRequest).toFixed(2);
  const cells = [
    row.connections,
    row.contestant,
    row.cpuMicrosPerRequest.toFixed(1),
    ratio,
    row.requestsPerSecond.toFixed(0),
    row.p50Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    row.rssMiB.toFixed(0),
    row.errors,
  ];
  return `| ${cells.join(' | ')} |`;
}
