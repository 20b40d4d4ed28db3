// The store's bounds on real Postgres, with time passed in: what is kept, what goes, and that no total changes.
import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createPool } from '../../db/postgres.ts';
import { startTestDatabase } from '../../db/testing.ts';
import { Ingest } from '../ingest/ingest.ts';
import { EdgeDirectory } from '../query/edge-directory.ts';
import { readTotals } from '../query/totals.ts';
import type { StoredSpan } from '../spans/span.ts';
import { SpanStore } from '../spans/span-store.ts';
import { edgeLabels, end, TestProxy, testClock } from '../testing.ts';
import { Maintenance } from './maintenance.ts';
import { deleteOld, RETENTION } from './retention.ts';

vi.setConfig({ testTimeout: 30_000 });

const START = 1_764_000_000_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const web = end('bookstore', 'web');
const reviews = end('bookstore', 'reviews');

let postgres: ThrowAwayPostgres;
let pool: pg.Pool;
let clock: ReturnType<typeof testClock>;
let ingest: Ingest;

beforeAll(async () => {
  postgres = await startTestDatabase();
  pool = createPool(postgres.url);
}, 60_000);
afterAll(async () => {
  await pool.end();
  await postgres.stop();
});
beforeEach(async () => {
  await pool.query(
    'TRUNCATE telemetry.instance, telemetry.second, telemetry.minute, telemetry.span, telemetry.total; ' +
      'UPDATE telemetry.rollup SET rolled_until = 0',
  );
  clock = testClock(START);
  ingest = new Ingest(pool, clock);
});

const maintenance = () =>
  new Maintenance({
    pool,
    clock,
    onError: (error) => {
      throw error;
    },
  });

async function countOf(table: string): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(`SELECT count(*) FROM telemetry.${table}`);
  return Number(rows[0]?.count);
}

async function totalRequests(): Promise<number> {
  const { requests } = await readTotals({ pool, clock, edges: new EdgeDirectory(pool) });
  return requests;
}

/** A proxy that reports `count` requests, a minute after it reported none. */
async function reported(instance: string, count: number): Promise<TestProxy> {
  const proxy = new TestProxy(web, instance, clock.now());
  await ingest.store([proxy.report(clock.now())]);
  for (let n = 0; n < count; n++) proxy.count(edgeLabels(web, reviews));
  clock.advance(MINUTE_MS);
  await ingest.store([proxy.report(clock.now())]);
  return proxy;
}

function span(index: number, startMs: number): StoredSpan {
  return {
    traceId: 'ab'.repeat(16),
    spanId: index.toString(16).padStart(16, '0'),
    parentSpanId: '',
    namespace: 'bookstore',
    service: 'web',
    workload: '',
    kind: 'server',
    name: 'GET /',
    startMs,
    durationMs: 1,
    status: 200,
    isError: false,
    attributes: {},
  };
}

test('seconds go after 15 minutes, minutes after 7 days; the totals of all time stay', async () => {
  await reported('a', 5);
  clock.advance(2 * MINUTE_MS);
  await maintenance().run();
  expect([await countOf('second'), await countOf('minute')]).toEqual([1, 1]);
  clock.advance(14 * MINUTE_MS);
  await maintenance().run();
  expect([await countOf('second'), await countOf('minute')]).toEqual([0, 1]);
  clock.advance(7 * DAY_MS - MINUTE_MS);
  await maintenance().run();
  expect(await countOf('minute')).toBe(0);
  expect(await totalRequests()).toBe(5);
});

test('spans go after a day, and before that the oldest when there are too many', async () => {
  const spans = new SpanStore(pool);
  await spans.store([0, 1, 2, 3, 4].map((index) => span(index, START + index)));
  await deleteOld(pool, clock, { ...RETENTION, spansMax: 3 });
  const { rows } = await pool.query<{ start_ms: number }>('SELECT start_ms FROM telemetry.span ORDER BY start_ms');
  expect(rows.map(({ start_ms }) => start_ms - START)).toEqual([2, 3, 4]);
  clock.set(START + DAY_MS + 3);
  await deleteOld(pool, clock);
  expect(await countOf('span')).toBe(2);
});

test('a proxy that was silent for a week is retired: its counts stay, once, and a late report adds nothing', async () => {
  const old = await reported('old', 7);
  clock.advance(6 * DAY_MS);
  await reported('young', 2);
  clock.advance(DAY_MS);
  await maintenance().run();
  await maintenance().run();
  expect(await totalRequests()).toBe(9);
  const { rows } = await pool.query('SELECT instance_id, is_retired FROM telemetry.instance ORDER BY instance_id');
  expect(rows).toEqual([
    { instance_id: 'old', is_retired: true },
    { instance_id: 'young', is_retired: false },
  ]);
  await ingest.store([old.report(clock.now())]);
  expect(await totalRequests()).toBe(9);
  clock.advance(84 * DAY_MS);
  await maintenance().run();
  expect(await countOf('instance')).toBe(1);
  expect(await totalRequests()).toBe(9);
});

test('of two replicas one does the work, and the other goes on when it is free', async () => {
  await reported('a', 1);
  clock.advance(2 * MINUTE_MS);
  const holder = await pool.connect();
  try {
    await holder.query('SELECT pg_advisory_lock(7507002)');
    await maintenance().run();
    expect(await countOf('minute')).toBe(0);
    await holder.query('SELECT pg_advisory_unlock(7507002)');
    await maintenance().run();
    expect(await countOf('minute')).toBe(1);
  } finally {
    holder.release();
  }
});
