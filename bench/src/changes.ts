// How fast a change arrives: at simulated proxies, and at a client of the bookstore.
import http from 'node:http';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type StartedMesh, startMesh } from '@malha/testing/started-mesh';
import { type SimulatedProxies, simulateProxies } from './simulated-proxies.ts';

export interface ChangeRow {
  readonly what: string;
  readonly tries: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of the machine in the minute before: what else it had to do. */
  readonly loadAverage: number;
}

const TRIES = 20;
/** Not measured: code that runs for the first time is compiled while it runs. */
const WARM_TRIES = 10;
const PROPAGATION_TRIES = 50;
const SETTLE_MS = 300;
/** More often, and the asking itself would take a core from the mesh that shares it. */
const ASK_EVERY_MS = 10;
const GIVE_UP_MS = 10_000;

export async function changes(proxyCounts: readonly number[], say: (line: string) => void): Promise<ChangeRow[]> {
  const rows: ChangeRow[] = [];
  const record = (row: ChangeRow) => {
    rows.push(row);
    say(
      `${row.what}: p50 ${row.p50Ms.toFixed(0)} ms, p99 ${row.p99Ms.toFixed(0)} ms, slowest ${row.maxMs.toFixed(0)} ms ` +
        `(load average ${row.loadAverage.toFixed(1)})`,
    );
  };
  const mesh = await startMesh({ bookstore: true, console: false, network: 80 });
  try {
    record(summary('Apply until a client of the bookstore sees the changed split', await applyToClient(mesh)));
    record(await restartToEffect(mesh));
    for (const count of proxyCounts) {
      const proxies = await simulateProxies(mesh, count);
      try {
        record(summary(`Apply until active on every one of ${count} proxies`, await propagation(mesh, proxies)));
      } finally {
        await proxies.close();
      }
    }
  } finally {
    await mesh.stop();
  }
  return rows;
}

async function applyToClient(mesh: StartedMesh): Promise<number[]> {
  const caller = await joinCaller(mesh);
  const samples: number[] = [];
  for (let attempt = -WARM_TRIES; attempt < TRIES; attempt++) {
    const wanted = attempt % 2 === 0 ? 'v2' : 'v1';
    const elapsed = await flip(mesh, caller.outbound, wanted);
    if (attempt >= 0) samples.push(elapsed);
    await sleep(SETTLE_MS);
  }
  await mesh.apply(split(100, 0));
  await caller.stop();
  return samples;
}

/**
 * Time from sending Apply to the first answer by the other version. The client asks every few milliseconds and waits for
 * no answer before it asks again: one that is slow, as some of the bookstore's are meant to be, hides no change.
 */
async function flip(mesh: StartedMesh, outbound: string, version: 'v1' | 'v2'): Promise<number> {
  const from = performance.now();
  const applied = mesh.apply(version === 'v2' ? split(0, 100) : split(100, 0));
  let seenMs: number | undefined;
  const ask = async () => {
    if ((await servedBy(outbound)) === `reviews-${version}`) seenMs ??= performance.now() - from;
  };
  const asked: Promise<void>[] = [];
  while (seenMs === undefined) {
    if (performance.now() - from > GIVE_UP_MS) throw new Error('the change did not arrive');
    asked.push(ask());
    await sleep(ASK_EVERY_MS);
  }
  await Promise.all([applied, ...asked]);
  return seenMs;
}

async function restartToEffect(mesh: StartedMesh): Promise<ChangeRow> {
  const caller = await joinCaller(mesh);
  await mesh.apply(split(100, 0));
  await sleep(SETTLE_MS);
  process.kill(mesh.pid('control-plane'), 'SIGKILL');
  await sleep(SETTLE_MS);
  for (;;) {
    try {
      await mesh.admin('GET', '/status');
      break;
    } catch {
      await sleep(10);
    }
  }
  const elapsed = await flip(mesh, caller.outbound, 'v2');
  await mesh.apply(split(100, 0));
  await caller.stop();
  return summary('First change after kill -9 of the control plane, until a client sees it', [elapsed]);
}

/** Each sample is the time of the slowest proxy. */
async function propagation(mesh: StartedMesh, proxies: SimulatedProxies): Promise<number[]> {
  const samples: number[] = [];
  for (let attempt = 0; attempt < PROPAGATION_TRIES; attempt++) {
    const share = attempt % 2 === 0 ? 40 : 60;
    const times = await proxies.untilAllServe(async () => void (await mesh.apply(split(100 - share, share))));
    samples.push(Math.max(...times));
    await sleep(SETTLE_MS);
  }
  await mesh.apply(split(100, 0));
  return samples;
}

function joinCaller(mesh: StartedMesh) {
  const command = [process.execPath, '-e', 'setInterval(() => {}, 1e9); process.on("SIGTERM", () => process.exit(0))'];
  return mesh.join({ service: 'bookstore/shopper', workload: 'bench-caller', command });
}

/** Of reviews that there are not: both versions answer at once, so what is measured is the mesh. */
function servedBy(outbound: string): Promise<string> {
  const url = new URL(outbound);
  return new Promise((resolve, reject) => {
    const request = http.get(
      { host: url.hostname, port: url.port, path: '/reviews/none', headers: { host: 'reviews.bookstore' } },
      (response) => {
        response.resume();
        response.on('end', () => resolve(String(response.headers['x-served-by'])));
      },
    );
    request.on('error', reject);
  });
}

function split(v1: number, v2: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: reviews, namespace: bookstore}
spec:
  parentRefs: [{group: malha.dev, kind: Service, name: reviews, port: 80}]
  rules:
    - name: default
      backendRefs:
        - {group: malha.dev, kind: ServiceVersion, name: reviews-v1, port: 80, weight: ${v1}}
        - {group: malha.dev, kind: ServiceVersion, name: reviews-v2, port: 80, weight: ${v2}}
`;
}

function summary(what: string, samples: readonly number[]): ChangeRow {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
  return {
    what,
    tries: samples.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    loadAverage: os.loadavg()[0] ?? 0,
  };
}
