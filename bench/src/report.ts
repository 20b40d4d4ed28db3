// Results as data (results/latest.json) and as a table (RESULTS.md).
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ChangeRow } from './changes.ts';
import type { CostResult, CostRow } from './cost.ts';
import type { LatencyRow } from './latency.ts';
import type { MemoryRow } from './memory.ts';
import { SCALE_CASES, type ScaleRow } from './scale.ts';
import { latestCost } from './selection.ts';

const BENCH = path.resolve(import.meta.dirname, '..');

const TITLES = [
  ['single', 'One proxy, HTTP/1.1'],
  ['mtls-pair', 'A pair with mutual TLS between'],
  ['grpc', 'One proxy, unary gRPC'],
  ['tcp-pair', 'Bytes through a pair with mutual TLS between, answers of 1 MiB: requests/s are MiB/s'],
] as const;

/** What a run has measured; the rest stays as the run before it left it. */
export interface Measured {
  cost?: CostResult;
  latency?: readonly LatencyRow[];
  scale?: readonly ScaleRow[];
  changes?: readonly ChangeRow[];
  memory?: readonly MemoryRow[];
}

/** The file `results/latest.json`. */
interface Report extends CostResult {
  readonly at: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly latency: readonly LatencyRow[];
  readonly scale: readonly ScaleRow[];
  readonly changes: readonly ChangeRow[];
  readonly memory: readonly MemoryRow[];
}

export function write({ cost, ...measured }: Measured): void {
  const file = path.join(BENCH, 'results', 'latest.json');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const earlier: Partial<Report> = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  const machine = { cpu: os.cpus()[0]?.model, cores: os.cpus().length, node: process.version, kernel: os.release() };
  const nothing = { rows: [], missing: [], configurations: {}, latency: [], scale: [], changes: [], memory: [] };
  const scale = latestOf(measured.scale, earlier.scale);
  const rows = latestCost(cost?.rows, earlier.rows);
  const configurations = { ...earlier.configurations, ...cost?.configurations };
  const results = { ...nothing, ...earlier, ...cost, ...measured, rows, configurations, scale };
  const report: Report = { ...results, at: new Date().toISOString(), machine };
  fs.writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  fs.writeFileSync(path.join(BENCH, 'RESULTS.md'), markdown(report));
}

/** Of each case: a run may be of some of them. */
function latestOf(now: readonly ScaleRow[] = [], earlier: readonly ScaleRow[] = []): ScaleRow[] {
  const rows = [...now, ...earlier];
  return SCALE_CASES.flatMap(({ what }) => rows.find((row) => row.what === what) ?? []);
}

function markdown(report: Report): string {
  const { at, machine } = report;
  const sections = [
    `# Results\n\n${at} · ${machine.cpu} · ${machine.cores} cores · Node ${machine.node}`,
    ...TITLES.flatMap(([scenario, title]) =>
      costSection(
        title,
        report.rows.filter((row) => row.scenario === scenario),
      ),
    ),
    ...section(
      'Latency at 60 % of what one of them can do, HTTP/1.1, 32 connections',
      ['60 % of', 'wanted/s', 'proxy', 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs/request', 'errors'],
      report.latency.map((row) => [
        ...[
          row.of,
          row.wantedPerSecond,
          row.contestant,
          row.requestsPerSecond.toFixed(0),
          row.p50Ms.toFixed(2),
          row.p99Ms.toFixed(2),
        ],
        ...[row.cpuMicrosPerRequest.toFixed(1), row.errors],
      ]),
    ),
    ...section(
      'CPU of much by that of little',
      ['what', 'pairs', 'median ratio', 'quartiles'],
      report.scale.map(({ what, pairs, medianRatio, lowRatio, highRatio }) => [
        ...[what, pairs, medianRatio.toFixed(3), `${lowRatio.toFixed(3)}–${highRatio.toFixed(3)}`],
      ]),
    ),
    ...section(
      'How fast a change arrives',
      ['what', 'tries', 'p50 ms', 'p99 ms', 'slowest ms', 'load average'],
      report.changes.map(({ what, tries, p50Ms, p99Ms, maxMs, loadAverage }) => [
        ...[what, tries, p50Ms.toFixed(0), p99Ms.toFixed(0), maxMs.toFixed(0), loadAverage.toFixed(1)],
      ]),
    ),
    ...section(
      'Memory of a joined sidecar, agent included',
      ['sidecar', 'connections', 'RSS MiB', 'requests/s', 'errors'],
      report.memory.map(({ sidecar, connections, rssMiB, requestsPerSecond, errors }) => [
        ...[sidecar, connections, rssMiB.toFixed(0), requestsPerSecond.toFixed(0), errors],
      ]),
    ),
    ...report.missing.map((reason) => `Missing: ${reason}.`),
  ];
  return `${sections.join('\n\n')}\n`;
}

function costSection(title: string, rows: readonly CostRow[]): string[] {
  const header = [
    'connections',
    'proxy',
    'CPU µs/request',
    '× Envoy',
    'requests/s',
    'p50 ms',
    'p99 ms',
    'RSS MiB',
    'errors',
    'measured',
  ];
  const features = new Map(rows.map((row) => [row.contestant, row.features.join('; ')]));
  const lines = [...features].filter(([, words]) => words !== '').map(([name, words]) => `- ${name}: ${words}`);
  return [
    ...section(
      title,
      header,
      rows.map((row) => costCells(row, rows)),
    ),
    ...(lines.length > 0 ? [lines.join('\n')] : []),
  ];
}

function costCells(row: CostRow, rows: readonly CostRow[]): (string | number)[] {
  const envoy = rows.find((other) => other.contestant === 'Envoy' && other.connections === row.connections);
  const ratio = envoy === undefined ? '' : (row.cpuMicrosPerRequest / envoy.cpuMicrosPerRequest).toFixed(2);
  return [
    ...[row.connections, row.contestant, row.cpuMicrosPerRequest.toFixed(1), ratio, row.requestsPerSecond.toFixed(0)],
    ...[row.p50Ms.toFixed(2), row.p99Ms.toFixed(2), row.rssMiB.toFixed(0), row.errors, row.at ?? 'not recorded'],
  ];
}

/** Nothing for a table without rows. */
function section(title: string, header: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  if (rows.length === 0) return [];
  const table = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [`## ${title}`, table.join('\n')];
}
