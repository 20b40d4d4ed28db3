import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import { type FaultInjectionResource, keyOf, type Resource } from '@malha/model';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { AuditEntry } from '../auth/audit.ts';
import { createDatabase, type Database } from '../db/client.ts';
import { createPool } from '../db/postgres.ts';
import { startTestDatabase } from '../db/testing.ts';
import { startReplica, type TestReplica } from '../resources/testing.ts';
import type { FaultFigures, PhaseFigures } from '../telemetry/query/fault-figures.ts';
import { createAdmission } from './admission.ts';
import { Experiments } from './experiments.ts';
import { FaultEnder } from './fault-end.ts';
import { FaultKeeper } from './keeper.ts';
import { ExperimentRepository } from './repository.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const MINUTE = 60_000;
const GOOD: FaultFigures = { requests: 1000, failures: 0, faulted: 0, p99Ms: 20 };

let postgres: ThrowAwayPostgres;
let pool: pg.Pool;
let database: Database;
let replica: TestReplica;
let nowMs = 0;
let figures: PhaseFigures;
let audited: AuditEntry[] = [];
let runs = 0;

beforeAll(async () => {
  postgres = await startTestDatabase();
  pool = createPool(postgres.url);
  database = createDatabase(postgres.url);
  replica = await startReplica(postgres.url, () => []);
});

afterAll(async () => {
  await replica.stop();
  await database.$disconnect();
  await pool.end();
  await postgres.stop();
});

beforeEach(() => {
  // The store stamps beginnings with the clock of the machine.
  nowMs = Date.now();
  audited = [];
  runs += 1;
  measured(GOOD, GOOD);
});

function measured(service: FaultFigures, caller: FaultFigures): void {
  figures = { service, callers: [{ service: { namespace: 'shop', name: 'web' }, ...caller }] };
}

function watch() {
  const { store } = replica;
  const now = () => nowMs;
  const queries = { faultFigures: async () => figures };
  const repository = new ExperimentRepository(database);
  const ender = new FaultEnder({ store, now, audit: async (entry) => void audited.push(entry) });
  const onError = (error: unknown) => expect.unreachable(String(error));
  store.guardWith(createAdmission({ queries, now }));
  return {
    keeper: new FaultKeeper({ pool, store, repository, ender, queries, now, onError }),
    experiments: new Experiments({ repository, queries, state: () => store.state, now }),
    ender,
  };
}

function fault(spec: Partial<FaultInjectionResource['spec']> = {}): FaultInjectionResource {
  return {
    apiVersion: 'malha.dev/v1',
    kind: 'FaultInjection',
    metadata: { name: `fault-${runs}`, namespace: 'shop' },
    spec: {
      targetRef: { kind: 'Service', name: 'reviews' },
      abort: { percent: 30, httpStatus: 503 },
      expiresAfter: '5m',
      ...spec,
    },
  };
}

const EXPERIMENT = {
  hypothesis: [{ of: 'Callers' as const, minSuccessPercent: 99 }],
};

async function apply(resource: Resource): Promise<void> {
  await replica.store.apply({ author: 'ann', message: '', changes: [{ op: 'put', resource }] });
}

function storedSpec(): FaultInjectionResource['spec'] | undefined {
  const stored = replica.store.state.byKey.get(keyOf(fault()))?.resource;
  return stored?.kind === 'FaultInjection' ? stored.spec : undefined;
}

function startedAtMs(): number {
  return Date.parse(storedSpec()?.startedAt ?? '');
}

test('a fault whose time is over is ended, with who and why', async () => {
  const { keeper } = watch();
  await apply(fault());
  await keeper.run();
  expect(storedSpec()?.ended).toBeUndefined();
  nowMs += 6 * MINUTE;
  await keeper.run();
  expect(storedSpec()?.ended).toMatchObject({ by: 'malha', reason: 'Its time was over.' });
  expect(audited).toEqual([
    { actor: 'malha', action: 'faults.end', target: keyOf(fault()), detail: { reason: 'Its time was over.' } },
  ]);
});

test('a fault that hurts a caller is stopped; what it did itself to the service is not counted', async () => {
  const { keeper } = watch();
  await apply(fault({ stop: { errorPercent: 5 } }));
  measured({ ...GOOD, faulted: 300 }, GOOD);
  await keeper.run();
  expect(storedSpec()?.ended).toBeUndefined();
  measured({ ...GOOD, faulted: 300 }, { ...GOOD, failures: 51 });
  await keeper.run();
  expect(storedSpec()?.ended).toMatchObject({
    by: 'malha',
    reason: 'Stopped: 51 of 1000 requests of shop/web failed within 30 s; more than 5 % end the fault.',
  });
});

test('an experiment begins only where its hypothesis holds', async () => {
  watch();
  measured(GOOD, { ...GOOD, failures: 20 });
  await expect(apply(fault({ experiment: EXPERIMENT }))).rejects.toMatchObject({
    code: 'MALHA1910',
    message: expect.stringContaining(
      'Before the fault, shop/web succeeded in 98 % of 1000 requests; the hypothesis says at least 99 %.',
    ),
  });
  measured(GOOD, { ...GOOD, requests: 10 });
  await expect(apply(fault({ experiment: EXPERIMENT }))).rejects.toMatchObject({ code: 'MALHA1910' });
  expect(storedSpec()).toBeUndefined();
});

test('an experiment goes by its phases to a verdict, also by another keeper', async () => {
  const { keeper, experiments } = watch();
  await apply(fault({ experiment: EXPERIMENT }));
  nowMs = Date.now() + 5_000;
  await keeper.run();
  const [running] = await experiments.list();
  expect(running).toMatchObject({ standing: 'running', startedBy: 'ann', verdict: null });
  measured({ ...GOOD, faulted: 310 }, { ...GOOD, failures: 4 });
  expect((await experiments.get(running?.id ?? '')).report.phases).toMatchObject({
    before: { service: { faulted: 0 } },
    during: { service: { faulted: 310 } },
  });
  nowMs = startedAtMs() + 5 * MINUTE - 1_000;
  await keeper.run();
  nowMs += 2_000;
  await watch().keeper.run();
  expect(await experiments.get(running?.id ?? '')).toMatchObject({
    standing: 'measuring',
    end: { by: 'malha', reason: 'Its time was over.' },
  });
  nowMs += 5_000;
  await watch().keeper.run();
  measured(GOOD, GOOD);
  nowMs += MINUTE;
  await watch().keeper.run();
  expect(await experiments.get(running?.id ?? '')).toMatchObject({
    standing: 'finished',
    verdict: 'held',
    report: {
      phases: { during: { service: { faulted: 310 } }, after: { service: { faulted: 0 } } },
      results: [
        { phase: 'before', outcome: 'held' },
        { phase: 'during', outcome: 'held', measured: 99.6 },
        { phase: 'after', outcome: 'held' },
      ],
    },
  });
});

test('an experiment that somebody stops says nothing', async () => {
  const { keeper, experiments, ender } = watch();
  await apply(fault({ experiment: EXPERIMENT }));
  nowMs = Date.now() + 5_000;
  await keeper.run();
  await ender.end([keyOf(fault())], { by: 'bob', reason: 'Lunch.', message: 'Lunch.' });
  await keeper.run();
  nowMs += 2 * MINUTE;
  await keeper.run();
  const [newest] = await experiments.list();
  expect(newest).toMatchObject({
    standing: 'finished',
    verdict: 'inconclusive',
    reason: 'bob ended it before its time: Lunch.',
  });
});

test('an experiment that ended while no control plane was there ended when it was due, and is not known', async () => {
  const { keeper, experiments } = watch();
  await apply(fault({ experiment: EXPERIMENT }));
  nowMs = startedAtMs() + MINUTE;
  await keeper.run();
  const dueMs = startedAtMs() + 5 * MINUTE;
  nowMs = dueMs + MINUTE;
  await watch().keeper.run();
  const [newest] = await experiments.list();
  expect(newest).toMatchObject({ standing: 'measuring', end: { atMs: dueMs, by: 'malha' } });
  // What proxies counted meanwhile has not come yet.
  expect((await experiments.get(newest?.id ?? '')).report.phases.during).toBeUndefined();
  nowMs = newest?.verdictAtMs ?? 0;
  await watch().keeper.run();
  expect(await experiments.get(newest?.id ?? '')).toMatchObject({
    standing: 'finished',
    verdict: 'inconclusive',
    reason: expect.stringMatching(/^No control plane counted from .* to .*, while the fault ended/),
    report: { unseen: { fromMs: startedAtMs() + MINUTE, toMs: dueMs + MINUTE }, phases: { after: { fromMs: dueMs } } },
  });
});
