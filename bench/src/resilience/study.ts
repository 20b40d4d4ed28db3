// The study: each situation under each setting, what callers got of it and what the troubled service had to bear.
import { type Sample, timedLoad } from '@malha/testing/timed-load';
import { SETTINGS, type Setting } from './settings.ts';
import { SITUATIONS, type Situation, WELL } from './situations.ts';
import { PAGE, type Stage, startStage } from './stage.ts';

export interface StudyRow {
  readonly situation: string;
  readonly setting: string;
  /** Pages a second that were asked for, and those that came whole within `GOOD_WITHIN_MS`. */
  readonly asked: number;
  readonly goodput: number;
  readonly p50Ms: number;
  /** Of all callers; who got nothing has waited as long as its patience. */
  readonly p99Ms: number;
  /** Requests at the troubled service by page asked for, over the whole run. */
  readonly amplification: number;
  /** Good pages in each second of the whole run, from the begin of the trouble on. */
  readonly perSecond: readonly number[];
}

export interface StudyOptions {
  readonly seconds: number;
  readonly rounds: number;
  readonly situations?: readonly string[];
  readonly settings?: readonly string[];
  readonly say: (line: string) => void;
}

export const GOOD_WITHIN_MS = 1_000;
export const PATIENCE_MS = 5_000;
const WARM_SECONDS = 3;

export async function study(options: StudyOptions): Promise<StudyRow[]> {
  const { situations, settings, rounds, say } = options;
  const rows: StudyRow[] = [];
  const stage = await startStage();
  try {
    for (const situation of SITUATIONS.filter(({ id }) => situations?.includes(id) ?? true)) {
      for (const setting of SETTINGS.filter(({ id }) => settings?.includes(id) ?? true)) {
        const runs: StudyRow[] = [];
        for (let round = 0; round < rounds; round++) runs.push(await run(stage, situation, setting, options.seconds));
        const row = medianOf(runs);
        rows.push(row);
        say(
          `${situation.id.padEnd(17)} ${setting.label.padEnd(22)} ${row.goodput.toFixed(1).padStart(6)} of ${row.asked}/s good` +
            `  p50 ${row.p50Ms.toFixed(0).padStart(4)}  p99 ${row.p99Ms.toFixed(0).padStart(4)} ms  × ${row.amplification.toFixed(2)}`,
        );
      }
    }
  } finally {
    await stage.close();
  }
  return rows;
}

async function run(stage: Stage, situation: Situation, setting: Setting, seconds: number): Promise<StudyRow> {
  const { replicas } = stage;
  await Promise.all(replicas.map((replica) => replica.change({ ...WELL, isReset: true })));
  const load = { ...PAGE, outbound: await stage.begin(setting), patienceMs: PATIENCE_MS };
  await timedLoad({ ...load, ratePerSecond: situation.calmRate, seconds: WARM_SECONDS });
  const before = await requestsAt(stage);
  const befalling = situation.befall(replicas, seconds);
  let measuredFromMs = 0;
  const startMs = performance.now();
  const sampling = timedLoad({
    ...load,
    ratePerSecond: situation.rate,
    seconds: situation.isAftermath ? seconds + 2 : seconds,
  });
  await befalling;
  if (situation.isAftermath) measuredFromMs = performance.now() - startMs;
  const samples = await sampling;
  const requests = (await requestsAt(stage)) - before;
  return rowOf(situation, setting, samples, measuredFromMs, requests);
}

function rowOf(
  situation: Situation,
  setting: Setting,
  all: readonly Sample[],
  fromMs: number,
  requests: number,
): StudyRow {
  const measured = all.filter(({ dueMs }) => dueMs >= fromMs);
  const waits = measured.map(({ waitedMs }) => waitedMs).sort((a, b) => a - b);
  const perSecond: number[] = [];
  for (const sample of all) {
    // The first request is due after its share of a second, the last of a second at its end.
    const second = Math.ceil(sample.dueMs / 1_000) - 1;
    perSecond[second] = (perSecond[second] ?? 0) + Number(isGood(sample));
  }
  const seconds = measured.length / situation.rate;
  return {
    situation: situation.id,
    setting: setting.id,
    asked: situation.rate,
    goodput: measured.filter(isGood).length / seconds,
    p50Ms: quantile(waits, 0.5),
    p99Ms: quantile(waits, 0.99),
    amplification: requests / all.length,
    perSecond: Array.from(perSecond, (count) => count ?? 0),
  };
}

function isGood({ status, waitedMs }: Sample): boolean {
  return status === 200 && waitedMs <= GOOD_WITHIN_MS;
}

async function requestsAt({ replicas }: Stage): Promise<number> {
  const counts = await Promise.all(replicas.map((replica) => replica.requests()));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** By goodput. */
function medianOf(runs: readonly StudyRow[]): StudyRow {
  const row = runs.toSorted((a, b) => a.goodput - b.goodput)[Math.floor(runs.length / 2)];
  if (row === undefined) throw new Error('nothing was measured');
  return row;
}

/** Nearest rank of a sorted list. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}
