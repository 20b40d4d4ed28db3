// What clients that mean harm cost: p99 of those that behave, memory and CPU of the proxy, before and during each abuse.
import { type ChildProcess, spawn } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type LoneProxy, startLoneProxy } from '../src/lone-proxy.ts';

const SOURCES = path.resolve(import.meta.dirname, '../src');
const RATE_PER_SECOND = 200;
const WINDOW_MS = 2_000;
/** For connections to open, and for what an abuse leaves behind to go. */
const SETTLE_MS = 1_500;
const ROUNDS = 3;
const RATIO_MAX = 2;
/** Below this a p99 says more about the machine's scheduler than about the proxy. */
const P99_FLOOR_MS = 5;
/** Of the control: above it the machine is busy with something else, and a ratio would say nothing about the proxy. */
const CONTROL_BUSY_MS = 10;
/** One control request for so many that go through the proxy. */
const CONTROL_EVERY = 4;
const GROWTH_MIB_MAX = 150;

let app: ChildProcess;
/** An application that no abuse can reach: its answers tell how busy the machine is. */
let control: ChildProcess;
let controlPort: number;
let proxy: LoneProxy;
let abusers: ChildProcess | undefined;

beforeAll(async () => {
  app = spawn(process.execPath, [path.join(SOURCES, 'stock-app.mjs')]);
  control = spawn(process.execPath, [path.join(SOURCES, 'stock-app.mjs')]);
  controlPort = Number(await said(control));
  proxy = await startLoneProxy(Number(await said(app)));
  await measure(WINDOW_MS);
});
afterEach(() => {
  abusers?.kill('SIGKILL');
});
afterAll(async () => {
  await proxy?.stop();
  app?.kill('SIGKILL');
  control?.kill('SIGKILL');
});

/** The next line of a process. */
function said(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(line.toString().trim()));
    child.once('exit', () => reject(new Error('it ended')));
  });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Measured {
  readonly p99Ms: number;
  /** The same of the control. */
  readonly controlP99Ms: number;
  readonly failed: number;
  /** Share of one core. */
  readonly cpu: number;
}

/** Well-behaved requests at a steady rate, over connections that are kept. */
async function measure(windowMs: number): Promise<Measured> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const latencies: number[] = [];
  const controls: number[] = [];
  const open: Promise<void>[] = [];
  let failed = 0;
  const cpuBefore = proxy.cpuMs();
  const from = performance.now();
  for (let sent = 0; performance.now() - from < windowMs; ) {
    for (; sent < ((performance.now() - from) / 1_000) * RATE_PER_SECOND; sent++) {
      const startMs = performance.now();
      open.push(
        request(proxy.outboundPort, agent).then(
          () => void latencies.push(performance.now() - startMs),
          () => void failed++,
        ),
      );
      if (sent % CONTROL_EVERY === 0)
        open.push(request(controlPort, agent).then(() => void controls.push(performance.now() - startMs)));
    }
    await pause(2);
  }
  const cpu = (proxy.cpuMs() - cpuBefore) / (performance.now() - from);
  await Promise.all(open);
  agent.destroy();
  return { p99Ms: p99(latencies), controlP99Ms: p99(controls), failed, cpu };
}

function p99(latencies: readonly number[]): number {
  return latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? Number.POSITIVE_INFINITY;
}

function request(port: number, agent: http.Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = http.get({ port, host: '127.0.0.1', agent, headers: { host: 'echo' } }, (answer) => {
      answer.resume().on('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error('not 200'))));
      answer.on('error', reject);
    });
    sent.setTimeout(10_000, () => sent.destroy(new Error('no answer')));
    sent.on('error', reject);
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

test.each([
  'slow-head',
  'slow-body',
  'slow-chunks',
  'slow-preface',
  'slow-headers',
  'slow-window',
  'zero-window',
  'rapid-reset',
  'continuation',
  'hpack-bomb',
  'settings',
  'ping',
  'empty-data',
  'unread',
])('%s', async (kind) => {
  const before: Measured[] = [];
  const during: Measured[] = [];
  const residentBefore = proxy.residentMiB();
  let residentMax = 0;
  let cutOff = 0;
  for (let round = 0; round < ROUNDS; round++) {
    before.push(await measure(WINDOW_MS));
    abusers = spawn(process.execPath, [path.join(SOURCES, 'abusers.mjs'), String(proxy.outboundPort), kind]);
    abusers.stderr?.pipe(process.stderr);
    await said(abusers);
    await pause(SETTLE_MS);
    during.push(await measure(WINDOW_MS));
    residentMax = Math.max(residentMax, proxy.residentMiB());
    abusers.stdin?.write('?');
    cutOff += Number(await said(abusers));
    abusers.kill('SIGKILL');
    await pause(SETTLE_MS);
  }
  const [p99Before, p99During] = [median(before.map(({ p99Ms }) => p99Ms)), median(during.map(({ p99Ms }) => p99Ms))];
  const controlMs = median([...before, ...during].map(({ controlP99Ms }) => controlP99Ms));
  const ratio = Math.max(p99During, P99_FLOOR_MS) / Math.max(p99Before, P99_FLOOR_MS);
  const percent = (all: readonly Measured[]) => `${(median(all.map(({ cpu }) => cpu)) * 100).toFixed(0)} %`;
  console.log(
    `${kind}: p99 ${p99Before.toFixed(1)} ms before, ${p99During.toFixed(1)} during; CPU ${percent(before)}, ${percent(during)}; ` +
      `memory ${residentBefore.toFixed(0)} MiB, at most ${residentMax.toFixed(0)}; cut off ${cutOff} times; control p99 ${controlMs.toFixed(1)} ms`,
  );
  expect(during.map(({ failed }) => failed)).toEqual(during.map(() => 0));
  expect(residentMax - residentBefore).toBeLessThan(GROWTH_MIB_MAX);
  if (controlMs > CONTROL_BUSY_MS) console.log(`${kind}: not judged by its p99, the machine is busy`);
  else expect(ratio).toBeLessThan(RATIO_MAX);
});
