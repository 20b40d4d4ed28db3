import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createPool } from '../db/postgres.ts';
import { startTestDatabase } from '../db/testing.ts';
import { Bookstore, bookstoreWorld, PER_SECOND } from './bookstore.ts';
import { Ingest } from './ingest/ingest.ts';
import { rollUp } from './maintenance/rollup.ts';
import { createMeshView } from './mesh-view.ts';
import { TelemetryQueries } from './queries.ts';
import { EdgeDirectory } from './query/edge-directory.ts';
import { SharedReads } from './shared-reads.ts';
import { testClock } from './testing.ts';

vi.setConfig({ testTimeout: 30_000 });

const START = 1_764_000_000_000;
const SECONDS = 100;
const CHANGE_MS = START - 10_000;
const clock = testClock(START);
const live = { liveSeconds: 60 };

let postgres: ThrowAwayPostgres;
let pool: pg.Pool;
let queries: TelemetryQueries;
let ingest: Ingest;
const store = new Bookstore(START - 1_000);

beforeAll(async () => {
  postgres = await startTestDatabase();
  pool = createPool(postgres.url);
  ingest = new Ingest(pool, clock);
  // The first report says nothing but the time, so that every later second counts what happened in it.
  for (const proxy of [store.web, store.reviews, store.ledger]) await ingest.store([proxy.report(START)]);
  for (let second = 0; second < SECONDS; second++) {
    clock.set(START + (second + 1) * 1000);
    await store.second(ingest, clock.now());
  }
  clock.advance(2_000);
  const revision = { revision: 42, author: 'ana', message: 'shift reviews', createdAtMs: CHANGE_MS };
  queries = new TelemetryQueries(
    {
      pool,
      clock,
      edges: new EdgeDirectory(pool),
      view: createMeshView(bookstoreWorld),
      revisionsBetween: async (fromMs, toMs) => (CHANGE_MS >= fromMs && CHANGE_MS <= toMs ? [revision] : []),
    },
    new SharedReads({ clock, onError: () => undefined }),
  );
}, 60_000);

afterAll(async () => {
  await pool.end();
  await postgres.stop();
});

const perSecond = PER_SECOND.toWeb + PER_SECOND.toReviews1 + PER_SECOND.toReviews2 + PER_SECOND.toLedger;

describe('topology', () => {
  test('has each edge once, counted by the caller, with exact totals', async () => {
    const graph = await queries.topology({ range: live, view: 'service' });
    expect(graph.nodes.map(({ id, kind }) => `${id} ${kind}`)).toEqual([
      'bookstore/reviews service',
      'bookstore/web service',
      'outside unmeshed',
      'payments/ledger service',
    ]);
    expect(graph.edges.map(({ id, golden }) => [id, golden.requestsPerSecond])).toEqual([
      ['bookstore/web>bookstore/reviews', PER_SECOND.toReviews1 + PER_SECOND.toReviews2],
      ['bookstore/web>payments/ledger', PER_SECOND.toLedger],
      ['outside>bookstore/web', PER_SECOND.toWeb],
    ]);
    expect(graph.totals).toEqual({
      requests: perSecond * 60,
      retries: PER_SECOND.retries * 60,
      failures: PER_SECOND.ledgerFailures * 60,
    });
  });

  test('shows mTLS, flags with their share, versions and badges', async () => {
    const graph = await queries.topology({ range: live, view: 'service' });
    const [reviews, ledger, web] = graph.edges;
    expect(reviews).toMatchObject({ mtls: true, protocol: 'http', share: null, flags: [] });
    expect(reviews?.versions).toEqual([
      { name: 'v1', requestsPerSecond: 14, share: 0.7 },
      { name: 'v2', requestsPerSecond: 6, share: 0.3 },
    ]);
    expect(ledger?.flags).toEqual([{ flag: 'UF', share: 0.1 }]);
    expect(web?.mtls).toBe(false);
    expect(graph.nodes[0]).toMatchObject({ badges: ['route', 'canary'], health: 'ok' });
    expect(graph.nodes[3]).toMatchObject({ health: 'err', errorRate: 0.1 });
  });

  test('by version has an edge and a share for each', async () => {
    const graph = await queries.topology({ range: live, view: 'version', namespaces: ['bookstore'] });
    const shares = graph.edges
      .filter(({ target }) => target.startsWith('bookstore/reviews'))
      .map(({ target, share }) => [target, share]);
    expect(shares).toEqual([
      ['bookstore/reviews@v1', 0.7],
      ['bookstore/reviews@v2', 0.3],
    ]);
  });

  test('by workload names instances', async () => {
    const graph = await queries.topology({ range: live, view: 'workload' });
    expect(graph.nodes.map(({ workload }) => workload).filter(Boolean)).toEqual([
      'reviews-v1-1',
      'reviews-v2-1',
      'web-v1-1',
      'ledger-v1-1',
    ]);
  });

  test('a namespace filter keeps the edges that touch it', async () => {
    const graph = await queries.topology({ range: live, view: 'service', namespaces: ['payments'] });
    expect(graph.edges.map(({ id }) => id)).toEqual(['bookstore/web>payments/ledger']);
  });
});

describe('overview', () => {
  test('golden signals, series and services', async () => {
    const overview = await queries.overview({ range: live });
    expect(overview.golden.requestsPerSecond).toBe(perSecond);
    expect(overview.golden.errorRate).toBeCloseTo(1 / perSecond);
    expect(overview.golden.retriesPerSecond).toBe(PER_SECOND.retries);
    expect(overview.golden.p50Ms).toBeGreaterThan(2.5);
    expect(overview.golden.p50Ms).toBeLessThanOrEqual(8);
    expect(overview.series.requestsPerSecond).toEqual(new Array(60).fill(perSecond));
    expect(overview.services.map(({ namespace, name, mtls }) => `${namespace}/${name} ${mtls}`)).toEqual([
      'bookstore/reviews strict',
      'bookstore/web strict',
      'payments/ledger permissive',
    ]);
    const [reviews] = overview.services;
    expect(reviews).toMatchObject({ instances: 2, healthyInstances: 2, health: 'ok' });
    expect(reviews?.sparkRps).toEqual(new Array(60).fill(20));
  });

  test('tells problems in words, with the change that came just before', async () => {
    const { problems } = await queries.overview({ range: live });
    expect(problems.map(({ title }) => title)).toEqual([
      'payments/ledger has no healthy instance',
      'payments/ledger fails for 10 % of requests',
      'payments/ledger is called again for 20 % of requests',
    ]);
    expect(problems[1]).toMatchObject({ severity: 'err', revision: 42, sinceMs: START });
    expect(problems[1]?.detail).toBe(
      'Mostly UF: The connection to the upstream could not be made. Began 10 s after r42 (“shift reviews”, ana).',
    );
  });
});

describe('services', () => {
  test('one service: callers, codes, versions, workloads and what acts on it', async () => {
    const detail = await queries.service({ namespace: 'bookstore', name: 'reviews' }, live);
    expect(detail.callers).toMatchObject([{ namespace: 'bookstore', name: 'web', mtls: true }]);
    expect(detail.codes).toEqual([{ status: 200, perSecond: 20 }]);
    expect(detail.byVersion.map(({ name, golden }) => [name, golden.requestsPerSecond])).toEqual([
      ['v1', 14],
      ['v2', 6],
    ]);
    expect(detail.workloads.map(({ name, golden }) => [name, golden.requestsPerSecond])).toEqual([
      ['reviews-v1-1', 14],
      ['reviews-v2-1', 6],
    ]);
    expect(detail.policies).toEqual([{ key: 'HTTPRoute/bookstore/reviews', why: 'routes calls of reviews' }]);
  });

  test('a service that does not exist is an error', async () => {
    await expect(queries.service({ namespace: 'bookstore', name: 'nobody' }, live)).rejects.toMatchObject({
      code: 'MALHA5075',
    });
  });
});

describe('exact counts', () => {
  test('totals of all time equal what was counted', async () => {
    const totals = await queries.totals();
    expect(totals).toMatchObject({
      sinceMs: null,
      requests: perSecond * SECONDS,
      failures: PER_SECOND.ledgerFailures * SECONDS,
      retries: PER_SECOND.retries * SECONDS,
    });
    expect(
      totals.edges.map(({ destination, requests }) => [destination.service, destination.version, requests]),
    ).toEqual([
      ['web', 'v1', PER_SECOND.toWeb * SECONDS],
      ['reviews', 'v1', PER_SECOND.toReviews1 * SECONDS],
      ['reviews', 'v2', PER_SECOND.toReviews2 * SECONDS],
      ['ledger', 'v1', PER_SECOND.toLedger * SECONDS],
    ]);
  });

  test('the split counts only what finished after the moment', async () => {
    const since = START + 50_000;
    expect(await queries.split({ namespace: 'bookstore', route: 'reviews', rule: 'split', sinceMs: since })).toEqual({
      sinceMs: since,
      total: 50 * 20,
      backends: [
        { version: 'v1', requests: 700, share: 0.7 },
        { version: 'v2', requests: 300, share: 0.3 },
      ],
    });
    const between = await queries.split({
      namespace: 'bookstore',
      route: 'reviews',
      rule: 'split',
      sinceMs: since + 1,
    });
    expect(between).toMatchObject({ sinceMs: since + 1_000, total: 49 * 20 });
  });

  test('golden signals around a change', async () => {
    const { before, after } = await queries.goldenAround(START);
    expect(before).toBeNull();
    expect(after?.requestsPerSecond).toBe(perSecond);
  });
});

describe('after the roll-up to minutes', () => {
  test('a long range, totals and the split since a moment long ago stay exact', async () => {
    clock.set(START + 3_600_000);
    while (await rollUp(pool, clock));
    await pool.query('DELETE FROM telemetry.second WHERE at < $1', [clock.now() / 1000 - 900]);
    const hour = { fromMs: START - 60_000, toMs: START + 3_540_000 };
    const graph = await queries.topology({ range: hour, view: 'service' });
    expect(graph.totals).toMatchObject({ requests: perSecond * SECONDS, failures: SECONDS });
    const overview = await queries.overview({ range: hour });
    const requests = overview.series.requestsPerSecond.reduce((sum, rps) => sum + rps * 60, 0);
    expect(Math.round(requests)).toBe(perSecond * SECONDS);
    expect(overview.golden.p50Ms).toBeLessThanOrEqual(8);
    expect(await queries.totals()).toMatchObject({ requests: perSecond * SECONDS });
    const since = Math.ceil(START / 60_000) * 60_000;
    const measured = await queries.split({ namespace: 'bookstore', route: 'reviews', rule: 'split', sinceMs: since });
    expect(measured).toMatchObject({ sinceMs: since, total: 20 * (SECONDS - (since - START) / 1000) });
  });
});
