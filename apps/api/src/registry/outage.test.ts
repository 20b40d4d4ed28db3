// Outages: what a replica that dies, restarts, is stalled, or loses Postgres does to the workloads of the mesh: nothing.
import { randomBytes } from 'node:crypto';
import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import type { Clock } from '@malha/traffic/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  type JoinedAgent,
  joinAs,
  startTestReplica,
  systemClock,
  TestAgent,
  type TestReplica,
} from '../agents/testing.ts';
import { startTestDatabase } from '../db/testing.ts';

const SEAL_KEY = randomBytes(32).toString('base64');
let postgres: ThrowAwayPostgres;
let replicas: TestReplica[];
let agents: TestAgent[];

beforeEach(async () => {
  postgres = await startTestDatabase({ restart: true });
  replicas = [];
  agents = [];
}, 60_000);
afterEach(async () => {
  for (const agent of agents) agent.silence();
  await Promise.all(replicas.map((replica) => replica.stop()));
  await postgres.stop();
});

async function startReplica(clock: Clock = systemClock): Promise<TestReplica> {
  const replica = await startTestReplica({ url: postgres.url, sealKey: SEAL_KEY, clock });
  replicas.push(replica);
  return replica;
}

async function startAgent(replica: TestReplica, joined: JoinedAgent): Promise<TestAgent> {
  const agent = await TestAgent.start(replica.memberPort, joined);
  agents.push(agent);
  return agent;
}

async function die(replica: TestReplica): Promise<void> {
  replicas = replicas.filter((other) => other !== replica);
  await replica.kill();
}

function isIn(replica: TestReplica, { response }: JoinedAgent): boolean {
  return replica.registry
    .workloads()
    .workloads.some(({ metadata }) => `${metadata.namespace}/${metadata.name}` === response.workload);
}

/** Every change of the world seen by a replica while `work` runs. */
async function changesDuring(replica: TestReplica, work: () => Promise<void>): Promise<number[]> {
  const seen: number[] = [];
  const stop = replica.registry.onChange(({ workloads }) => seen.push(workloads.length));
  await work();
  stop();
  return seen;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('a replica that dies', () => {
  it('loses nobody whose agent comes to another replica within its first backoff', async () => {
    const [a, b] = [await startReplica(), await startReplica()];
    const joined = await Promise.all([joinAs(a, 'bookstore/reviews'), joinAs(a, 'bookstore/reviews')]);
    for (const each of joined) await startAgent(a, each);
    await eventually(() => joined.every((each) => isIn(b, each)));
    const seen = await changesDuring(b, async () => {
      await die(a);
      await pause(1_200);
      for (const each of joined) await startAgent(b, each);
      await pause(6_000);
    });
    expect(seen).toEqual([]);
    expect(joined.every((each) => isIn(b, each))).toBe(true);
  }, 30_000);

  it('takes with it, after a grace, the workloads whose agents come nowhere', async () => {
    const [a, b] = [await startReplica(), await startReplica()];
    const joined = await joinAs(a, 'bookstore/reviews');
    const agent = await startAgent(a, joined);
    await eventually(() => isIn(b, joined));
    await pause(3_000);
    agent.mute();
    await die(a);
    const outMs = await eventually(() => !isIn(b, joined), 15_000);
    expect(outMs).toBeGreaterThan(3_000);
  }, 30_000);

  it('keeps those who are late while others are still arriving', async () => {
    const [a, b] = [await startReplica(), await startReplica()];
    const joined = await Promise.all(Array.from({ length: 5 }, () => joinAs(a, 'bookstore/reviews')));
    for (const each of joined) await startAgent(a, each);
    await eventually(() => joined.every((each) => isIn(b, each)));
    await die(a);
    const seen = await changesDuring(b, async () => {
      for (const each of joined) {
        await pause(2_000);
        await startAgent(b, each);
      }
    });
    expect(seen).toEqual([]);
  }, 40_000);

  it('is followed by one that knows everybody at once, and gives agents time to come back', async () => {
    const first = await startReplica();
    const joined = await joinAs(first, 'bookstore/reviews');
    await startAgent(first, joined);
    const { sequence } = first.registry.workloads();
    await die(first);
    await pause(4_000);
    const next = await startReplica();
    expect(next.registry.workloads().sequence).toBe(sequence);
    expect(isIn(next, joined)).toBe(true);
    await pause(2_000);
    await startAgent(next, joined);
    const seen = await changesDuring(next, () => pause(5_000));
    expect(seen).toEqual([]);
    expect(isIn(next, joined)).toBe(true);
  }, 30_000);
});

describe('a replica that was stalled', () => {
  it('holds the silence of that time against nobody', async () => {
    let jumpMs = 0;
    const clock: Clock = { now: () => Date.now() + jumpMs, monotonic: () => performance.now() + jumpMs };
    const replica = await startReplica(clock);
    const joined = await joinAs(replica, 'bookstore/reviews');
    const agent = await startAgent(replica, joined);
    agent.sendBeat();
    await pause(500);
    const seen = await changesDuring(replica, async () => {
      jumpMs = 60_000;
      await pause(2_500);
    });
    expect(seen).toEqual([]);
    agent.mute();
    await eventually(() => !isIn(replica, joined), 10_000);
  }, 30_000);
});

describe('Postgres that is killed', () => {
  it('costs nobody: sessions go on, and silence counts anew when it is back', async () => {
    const [a, b] = [await startReplica(), await startReplica()];
    const joined = await Promise.all([joinAs(a, 'bookstore/reviews'), joinAs(b, 'bookstore/reviews')]);
    const [one] = [await startAgent(a, joined[0]), await startAgent(b, joined[1])];
    await eventually(() => joined.every((each) => isIn(a, each) && isIn(b, each)));
    const seen = await changesDuring(a, async () => {
      process.kill(postgres.pid, 'SIGKILL');
      await pause(6_000);
    });
    expect(seen).toEqual([]);
    await eventually(
      async () => (await a.agents.list()).every(({ silence_ms }) => (silence_ms ?? 1e9) < 2_000),
      10_000,
    );
    expect(joined.every((each) => isIn(a, each) && isIn(b, each))).toBe(true);
    // And the registry works again: a workload that falls silent now goes out on both.
    one?.silence();
    await eventually(() => !isIn(a, joined[0]) && !isIn(b, joined[0]), 10_000);
    expect(isIn(a, joined[1])).toBe(true);
  }, 60_000);
});
