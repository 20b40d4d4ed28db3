// What protects callers, on a whole mesh: a replica that turns slow, a service that hangs, one that fails, a replica killed.
import { OpenLoop } from '@malha/testing/open-loop';
import { type Sample, timedLoad } from '@malha/testing/timed-load';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type GuardedMesh, metricsOf, startGuardedMesh, until } from '../src/guarded-mesh.ts';
import { type Operator, signIn } from '../src/operator.ts';

const PATIENCE_MS = 20_000;
const SLOW_MS = 5_000;
/** More than any of these loads has in flight. */
const WORKERS = 10_000;
const REQUESTS_MAX = 50;

let stage: GuardedMesh;
let operator: Operator;

beforeAll(async () => {
  stage = await startGuardedMesh(88);
  operator = await signIn(stage.mesh);
});
afterAll(() => stage?.mesh.stop());

beforeEach(() => troubleAll({ workers: WORKERS, workMs: 0, isFailing: false, isReset: true }));

async function troubleAll(trouble: Parameters<GuardedMesh['replicas'][0]['app']['change']>[0]): Promise<void> {
  await Promise.all(stage.replicas.map(({ app }) => app.change(trouble)));
}

async function requestsAtAll(): Promise<number> {
  const counts = await Promise.all(stage.replicas.map(({ app }) => app.requests()));
  return counts.reduce((sum, count) => sum + count, 0);
}

function openLoop(ratePerSecond: number): OpenLoop {
  return new OpenLoop({
    outbound: stage.caller.outbound,
    host: 'echo',
    path: '/',
    method: 'GET',
    ratePerSecond,
  }).start();
}

function timed(seconds: number): Promise<Sample[]> {
  const { outbound } = stage.caller;
  return timedLoad({ outbound, host: 'echo', path: '/', ratePerSecond: 100, seconds, patienceMs: PATIENCE_MS });
}

function p99Ms(samples: readonly Sample[]): number {
  const waits = samples.map(({ waitedMs }) => waitedMs).sort((a, b) => a - b);
  return waits[Math.ceil(0.99 * waits.length) - 1] ?? Number.NaN;
}

async function eventsOf(name: string): Promise<number> {
  const found = new RegExp(`malha_proxy_events_total{event="${name}"} (\\d+)`).exec(await metricsOf(stage.caller));
  return Number(found?.[1] ?? Number.NaN);
}

test('of a replica that turns slow, less than one request in a hundred is felt five seconds later', async () => {
  const [slow] = stage.replicas;
  await stage.protect({ loadBalancer: { type: 'PeakEwma' } });
  const calm = await timed(3);
  await slow.app.change({ workMs: SLOW_MS });
  await timed(5);
  const before = await slow.app.requests();
  const after = await timed(8);
  const felt = (await slow.app.requests()) - before;
  console.log(
    `p99 ${p99Ms(calm).toFixed(1)} ms before, ${p99Ms(after).toFixed(1)} ms after; ${felt} of ${after.length} felt it`,
  );
  expect(after.every(({ status }) => status === 200)).toBe(true);
  // So the ninety-ninth percentile is what the other two give, however fast this machine is.
  expect(felt).toBeLessThan(after.length / 100);
});

test('a service that hangs holds no more of a caller than its limit, opens the breaker, and is found well again', async () => {
  await stage.protect({
    connection: { maxRequests: REQUESTS_MAX },
    timeouts: { request: '1s' },
    retries: { attempts: 0 },
    outlierDetection: { consecutive5xx: 0, consecutiveLocalErrors: 0 },
    circuitBreaker: { successRate: 80, open: '500ms', openMax: '1s', halfOpenRequests: 2 },
  });
  const openedBefore = await eventsOf('breaker-opened');
  const rejectedBefore = await eventsOf('breaker-rejected');
  const reachedBefore = await requestsAtAll();
  await troubleAll({ workers: 0 });
  const running = openLoop(200);
  const states = new Set<string>();
  await until('the breaker to open, ask and open again', async () => {
    const { breakers } = await operator.query<{ breakers: readonly { state: string }[] }>('resilience.standing', null);
    for (const { state } of breakers) states.add(state);
    return (await eventsOf('breaker-opened')) - openedBefore >= 3 && states.has('open');
  });
  const opened = (await eventsOf('breaker-opened')) - openedBefore;
  // Those in flight when it opened first, and two for each time that it asked.
  expect((await requestsAtAll()) - reachedBefore).toBeLessThanOrEqual(REQUESTS_MAX + 2 * (opened + 1));
  await until('requests refused at once', async () => (await eventsOf('breaker-rejected')) - rejectedBefore > 200);
  await troubleAll({ workers: WORKERS, isReset: true });
  running.phase('well');
  await until('answers again', () => (running.outcome().byStatus[200] ?? 0) > 200);
  await running.stop();
  await until('the breaker closed in the eyes of the operator', async () => {
    const { breakers } = await operator.query<{ breakers: readonly unknown[] }>('resilience.standing', null);
    return breakers.length === 0;
  });
  const whole = openLoop(100);
  await until('a hundred answers', () => whole.outcome().sent > 100);
  expect((await whole.stop()).byStatus).toEqual({ 200: expect.any(Number) });
});

test('a service that fails is asked 1.2 times for each request at most', async () => {
  // A retry waits longer than an attempt takes, so that the budget, which counts what is in flight, bounds the rate as well.
  await stage.protect({
    retries: { attempts: 2, backoff: { base: '500ms', max: '500ms' } },
    outlierDetection: { consecutive5xx: 0, consecutiveLocalErrors: 0 },
  });
  await troubleAll({ isFailing: true });
  const before = await requestsAtAll();
  const running = openLoop(200);
  await until('a thousand requests', () => running.outcome().sent >= 1_000);
  const { sent, failed, broken } = await running.stop();
  const reached = (await requestsAtAll()) - before;
  console.log(`${reached} requests at the service for ${sent} of the caller: × ${(reached / sent).toFixed(3)}`);
  expect({ failed, broken }).toEqual({ failed: sent, broken: 0 });
  expect(reached).toBeGreaterThan(sent);
  expect(reached / sent).toBeLessThanOrEqual(1.2);
});

test('a replica that joins has its share within a second', async () => {
  await stage.protect({});
  const running = openLoop(500);
  const joined = await stage.join('echo-4');
  const at = running.outcome().sent;
  await until('a second of requests', () => running.outcome().sent > at + 500);
  running.phase('share');
  await until('three more', () => running.outcome().sent > at + 2_000);
  const outcome = await running.stop();
  await joined.workload.stop();
  const { sent = 0, byServer = {} } = outcome.phases.at(-1) ?? {};
  const share = (byServer[joined.name] ?? 0) / sent;
  const replicas = Object.keys(byServer).length;
  console.log(`${(share * 100).toFixed(1)} % of ${sent} at the new one of ${replicas}`);
  expect(outcome, outcome.firstError).toMatchObject({ failed: 0, broken: 0 });
  // Least request draws two of them: five standard deviations of a draw by lot are more than it can be off.
  const deviation = Math.sqrt((1 / replicas) * (1 - 1 / replicas) * sent) / sent;
  expect(Math.abs(share - 1 / replicas)).toBeLessThan(5 * deviation);
});

test('kill -9 of one of three replicas under 500 requests/s of GETs: none fails', async () => {
  // The default, written out: this stage begins with none.
  await stage.protect({ retries: { attempts: 2 } });
  const [, killed] = stage.replicas;
  const running = openLoop(500);
  const byServer = () => running.outcome().byServer;
  const names = stage.replicas.map(({ name }) => name);
  await until('answers of all three', () => names.every((name) => (byServer()[name] ?? 0) > 100));
  await killed.workload.stop('SIGKILL');
  const at = running.outcome().sent;
  await until('a second of requests after it', () => running.outcome().sent > at + 500);
  running.phase('later');
  await until('two more', () => running.outcome().sent > at + 1_500);
  const outcome = await running.stop();
  console.log(`${outcome.sent} sent, ${outcome.failed} failed, ${outcome.retries} retried`);
  expect(outcome, outcome.firstError).toMatchObject({ failed: 0, broken: 0 });
  expect(outcome.phases.at(-1)?.byServer[killed.name]).toBeUndefined();
});
