// What Malha counts is what was sent: exactly, retries told apart, also over restarts of a proxy and of the control plane.
import { setTimeout as sleep } from 'node:timers/promises';
import { OpenLoop, type Outcome } from '@malha/testing/open-loop';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CALLER, type EchoMesh, echo, startEchoMesh, untilActive } from '../src/echo-mesh.ts';
import { type Operator, signIn } from '../src/operator.ts';

const RETRYING = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: echo, namespace: lab}
spec:
  parentRefs: [{group: malha.dev, kind: Service, name: echo, port: 80}]
  rules:
    - name: default
      retry: {codes: [503], attempts: 2, backoff: 10ms}
      backendRefs: [{group: malha.dev, kind: ServiceVersion, name: echo-v1, port: 80}]
`;
/** Of requests that fail at the first try, and of those that fail at each. */
const FAIL_ONCE_EVERY = 20;
const FAIL_ALWAYS_EVERY = 50;
const RATE_PER_SECOND = 100;

interface Counts {
  readonly requests: number;
  readonly failures: number;
  readonly retries: number;
}

let stage: EchoMesh;
let operator: Operator;

beforeAll(async () => {
  stage = await startEchoMesh({ network: 78 });
  operator = await signIn(stage.mesh);
  const { revision } = await stage.mesh.apply(RETRYING);
  await untilActive(stage.mesh, 3, revision);
});
afterAll(() => stage?.mesh.stop());

let calls = 0;

/** Sends for a while; `during` happens meanwhile. */
async function run(outbound: string, during: () => Promise<void>): Promise<Outcome> {
  const load = new OpenLoop({
    ...{ outbound, host: 'echo', path: '/counted', method: 'GET', ratePerSecond: RATE_PER_SECOND },
    headersOf: (index) => {
      const call = { 'x-call': String(calls++) };
      if (index % FAIL_ALWAYS_EVERY === 1) return { ...call, 'x-fail': 'always' };
      return index % FAIL_ONCE_EVERY === 0 ? { ...call, 'x-fail': 'once' } : call;
    },
  }).start();
  await during();
  const outcome = await load.stop();
  expect(outcome.broken).toBe(0);
  expect(outcome.failed).toBeGreaterThan(0);
  expect(outcome.retries).toBeGreaterThan(outcome.failed);
  return outcome;
}

/** What the load generator saw, in the words of the totals. */
function counted({ sent, failed, retries }: Outcome): Counts {
  return { requests: sent, failures: failed, retries };
}

async function totals(): Promise<Counts> {
  const { edges } = await stage.mesh.admin<{
    edges: (Counts & { source: { service: string }; destination: { service: string } })[];
  }>('GET', '/telemetry/totals');
  const ours = edges.filter(({ source, destination }) => source.service === 'caller' && destination.service === 'echo');
  return ours.reduce(
    (sum, edge) => ({
      requests: sum.requests + edge.requests,
      failures: sum.failures + edge.failures,
      retries: sum.retries + edge.retries,
    }),
    { requests: 0, failures: 0, retries: 0 },
  );
}

function sum(...counts: readonly Counts[]): Counts {
  return counts.reduce((all, each) => ({
    requests: all.requests + each.requests,
    failures: all.failures + each.failures,
    retries: all.retries + each.retries,
  }));
}

/** Reports arrive each second: waits until as many requests are counted as were sent, and then a little for too many. */
async function settledTotals(wanted: Counts): Promise<Counts> {
  const deadline = performance.now() + 20_000;
  while ((await totals()).requests < wanted.requests && performance.now() < deadline) await sleep(100);
  await sleep(2_500);
  return totals();
}

async function healthyInstances(): Promise<number> {
  const range = { liveSeconds: 60 };
  const services = await operator.query<{ name: string; healthyInstances: number }[]>('services.list', { range });
  return services.find(({ name }) => name === 'echo')?.healthyInstances ?? 0;
}

/** Both instances are there, their applications answer, and every proxy knows it. */
async function untilWhole(): Promise<void> {
  const deadline = performance.now() + 30_000;
  while ((await healthyInstances().catch(() => 0)) < 2) {
    if (performance.now() > deadline) throw new Error('the mesh is not whole again');
    await sleep(100);
  }
  await untilActive(stage.mesh, 3);
}

test('the totals equal what was sent, over restarts of the control plane, of the callee’s proxy and of the caller’s', async () => {
  const { mesh, caller, v1 } = stage;
  const before = await settledTotals({ requests: 1, failures: 0, retries: 0 });
  const fromMs = Math.ceil(Date.now() / 1_000) * 1_000;
  // What is counted between two reports stands in the second of the first of them.
  await sleep(3_000);

  const first = await run(caller.outbound, async () => {
    await sleep(2_000);
    process.kill(mesh.pid('control-plane'), 'SIGTERM');
    await sleep(6_000);
  });
  await untilWhole();
  expect(await settledTotals(sum(before, counted(first)))).toEqual(sum(before, counted(first)));

  await v1.stop();
  await mesh.rejoin(echo('v1'));
  await untilWhole();
  const second = await run(caller.outbound, () => sleep(2_000));
  // The caller's proxy ends while its last counts are not reported yet.
  await caller.stop();
  const again = await mesh.rejoin(CALLER);
  await untilWhole();
  const third = await run(again.outbound, () => sleep(2_000));

  const wanted = sum(before, counted(first), counted(second), counted(third));
  expect(await settledTotals(wanted)).toEqual(wanted);

  // What the console shows of the same time, which ends in a second that is complete by now.
  await sleep(2_000);
  const sent = first.sent + second.sent + third.sent;
  const toMs = Math.floor(Date.now() / 1_000) * 1_000 - 3_000;
  const { golden } = await operator.query<{ golden: { requestsPerSecond: number; failedPerSecond: number } }>(
    'overview.get',
    { range: { fromMs, toMs } },
  );
  const seconds = (toMs - fromMs) / 1_000;
  expect(Math.round(golden.requestsPerSecond * seconds)).toBe(sent);
  expect(Math.round(golden.failedPerSecond * seconds)).toBe(wanted.failures - before.failures);
  const split = await operator.query<{ total: number }>('split.measured', {
    ...{ namespace: 'lab', route: 'echo', rule: 'default', sinceMs: fromMs },
  });
  expect(split.total).toBe(sent);
});
