// The study as data (results/resilience.json), as tables (RESILIENCE.md) and as charts (docs/images).
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { barChart, lineChart } from './chart.ts';
import { SETTINGS } from './settings.ts';
import { SITUATIONS, type Situation } from './situations.ts';
import { GOOD_WITHIN_MS, PATIENCE_MS, type StudyRow } from './study.ts';

const BENCH = path.resolve(import.meta.dirname, '../..');
const DATA = path.join(BENCH, 'results/resilience.json');
const IMAGES = path.resolve(BENCH, '../docs/images');
/** Settings whose way through the storm is drawn. */
const STORM_LINES = ['nothing', 'retries-no-budget', 'retries-budget', 'everything'];
/** Shortest wait on the logarithmic scale of p99. */
const P99_MIN_MS = 50;

interface Study {
  readonly at: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly rows: readonly StudyRow[];
}

/** What was not measured this time stays as the run before it left it. */
export function writeStudy(measured: readonly StudyRow[]): void {
  const earlier: Partial<Study> = fs.existsSync(DATA) ? JSON.parse(fs.readFileSync(DATA, 'utf8')) : {};
  const isNew = (row: StudyRow) =>
    measured.some(({ situation, setting }) => situation === row.situation && setting === row.setting);
  const machine = { cpu: os.cpus()[0]?.model, cores: os.cpus().length, node: process.version, kernel: os.release() };
  const rows = [...(earlier.rows ?? []).filter((row) => !isNew(row)), ...measured];
  const study = { at: new Date().toISOString(), machine, rows };
  fs.mkdirSync(path.dirname(DATA), { recursive: true });
  fs.writeFileSync(DATA, `${JSON.stringify(study, null, 2)}\n`);
  fs.writeFileSync(path.join(BENCH, 'RESILIENCE.md'), markdown(study));
  fs.mkdirSync(IMAGES, { recursive: true });
  for (const situation of SITUATIONS) {
    const bars = settingRows(situation, rows);
    if (bars.length === 0) continue;
    fs.writeFileSync(path.join(IMAGES, `resilience-${situation.id}.svg`), situationChart(situation, bars));
    if (situation.isAftermath)
      fs.writeFileSync(path.join(IMAGES, 'resilience-storm-seconds.svg'), stormChart(situation, bars));
  }
}

interface LabelledRow extends StudyRow {
  readonly label: string;
}

/** In the order of the settings. */
function settingRows({ id }: Situation, rows: readonly StudyRow[]): LabelledRow[] {
  return SETTINGS.flatMap((setting) => {
    const row = rows.find(({ situation, setting: of }) => situation === id && of === setting.id);
    return row === undefined ? [] : [{ ...row, label: setting.label }];
  });
}

function markdown({ at, machine, rows }: Study): string {
  const head = `# What protects the bookstore

${at} · ${machine.cpu} · ${machine.cores} cores · Node ${machine.node}

\`npm run bench -- resilience\`: a caller asks for pages of the bookstore in a mesh of its own, at a fixed rate whatever comes back. A page needs one call of
catalog, three replicas that do 40 requests a second each, 100 ms a request. Good is a page that came whole within ${GOOD_WITHIN_MS / 1_000} s of
when it was due; who has nothing after ${PATIENCE_MS / 1_000} s goes, and counts as having waited so long. Amplification: requests at catalog for each page
asked for. What the figures say: [docs/resilience.md](../docs/resilience.md).`;
  const sections = SITUATIONS.flatMap((situation) => {
    const measured = settingRows(situation, rows);
    if (measured.length === 0) return [];
    const header = ['protection', 'good pages/s', 'of asked', 'p50 ms', 'p99 ms', 'amplification'];
    const cells = measured.map((row) => [
      ...[row.label, row.goodput.toFixed(1), `${percentOf(row).toFixed(0)} %`],
      ...[row.p50Ms.toFixed(0), row.p99Ms.toFixed(0), row.amplification.toFixed(2)],
    ]);
    const table = [header, header.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`).join('\n');
    return [`## ${situation.title}\n\n${situation.words}\n\n${table}`];
  });
  return `${[head, ...sections].join('\n\n')}\n`;
}

function percentOf({ goodput, asked }: StudyRow): number {
  return (100 * goodput) / asked;
}

function situationChart({ title }: Situation, rows: readonly LabelledRow[]): string {
  const most = Math.max(1, ...rows.map(({ amplification }) => amplification));
  return barChart(title, [
    {
      title: 'good pages, of those asked for',
      bars: rows.map((row) => ({
        label: row.label,
        share: percentOf(row) / 100,
        text: `${percentOf(row).toFixed(0)} %`,
      })),
    },
    {
      title: 'p99, logarithmic',
      bars: rows.map(({ label, p99Ms }) => ({ label, share: logShare(p99Ms), text: `${p99Ms.toFixed(0)} ms` })),
    },
    {
      title: 'requests at catalog by page',
      bars: rows.map(({ label, amplification }) => ({
        ...{ label, share: amplification / most },
        text: `× ${amplification.toFixed(2)}`,
      })),
    },
  ]);
}

function logShare(waitedMs: number): number {
  return Math.log(Math.max(P99_MIN_MS, waitedMs) / P99_MIN_MS) / Math.log(PATIENCE_MS / P99_MIN_MS);
}

function stormChart({ rate }: Situation, rows: readonly LabelledRow[]): string {
  const lines = STORM_LINES.flatMap((id) => rows.filter(({ setting }) => setting === id));
  return lineChart(
    'After a stall of two seconds: who recovers',
    lines.map(({ label, perSecond }) => ({ label, values: perSecond })),
    { max: rate, unit: `good pages of ${rate} in each second` },
  );
}
