import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createPool } from '../../db/postgres.ts';
import { startTestDatabase } from '../../db/testing.ts';
import { queryNumbers } from '../numbers.ts';
import type { MetricsReport } from '../report.ts';
import { edgeLabels, end, TestProxy, testClock } from '../testing.ts';
import { Ingest } from './ingest.ts';

vi.setConfig({ testTimeout: 30_000 });

const START = 1_764_000_000_000;
const web = end('bookstore', 'web');
const reviews = end('bookstore', 'reviews', 'v2');
const ratings = end('bookstore', 'ratings');

let postgres: ThrowAwayPostgres;
let pool: pg.Pool;

beforeAll(async () => {
  postgres = await startTestDatabase();
  pool = createPool(postgres.url);
}, 60_000);

afterAll(async () => {
  await pool.end();
  await postgres.stop();
});

beforeEach(async () => {
  await pool.query('TRUNCATE telemetry.edge, telemetry.instance, telemetry.total, telemetry.second, telemetry.minute');
  await pool.query('UPDATE telemetry.rollup SET rolled_until = 0');
});

interface Counts {
  readonly requests: number;
  readonly retries: number;
  readonly failures: number;
}

async function bucketTotals(table: 'second' | 'minute' = 'second'): Promise<Counts & { histogram: number }> {
  const [row] = await queryNumbers<Counts & { histogram: number }>(
    pool,
    `SELECT COALESCE(SUM(requests), 0)::bigint AS requests, COALESCE(SUM(retries), 0)::bigint AS retries,
       COALESCE(SUM(failures), 0)::bigint AS failures,
       COALESCE((SELECT SUM(n) FROM telemetry.${table}, unnest(duration_counts) AS n), 0)::bigint AS histogram
     FROM telemetry.${table}`,
  );
  if (row === undefined) throw new Error('no row');
  return row;
}

async function cumulative(): Promise<{ requests: number; retries: number }> {
  const [row] = await queryNumbers<{ requests: number; retries: number }>(
    pool,
    `SELECT COALESCE(SUM(r), 0)::bigint AS requests, COALESCE(SUM(t), 0)::bigint AS retries
     FROM telemetry.instance, unnest(requests, retries) AS counts (r, t)`,
  );
  if (row === undefined) throw new Error('no row');
  return row;
}

test('stores what a report adds, with failures and retries apart', async () => {
  const clock = testClock(START + 5_000);
  const ingest = new Ingest(pool, clock);
  const proxy = new TestProxy(web, 'a', START);
  for (let i = 0; i < 90; i++) proxy.count(edgeLabels(web, reviews));
  for (let i = 0; i < 10; i++) proxy.count(edgeLabels(web, reviews), { status: 503, flags: 1, retries: 2 });
  await ingest.store([proxy.report(START + 5_000)]);
  expect(await bucketTotals()).toEqual({ requests: 100, retries: 20, failures: 10, histogram: 100 });
  for (let i = 0; i < 5; i++) proxy.count(edgeLabels(web, ratings));
  clock.advance(1_000);
  await ingest.store([proxy.report(START + 6_000)]);
  expect(await bucketTotals()).toEqual({ requests: 105, retries: 20, failures: 10, histogram: 105 });
  expect(await cumulative()).toEqual({ requests: 105, retries: 20 });
});

test('a bucket holds only requests that finished at or after its beginning', async () => {
  const clock = testClock(START + 10_000);
  const ingest = new Ingest(pool, clock);
  const proxy = new TestProxy(web, 'a', START);
  await ingest.store([proxy.report(START + 1_400)]);
  proxy.count(edgeLabels(web, reviews));
  await ingest.store([proxy.report(START + 2_400)]);
  const rows = await queryNumbers<{ at: number }>(pool, 'SELECT at FROM telemetry.second');
  expect(rows).toEqual([{ at: START / 1000 + 1 }]);
});

test('repeated and reordered reports change nothing', async () => {
  const ingest = new Ingest(pool, testClock(START + 60_000));
  const proxy = new TestProxy(web, 'a', START);
  const reports: MetricsReport[] = [];
  for (let second = 1; second <= 5; second++) {
    for (let i = 0; i < 10; i++) proxy.count(edgeLabels(web, second % 2 ? reviews : ratings), { retries: 1 });
    reports.push(proxy.report(START + second * 1_000));
  }
  for (const index of [0, 2, 1, 2, 4, 3, 0, 4]) {
    const report = reports[index];
    if (report) await ingest.store([report, report]);
  }
  expect(await bucketTotals()).toEqual({ requests: 50, retries: 50, failures: 0, histogram: 50 });
});

test('an api restart and a proxy restart keep totals exact', async () => {
  const clock = testClock(START + 60_000);
  const first = new TestProxy(web, 'a', START);
  for (let i = 0; i < 7; i++) first.count(edgeLabels(web, reviews));
  await new Ingest(pool, clock).store([first.report(START + 1_000)]);
  for (let i = 0; i < 5; i++) first.count(edgeLabels(web, reviews));
  // A new api process knows nothing in memory.
  await new Ingest(pool, clock).store([first.report(START + 2_000)]);
  const second = new TestProxy(web, 'b', START + 3_000);
  second.count(edgeLabels(web, reviews));
  const ingest = new Ingest(pool, clock);
  await ingest.store([second.report(START + 4_000), first.report(START + 2_000)]);
  expect(await bucketTotals()).toMatchObject({ requests: 13 });
  expect(await cumulative()).toEqual({ requests: 13, retries: 0 });
});

test('a failed transaction leaves nothing behind, neither in the store nor in memory', async () => {
  const clock = testClock(START + 60_000);
  const ingest = new Ingest(pool, clock);
  const proxy = new TestProxy(web, 'a', START);
  proxy.count(edgeLabels(web, reviews));
  await ingest.store([proxy.report(START + 1_000)]);
  proxy.count(edgeLabels(web, reviews));
  await pool.query('ALTER TABLE telemetry.second ADD CONSTRAINT refuse CHECK (requests < 0) NOT VALID');
  await expect(ingest.store([proxy.report(START + 2_000)])).rejects.toThrow(/refuse/);
  await pool.query('ALTER TABLE telemetry.second DROP CONSTRAINT refuse');
  expect(await cumulative()).toEqual({ requests: 1, retries: 0 });
  await ingest.store([proxy.report(START + 2_000)]);
  expect(await bucketTotals()).toMatchObject({ requests: 2, histogram: 2 });
});

test('reports of a retired instance are passed over', async () => {
  const ingest = new Ingest(pool, testClock(START + 60_000));
  const proxy = new TestProxy(web, 'a', START);
  proxy.count(edgeLabels(web, reviews));
  await ingest.store([proxy.report(START + 1_000)]);
  await pool.query('UPDATE telemetry.instance SET is_retired = true');
  proxy.count(edgeLabels(web, reviews));
  await ingest.store([proxy.report(START + 2_000)]);
  expect(await bucketTotals()).toMatchObject({ requests: 1 });
});

test('what comes after its minute was summed up is added to the minute as well', async () => {
  const ingest = new Ingest(pool, testClock(START + 600_000));
  await pool.query('UPDATE telemetry.rollup SET rolled_until = $1', [START / 1000 + 300]);
  const proxy = new TestProxy(web, 'a', START);
  proxy.count(edgeLabels(web, reviews), { status: 500 });
  await ingest.store([proxy.report(START + 1_000)]);
  expect(await bucketTotals('minute')).toEqual({ requests: 1, retries: 0, failures: 1, histogram: 1 });
  expect(await bucketTotals()).toMatchObject({ requests: 1 });
});

test('property: two replicas that get the same reports, repeated, reordered and at once, count every request once', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(2), fc.nat(19)), { minLength: 1, maxLength: 40 }),
      fc.array(fc.tuple(fc.nat(1), fc.nat(100)), { minLength: 10, maxLength: 40 }),
      async (traffic, deliveries) => {
        run += 1;
        await pool.query('TRUNCATE telemetry.instance, telemetry.second');
        const clock = testClock(START + 600_000);
        const replicas = [new Ingest(pool, clock), new Ingest(pool, clock)] as const;
        const proxies = [0, 1, 2].map((i) => new TestProxy(end('bookstore', `p${i}`), `${run}-${i}`, START));
        const reports: MetricsReport[] = [];
        traffic.forEach(([index, count], step) => {
          const proxy = proxies[index];
          if (proxy === undefined) return;
          for (let i = 0; i < count; i++)
            proxy.count(edgeLabels(proxy.self, reviews), { durationMs: i, retries: i % 2 });
          reports.push(proxy.report(START + (step + 1) * 700));
        });
        const pending = [new Set<Promise<void>>(), new Set<Promise<void>>()] as const;
        for (const [replica, index] of deliveries) {
          const report = reports[index % reports.length];
          if (report === undefined) continue;
          const ingest = replica === 0 ? replicas[0] : replicas[1];
          pending[replica === 0 ? 0 : 1].add(ingest.store([report]));
        }
        await Promise.all([...pending[0], ...pending[1]]);
        await Promise.all(proxies.map((proxy) => replicas[run % 2 ? 0 : 1].store([proxy.report(START + 500_000)])));
        const requests = traffic.reduce((sum, [, count]) => sum + count, 0);
        const retries = traffic.reduce((sum, [, count]) => sum + Math.floor(count / 2), 0);
        expect(await bucketTotals()).toEqual({ requests, retries, failures: 0, histogram: requests });
        expect(await cumulative()).toEqual({ requests, retries });
      },
    ),
    { numRuns: 15 },
  );
}, 60_000);
