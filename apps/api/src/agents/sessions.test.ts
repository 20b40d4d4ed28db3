// Agent sessions and the registry over real gRPC, TLS and Postgres, on two replicas.
import { randomBytes } from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import { processTimers, type Timers } from '@malha/xds/timers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestDatabase } from '../db/testing.ts';
import type { ServedReport } from './messages.ts';
import { reportOf, statusOf } from './router.ts';
import { eventually, type JoinedAgent, joinAs, startTestReplica, TestAgent, type TestReplica } from './testing.ts';

const SEAL_KEY = randomBytes(32).toString('base64');
let postgres: ThrowAwayPostgres;
let a: TestReplica;
let b: TestReplica;
let running: TestAgent[] = [];

beforeAll(async () => {
  postgres = await startTestDatabase();
  [a, b] = await Promise.all([
    startTestReplica({ url: postgres.url, sealKey: SEAL_KEY }),
    startTestReplica({ url: postgres.url, sealKey: SEAL_KEY }),
  ]);
}, 60_000);
afterEach(() => {
  for (const agent of running) agent.silence();
  running = [];
});
afterAll(async () => {
  await Promise.all([a.stop(), b.stop()]);
  await postgres.stop();
});

async function start(replica: TestReplica, joined: JoinedAgent, hello = {}): Promise<TestAgent> {
  const agent = await TestAgent.start(replica.memberPort, joined, hello);
  running.push(agent);
  return agent;
}

function worldOf(replica: TestReplica): string[] {
  return replica.registry.workloads().workloads.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

function healthOf(replica: TestReplica, workload: string): boolean | undefined {
  const all = replica.registry.workloads().workloads;
  return all.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === workload)?.status.healthy;
}

async function agree(): Promise<void> {
  await eventually(() => {
    return JSON.stringify(a.registry.workloads()) === JSON.stringify(b.registry.workloads());
  });
}

describe('Hello', () => {
  it('brings the workload into the world of both replicas, as a Workload resource', async () => {
    const joined = await joinAs(a, 'bookstore/reviews', { workloadName: 'reviews-1' });
    expect(worldOf(a)).not.toContain('bookstore/reviews-1');
    await start(a, joined, { labels: { tier: 'web' } });
    expect(worldOf(a)).toContain('bookstore/reviews-1');
    await agree();
    const found = b.registry.workloads().workloads.find(({ metadata }) => metadata.name === 'reviews-1');
    expect(found).toEqual({
      apiVersion: 'malha.dev/v1',
      kind: 'Workload',
      metadata: {
        name: 'reviews-1',
        namespace: 'bookstore',
        labels: { tier: 'web', app: 'reviews', version: 'v1' },
      },
      spec: {
        address: joined.response.address,
        inboundPort: 15006,
        ports: [{ port: 9080, appAddress: '127.0.0.1:40123' }],
        serviceAccount: 'reviews',
        model: 'sidecar',
      },
      status: { healthy: true },
    });
  });

  it('is refused for a workload of another identity, of another service, and one that never joined', async () => {
    const mine = await joinAs(a, 'bookstore/reviews');
    const theirs = await joinAs(a, 'bookstore/ratings');
    await expect(start(a, mine, { workload: theirs.response.workload })).rejects.toMatchObject({
      code: grpc.status.PERMISSION_DENIED,
    });
    await expect(start(a, mine, { service: 'bookstore/ratings' })).rejects.toMatchObject({
      code: grpc.status.PERMISSION_DENIED,
    });
    await expect(start(a, mine, { service: 'other/reviews' })).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
    });
    await expect(start(a, mine, { workload: 'bookstore/ghost' })).rejects.toMatchObject({
      code: grpc.status.NOT_FOUND,
    });
  });

  it('is refused with an address that was not given to the workload, and with what is no Workload', async () => {
    const joined = await joinAs(a, 'bookstore/reviews');
    await expect(start(a, joined, { address: '127.64.200.200' })).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
    });
    await expect(start(a, joined, { labels: { '': 'x' } })).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
    });
    await expect(start(a, joined, { model: 'magic' })).rejects.toMatchObject({ code: grpc.status.INVALID_ARGUMENT });
    await expect(start(a, joined, { ports: [{ port: 70_000, appAddress: '' }] } as never)).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
    });
  });

  it('takes the workload over from an earlier session, on the same replica and on another', async () => {
    const joined = await joinAs(a, 'bookstore/reviews');
    const first = await start(a, joined);
    const before = a.registry.workloads().sequence;
    const second = await start(a, joined);
    expect((await first.ended)?.code).toBe(grpc.status.UNAVAILABLE);
    await start(b, joined);
    expect((await second.ended)?.code).toBe(grpc.status.UNAVAILABLE);
    await agree();
    expect(worldOf(a)).toContain(joined.response.workload);
    // Nothing changed that others act on: no push to anybody.
    expect(a.registry.workloads().sequence).toBe(before);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(worldOf(a)).toContain(joined.response.workload);
  }, 30_000);
});

describe('addresses', () => {
  it('are unique, and the same again for the same workload name', async () => {
    const names = ['w1', 'w2', 'w3', 'w4'];
    const joined = await Promise.all(
      names.map((workloadName, index) => joinAs(index % 2 === 0 ? a : b, 'bookstore/reviews', { workloadName })),
    );
    const addresses = joined.map(({ response }) => response.address);
    expect(new Set(addresses).size).toBe(4);
    const again = await joinAs(b, 'bookstore/reviews', { workloadName: 'w3' });
    expect(again.response.address).toBe(addresses[2]);
  });

  it('are given to Services from a range of their own, stable over calls and replicas', async () => {
    const [first, second] = await Promise.all([
      a.registry.virtualIps(['bookstore/reviews', 'bookstore/ratings']),
      b.registry.virtualIps(['bookstore/ratings', 'shop/reviews']),
    ]);
    expect(second.get('bookstore/ratings')).toBe(first.get('bookstore/ratings'));
    const all = new Set([...first.values(), ...second.values()]);
    expect(all.size).toBe(3);
    for (const address of all) expect(address).toMatch(/^127\.96\.\d+\.\d+$/);
    await a.registry.releaseVirtualIps(['shop/reviews']);
    const later = await b.registry.virtualIps(['shop/other', 'shop/reviews']);
    expect(later.get('shop/reviews')).toBe(second.get('shop/reviews'));
    expect(later.get('shop/other')).not.toBe(second.get('shop/reviews'));
  });
});

describe('liveness', () => {
  it('takes a silent workload out after three seconds, and tells its agent to connect anew when it wakes', async () => {
    const joined = await joinAs(a, 'bookstore/reviews');
    const agent = await start(a, joined);
    agent.sendBeat();
    agent.mute();
    const outMs = await eventually(() => !worldOf(b).includes(joined.response.workload), 10_000);
    // The upper bound is loose: a loaded machine looks like a stall, and silence counts anew after one.
    expect(outMs).toBeGreaterThan(2_700);
    agent.sendBeat();
    expect((await agent.ended)?.code).toBe(grpc.status.UNAVAILABLE);
    await start(b, joined);
    await eventually(() => worldOf(a).includes(joined.response.workload));
  }, 30_000);

  it('takes a workload whose process is gone out within the same time', async () => {
    const joined = await joinAs(b, 'bookstore/reviews');
    const agent = await start(b, joined);
    agent.silence();
    await eventually(() => !worldOf(a).includes(joined.response.workload), 10_000);
  }, 30_000);

  it('takes it out at once when it says Goodbye', async () => {
    const joined = await joinAs(a, 'bookstore/reviews');
    const agent = await start(a, joined);
    await eventually(() => worldOf(b).includes(joined.response.workload));
    agent.goodbye();
    expect(await agent.ended).toBeUndefined();
    expect(worldOf(a)).not.toContain(joined.response.workload);
    expect(await eventually(() => !worldOf(b).includes(joined.response.workload))).toBeLessThan(2_000);
  });

  it('marks a workload whose application is ill, or that drains, as not healthy', async () => {
    const joined = await joinAs(a, 'bookstore/reviews');
    const { workload } = joined.response;
    const agent = await start(a, joined);
    agent.beat.appHealthy = false;
    agent.sendBeat();
    await eventually(() => healthOf(b, workload) === false);
    agent.beat.appHealthy = true;
    agent.sendBeat();
    await eventually(() => healthOf(b, workload) === true);
    agent.beat.draining = true;
    agent.sendBeat();
    await eventually(() => healthOf(b, workload) === false);
    expect(worldOf(b)).toContain(workload);
  });

  it('writes beats in batches: rows of workloads do not change', async () => {
    const joined = await joinAs(a, 'bookstore/reviews');
    await start(a, joined);
    const query = 'SELECT xmin::text FROM workloads WHERE name = $1';
    const name = joined.response.workload.split('/')[1];
    const before = await a.pool.query(query, [name]);
    const lastSeen = async () => {
      const { rows } = await a.pool.query('SELECT last_seen FROM agent_status WHERE name = $1', [name]);
      return (rows[0]?.last_seen as Date | undefined)?.getTime() ?? 0;
    };
    // Beats of two batches at least came into the database.
    await eventually(async () => (await lastSeen()) > 0);
    for (let batches = 0; batches < 2; batches++) {
      const seen = await lastSeen();
      await eventually(async () => (await lastSeen()) > seen);
    }
    expect((await a.pool.query(query, [name])).rows).toEqual(before.rows);
  }, 30_000);

  it('refuses what is not a session: no Hello first, a second Hello', async () => {
    const joined = await joinAs(a, 'bookstore/reviews');
    const agent = await start(a, joined);
    agent.send({ case: 'hello', value: { workload: joined.response.workload, service: 'bookstore/reviews' } });
    expect((await agent.ended)?.code).toBe(grpc.status.INVALID_ARGUMENT);
  });
});

describe('reports and requests', () => {
  it('tells every replica what an agent serves', async () => {
    const joined = await joinAs(a, 'bookstore/reviews');
    const seen: { replica: string; report: ServedReport }[] = [];
    const stops = [
      a.agents.onServed((report) => seen.push({ replica: 'a', report })),
      b.agents.onServed((report) => seen.push({ replica: 'b', report })),
    ];
    const agent = await start(a, joined);
    const errors = [{ typeUrl: 't', name: 'route', message: 'bad' }];
    agent.send({ case: 'served', value: { hash: 'abc', errors } });
    await eventually(() => seen.length >= 2);
    for (const replica of ['a', 'b']) {
      const report = seen.find((entry) => entry.replica === replica)?.report;
      expect(report).toMatchObject({ workload: joined.response.workload, hash: 'abc', errors: [{ name: 'route' }] });
    }
    // A beat with a hash that was reported already says nothing new; one with another hash does.
    agent.beat.servedHash = 'abc';
    agent.sendBeat();
    agent.beat.servedHash = 'def';
    agent.sendBeat();
    await eventually(() => seen.filter(({ report }) => report.hash === 'def').length === 2);
    expect(seen.filter(({ report }) => report.hash === 'abc')).toHaveLength(2);
    for (const stop of stops) stop();
  });

  it('lists the proxies of both replicas on both, with what they report', async () => {
    const [one, two] = await Promise.all([joinAs(a, 'bookstore/reviews'), joinAs(b, 'bookstore/reviews')]);
    const first = await start(a, one);
    await start(b, two);
    first.beat.servedHash = 'h1';
    first.sendBeat();
    first.send({ case: 'served', value: { hash: 'h1', errors: [{ typeUrl: 't', name: 'r', message: 'no' }] } });
    const configurationOf = (_: string, hash: string) => ({
      revision: hash === 'h1' ? 7 : null,
      isCurrent: hash === 'h1',
    });
    const find = async (replica: TestReplica, { response }: JoinedAgent) => {
      const rows = (await replica.agents.list()).map((row) => statusOf(row, { configurationOf }));
      return rows.find((row) => `${row.namespace}/${row.workload}` === response.workload);
    };
    await eventually(
      async () => (await find(b, one))?.nack === 'r: no' && (await find(a, two))?.rssBytes === 50_000_000,
    );
    expect(await find(b, one)).toMatchObject({
      state: 'nacked',
      servedRevision: 7,
      service: 'reviews',
      openConnections: 7,
    });
    expect(await find(a, two)).toMatchObject({ state: 'stale', servedRevision: null, model: 'sidecar' });
    expect((await find(a, two))?.certificateNotAfterMs).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    first.silence();
    // Not connected first; the registry takes it out of the mesh soon after.
    await eventually(async () => ['disconnected', 'out'].includes((await find(b, one))?.state ?? ''), 10_000);
  }, 30_000);

  it('keeps what a proxy tells of its protection, where every replica reads it', async () => {
    const joined = await joinAs(a, 'bookstore/reviews');
    const agent = await start(a, joined);
    const ofThis = async () => {
      const rows = await b.agents.list();
      const row = rows.find(({ namespace, name }) => `${namespace}/${name}` === joined.response.workload);
      return row === undefined ? undefined : reportOf(row);
    };
    const cluster = 'outbound|80||cart.shop';
    const bounds = { minConcurrency: 1, maxConcurrency: 1_000 };
    const learned = {
      ...{ service: 'bookstore/reviews', port: 9080, limit: 12 },
      ...bounds,
      ...{ inFlight: 3, waiting: 1 },
      baselineMs: 4.5,
    };
    agent.mute();
    const beat = { ...agent.beat, breakers: [{ cluster, forMs: 500 }] };
    // A NUL is no text for Postgres: it must not cost the other agents their beats.
    agent.send({
      case: 'heartbeat',
      value: { ...beat, ejected: [{ cluster, workload: 'shop/\0cart-1', reason: 'x' }], overloads: [learned] },
    });
    await eventually(async () => (await ofThis())?.protection !== null);
    expect((await ofThis())?.protection).toEqual({
      breakers: [{ cluster, route: '', state: 'open', forMs: 500, passed: 0, needed: 0 }],
      ejected: [{ cluster, workload: 'shop/cart-1', reason: 'x', forMs: 0 }],
      overloads: [learned],
    });
    agent.sendBeat();
    await eventually(async () => (await ofThis())?.protection === null);
    agent.silence();
  }, 30_000);

  it('gets a dump from an agent of the other replica, and says when there is none', async () => {
    const joined = await joinAs(b, 'bookstore/reviews');
    const agent = await start(b, joined);
    const { workload } = joined.response;
    const answer = async () => {
      const { message } = await agent.next('dumpRequest');
      if (message.case !== 'dumpRequest') throw new Error('not a dump request');
      expect(message.value.what).toBe('config');
      agent.send({ case: 'dump', value: { requestId: message.value.requestId, json: Buffer.from('{"a":1}') } });
    };
    for (const replica of [b, a]) {
      const [dump] = await Promise.all([replica.agents.dump(workload, 'config'), answer()]);
      expect(Buffer.from(dump).toString()).toBe('{"a":1}');
    }
    await expect(a.agents.dump('bookstore/nobody', 'config')).rejects.toMatchObject({ code: 'MALHA5057' });
  });

  it('drains an agent of the other replica', async () => {
    const joined = await joinAs(b, 'bookstore/reviews');
    const agent = await start(b, joined);
    await a.agents.drain(joined.response.workload);
    expect((await agent.next('drain')).message.case).toBe('drain');
  });

  it('ends the sessions of a denied identity at once, on every replica', async () => {
    const joined = await joinAs(b, 'bookstore/victim');
    const agent = await start(b, joined, { service: 'bookstore/victim' });
    const id = 'spiffe://mesh.local/ns/bookstore/sa/victim';
    const denied: string[] = [];
    const stop = b.agents.onDenied((workload) => denied.push(workload));
    await a.ca.denials.add('identity', id, 'compromised', 'test');
    expect((await agent.ended)?.code).toBe(grpc.status.PERMISSION_DENIED);
    stop();
    expect(denied).toEqual([joined.response.workload]);
    await a.ca.denials.remove('identity', id);
  });
});

// The last one: its workload goes out only later, which others would see.
describe('the end of the certificate', () => {
  it('ends a session, also one whose agent says nothing', async () => {
    const day: (() => void)[] = [];
    const timers: Timers = {
      after: (ms, run) => {
        if (ms < 3_600_000) return processTimers.after(ms, run);
        day.push(run);
        return () => undefined;
      },
    };
    const replica = await startTestReplica({ url: postgres.url, sealKey: SEAL_KEY, timers });
    try {
      const agent = await start(replica, await joinAs(replica, 'bookstore/reviews'));
      agent.mute();
      expect(day).toHaveLength(1);
      day[0]?.();
      expect(await agent.ended).toMatchObject({
        code: grpc.status.UNAUTHENTICATED,
        details: expect.stringContaining('MALHA5059'),
      });
    } finally {
      await replica.stop();
    }
  });
});
