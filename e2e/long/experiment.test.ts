// An experiment whose control plane is killed: the fault ends by the clock of the proxy that carries it out, and what came of the
// experiment is said once somebody can say it.
import { setTimeout as sleep } from 'node:timers/promises';
import { type StartedMesh, startMesh } from '@malha/testing/started-mesh';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Call, CallLog } from '../src/call-log.ts';
import { type EchoMesh, startEchoMesh, untilActive } from '../src/echo-mesh.ts';
import { until } from '../src/guarded-mesh.ts';
import { type Operator, signIn } from '../src/operator.ts';

const NETWORK = 96;
const RATE_PER_SECOND = 50;
const ABORT_STATUS = 418;
const ABORT_SHARE = 0.5;
/** Long enough for the control plane to be killed, and for faults to be seen without it, on the slowest machine. */
const LASTS_MS = 30_000;
const BEFORE_MS = 10_000;
/** Of so many requests a half is between these shares, but for one run in more than a million. */
const COUNTED_MIN = 200;
const SHARE_RANGE = [0.3, 0.7] as const;

const EXPERIMENT = `apiVersion: malha.dev/v1
kind: FaultInjection
metadata: {name: half, namespace: lab}
spec:
  targetRef: {kind: Service, name: echo}
  abort: {percent: ${ABORT_SHARE * 100}, httpStatus: ${ABORT_STATUS}}
  expiresAfter: ${LASTS_MS / 1_000}s
  experiment:
    hypothesis: [{of: Service, minSuccessPercent: 99}]
    before: ${BEFORE_MS / 1_000}s
    after: 10s
`;

interface Experiment {
  readonly id: string;
  readonly standing: string;
  readonly startedAtMs: number;
  readonly dueAtMs: number;
  readonly end: { readonly atMs: number } | null;
  readonly verdict: string | null;
  readonly reason: string;
}

let stage: EchoMesh;
let revived: StartedMesh | undefined;
let operator: Operator;

beforeAll(async () => {
  stage = await startEchoMesh({ network: NETWORK });
  operator = await signIn(stage.mesh);
});
afterAll(async () => {
  await revived?.end('SIGTERM');
  await stage?.mesh.stop();
});

async function theExperiment(): Promise<Experiment> {
  const [newest] = await operator.query<Experiment[]>('experiments.list', null);
  if (newest === undefined) throw new Error('there is no experiment');
  return newest;
}

const isAborted = ({ status }: Call) => status === ABORT_STATUS;

test('the control plane is killed during an experiment: it ends when it is due, and its verdict says what is not known', async () => {
  const calls = new CallLog({ outbound: stage.caller.outbound, host: 'echo', ratePerSecond: RATE_PER_SECOND }).start();
  const begunMs = Date.now();
  await until('a phase before', () => Date.now() - begunMs > BEFORE_MS + 5_000);
  await stage.mesh.apply(EXPERIMENT);
  await until('the first fault', () => calls.calls.some(isAborted));
  await until('the experiment', async () => (await operator.query<Experiment[]>('experiments.list', null)).length > 0);
  const { dueAtMs } = await theExperiment();
  const controlPlane = stage.mesh.pid('control-plane');
  // The starter would bring it back.
  await stage.mesh.end('SIGKILL');
  process.kill(controlPlane, 'SIGKILL');
  const killedMs = Date.now();
  try {
    expect(killedMs).toBeLessThan(dueAtMs);
    await sleep(Math.max(0, dueAtMs - Date.now()));
    const overMs = Date.now();
    await until(
      'requests after the end',
      () => calls.calls.filter(({ sentMs }) => sentMs > overMs).length > COUNTED_MIN,
    );
    const meanwhile = calls.calls.filter(({ sentMs, endedMs }) => sentMs > killedMs && endedMs < dueAtMs);
    const later = calls.calls.filter(({ sentMs }) => sentMs > dueAtMs);
    const share = meanwhile.filter(isAborted).length / meanwhile.length;
    console.log(
      `${meanwhile.length} requests without a control plane, ${(share * 100).toFixed(1)} % of them with the fault; ${later.length} after it`,
    );
    if (meanwhile.length >= COUNTED_MIN) {
      expect(share).toBeGreaterThan(SHARE_RANGE[0]);
      expect(share).toBeLessThan(SHARE_RANGE[1]);
    }
    expect(meanwhile.some(isAborted)).toBe(true);
  } finally {
    revived = await startMesh({ network: NETWORK, bookstore: false, console: false, after: stage.mesh });
  }
  await untilActive(revived, 3);
  await until('the verdict', async () => (await theExperiment()).standing === 'finished', 120_000);
  await calls.stop();
  // What was sent when it was due or later was looked at by the proxy later still: by the clock of the same machine.
  const afterEnd = calls.calls.filter(({ sentMs }) => sentMs > dueAtMs);
  expect(new Set(afterEnd.map(({ status }) => status))).toEqual(new Set([200]));
  const experiment = await theExperiment();
  expect(experiment).toMatchObject({ verdict: 'inconclusive', end: { atMs: dueAtMs } });
  expect(experiment.reason).toMatch(/^No control plane counted from .* to .*, while the fault ended/);
});
