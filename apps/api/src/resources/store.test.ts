import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import { keyOf, type Resource } from '@malha/model';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startTestDatabase } from '../db/testing.ts';
import {
  ChangeSetInvalid,
  ResourceNotFound,
  ResourcesInvalid,
  RevertConflict,
  RevisionNotFound,
  StaleBase,
} from './errors.ts';
import { route, service, startReplica, type TestReplica, until } from './testing.ts';
import type { Change, ChangeSet } from './types.ts';

vi.setConfig({ testTimeout: 30_000 });

let postgres: ThrowAwayPostgres;
let sql: pg.Client;
let replica: TestReplica;
let other: TestReplica;

beforeAll(async () => {
  postgres = await startTestDatabase();
  sql = new pg.Client(postgres.url);
  await sql.connect();
}, 60_000);
afterAll(async () => {
  await sql.end();
  await postgres.stop();
});

beforeEach(async () => {
  await sql.query('TRUNCATE revisions, revision_objects, resources');
  replica = await startReplica(postgres.url);
  other = await startReplica(postgres.url);
});
afterEach(async () => {
  await Promise.all([replica.stop(), other.stop()]);
});

const put = (...resources: ReturnType<typeof service>[]): Change[] =>
  resources.map((resource) => ({ op: 'put', resource }));
const by = (author: string, changes: Change[], bases: Partial<ChangeSet> = {}): ChangeSet => ({
  ...{ author, message: `change of ${author}`, changes },
  ...bases,
});
const rows = async (table: string) => (await sql.query(`SELECT count(*)::int AS n FROM ${table}`)).rows[0].n;
const KEY = keyOf(service('reviews'));

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('apply', () => {
  test('stores a change set of several resources as one revision, with author, message and operations', async () => {
    const applied = await replica.store.apply(by('ana', put(service('reviews'), route('r', 'reviews'))));
    expect(applied).toMatchObject({ revision: 1, isNew: true });
    expect(applied.objects.map(({ op }) => op)).toEqual(['create', 'create']);
    const { revision, resources } = await replica.store.current();
    expect(revision).toBe(1);
    expect(resources.map(({ key, updatedBy }) => [key, updatedBy])).toEqual([
      ['HTTPRoute/shop/r', 'ana'],
      [KEY, 'ana'],
    ]);
    const audit = await sql.query('SELECT actor, action, target FROM audit_log ORDER BY id DESC LIMIT 1');
    expect(audit.rows).toEqual([{ actor: 'ana', action: 'resources.apply', target: 'revision 1' }]);
  });

  test('keeps the order of fields that the author wrote', async () => {
    const written = {
      ...service('reviews'),
      metadata: { namespace: 'shop', name: 'reviews', labels: { z: '1', a: '2' } },
    };
    await replica.store.apply(by('ana', put(written)));
    const fresh = await startReplica(postgres.url);
    expect(JSON.stringify(fresh.store.state.byKey.get(KEY)?.resource)).toContain('"labels":{"z":"1","a":"2"}');
    await fresh.stop();
  });

  test('stores nothing of a change set whose result has an error', async () => {
    const error = await failureOf(replica.store.apply(by('ana', put(service('reviews'), route('r', 'nobody')))));
    expect(error).toBeInstanceOf(ResourcesInvalid);
    expect(error).toMatchObject({ data: { findings: [{ code: 'MALHA1020', object: 'HTTPRoute/shop/r' }] } });
    expect([await rows('revisions'), await rows('revision_objects'), await rows('resources')]).toEqual([0, 0, 0]);
    expect(replica.store.state.revision).toBe(0);
  });

  test('refuses to delete what another resource still needs', async () => {
    await replica.store.apply(by('ana', put(service('reviews'), route('r', 'reviews'))));
    await expect(replica.store.apply(by('ana', [{ op: 'delete', key: KEY }]))).rejects.toThrow(ResourcesInvalid);
    await replica.store.apply(
      by('ana', [
        { op: 'delete', key: KEY },
        { op: 'delete', key: 'HTTPRoute/shop/r' },
      ]),
    );
    expect(replica.store.state.byKey.size).toBe(0);
  });

  test('makes no revision when nothing differs', async () => {
    await replica.store.apply(by('ana', put(service('reviews'))));
    expect(await replica.store.apply(by('bea', put(service('reviews'))))).toMatchObject({ revision: 1, isNew: false });
    expect(await rows('revisions')).toBe(1);
  });

  test('refuses an empty change set, one object twice, and deleting what is not there', async () => {
    await expect(replica.store.apply(by('ana', []))).rejects.toThrow(ChangeSetInvalid);
    await expect(replica.store.apply(by('ana', put(service('a'), service('a', 1))))).rejects.toThrow(ChangeSetInvalid);
    await expect(replica.store.apply(by('ana', [{ op: 'delete', key: KEY }]))).rejects.toThrow(ResourceNotFound);
  });
});

describe('two editors', () => {
  test('the second one is told what the first wrote, and from what both started', async () => {
    await replica.store.apply(by('ana', put(service('reviews', 1))));
    await replica.store.apply(by('bea', put(service('reviews', 2)), { baseRevisions: { [KEY]: 1 } }));
    const error = await failureOf(
      replica.store.apply(by('carl', put(service('reviews', 3)), { baseRevisions: { [KEY]: 1 } })),
    );
    expect(error).toBeInstanceOf(StaleBase);
    expect(error).toMatchObject({
      data: { conflict: { key: KEY, currentRevision: 2, currentAuthor: 'bea' } },
    });
    const { conflict } = (error as StaleBase).data as { conflict: { currentYaml: string; baseYaml: string } };
    expect(conflict.currentYaml).toContain('port: 2');
    expect(conflict.baseYaml).toContain('port: 1');
    expect(await rows('revisions')).toBe(2);
  });

  test('of different objects do not disturb each other', async () => {
    await replica.store.apply(by('ana', put(service('a', 1), service('b', 1))));
    await replica.store.apply(by('bea', put(service('a', 2)), { baseRevision: 1 }));
    await replica.store.apply(by('carl', put(service('b', 2)), { baseRevision: 1 }));
    await expect(replica.store.apply(by('dan', put(service('a', 3)), { baseRevision: 1 }))).rejects.toThrow(StaleBase);
  });

  test('an object that the author believes to be new, or that was deleted meanwhile, is a conflict', async () => {
    await replica.store.apply(by('ana', put(service('reviews', 1))));
    await expect(replica.store.apply(by('bea', put(service('reviews', 2)), { baseRevisions: {} }))).rejects.toThrow(
      StaleBase,
    );
    await replica.store.apply(by('ana', [{ op: 'delete', key: KEY }]));
    const error = await failureOf(
      replica.store.apply(by('bea', put(service('reviews', 2)), { baseRevisions: { [KEY]: 1 } })),
    );
    expect(error).toMatchObject({
      data: { conflict: { currentRevision: 2, currentAuthor: 'ana', currentYaml: null } },
    });
  });

  test('racing over two replicas: exactly one wins each round, and numbers have no gap', async () => {
    await replica.store.apply(by('ana', put(service('reviews', 1))));
    await until(() => other.store.state.revision === 1);
    for (let round = 1; round <= 5; round++) {
      const attempts = [replica, other, replica, other].map(({ store }, n) =>
        store.apply(by(`e${n}`, put(service('reviews', round * 100 + n)), { baseRevisions: { [KEY]: round } })),
      );
      const results = await Promise.allSettled(attempts);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(StaleBase);
    }
    const numbers = await sql.query('SELECT revision FROM revisions ORDER BY revision');
    expect(numbers.rows.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('two replicas on one database', () => {
  test('hear every revision in order and end in the same state', async () => {
    const heard: number[] = [];
    other.store.onRevision(({ revision }) => heard.push(revision));
    const writes = Array.from({ length: 30 }, (_, n) =>
      (n % 2 ? replica : other).store.apply(by('x', put(service(`s${n % 7}`, 1000 + n)))),
    );
    await Promise.all(writes);
    await until(() => heard.length === 30 && replica.store.state.revision === 30);
    expect(heard).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
    const contents = ({ store }: TestReplica) => [...store.state.byKey];
    expect(contents(other)).toEqual(contents(replica));
    const fresh = await startReplica(postgres.url);
    expect(contents(fresh)).toEqual(contents(replica));
    await fresh.stop();
  });

  test('see what was written also without a notification', async () => {
    await other.feed.stop();
    await replica.store.apply(by('ana', put(service('reviews'))));
    expect(other.store.state.revision).toBe(0);
    await until(() => other.store.state.revision === 1, 3_000);
  });
});

test('the same fault of two authors is no conflict, though each of them has no beginning yet', async () => {
  const fault: Resource = {
    apiVersion: 'malha.dev/v1',
    kind: 'FaultInjection',
    metadata: { name: 'slow', namespace: 'shop' },
    spec: {
      targetRef: { kind: 'Service', name: 'reviews' },
      delay: { percent: 10, duration: '1s' },
      expiresAfter: '10m',
    },
  };
  const first = await replica.store.apply(by('ann', put(fault), { baseRevisions: {} }));
  const second = await replica.store.apply(by('ben', put(fault), { baseRevisions: {} }));
  expect(second).toMatchObject({ revision: first.revision, isNew: false });
});

test('the order of creation outlives updates and restarts: the older of two routes wins', async () => {
  await replica.store.apply(by('ana', put(service('z'))));
  await replica.store.apply(by('ana', put(service('a'))));
  await replica.store.apply(by('ana', put(service('z', 2), service('m'))));
  const order = ({ store }: TestReplica) => [...store.state.byKey.keys()];
  const expected = ['Service/shop/z', 'Service/shop/a', 'Service/shop/m'];
  expect(order(replica)).toEqual(expected);
  const fresh = await startReplica(postgres.url);
  expect(order(fresh)).toEqual(expected);
  await fresh.stop();
});

describe('revert', () => {
  test('applies the inverse as a new revision: created goes, changed and deleted come back', async () => {
    await replica.store.apply(by('ana', put(service('a', 1), service('b', 1))));
    await replica.store.apply(
      by('bea', [...put(service('a', 2), service('c', 1)), { op: 'delete', key: 'Service/shop/b' }]),
    );
    const reverted = await replica.store.revert({ revision: 2, author: 'carl' });
    expect(reverted.revision).toBe(3);
    const { resources } = await replica.store.current();
    expect(resources.map(({ resource }) => resource).sort((x, y) => (keyOf(x) < keyOf(y) ? -1 : 1))).toEqual([
      service('a', 1),
      service('b', 1),
    ]);
    const row = await replica.repository.readRevision(3);
    expect(row).toMatchObject({
      kind: 'revert',
      revertOf: 2,
      author: 'carl',
      message: 'Take back revision 2: change of bea',
    });
  });

  test('can itself be taken back', async () => {
    await replica.store.apply(by('ana', put(service('a', 1))));
    await replica.store.apply(by('ana', put(service('a', 2))));
    await replica.store.revert({ revision: 2, author: 'ana' });
    await replica.store.revert({ revision: 3, author: 'ana' });
    expect(replica.store.state.byKey.get('Service/shop/a')?.resource).toEqual(service('a', 2));
  });

  test('is refused, with the objects, when one of them was touched since', async () => {
    await replica.store.apply(by('ana', put(service('a', 1), service('b', 1))));
    await replica.store.apply(by('bea', put(service('a', 2))));
    const error = await failureOf(replica.store.revert({ revision: 1, author: 'carl' }));
    expect(error).toBeInstanceOf(RevertConflict);
    expect(error).toMatchObject({
      data: { conflicts: [{ key: 'Service/shop/a', currentRevision: 2, currentAuthor: 'bea' }] },
    });
    expect(await rows('revisions')).toBe(2);
  });

  test('is refused for what was deleted, made again and deleted again', async () => {
    await replica.store.apply(by('ana', put(service('a', 1))));
    await replica.store.apply(by('ana', [{ op: 'delete', key: 'Service/shop/a' }]));
    await replica.store.apply(by('ana', put(service('a', 1))));
    await replica.store.apply(by('ana', [{ op: 'delete', key: 'Service/shop/a' }]));
    await expect(replica.store.revert({ revision: 2, author: 'ana' })).rejects.toThrow(RevertConflict);
  });

  test('of a revision that does not exist says so', async () => {
    await expect(replica.store.revert({ revision: 99, author: 'ana' })).rejects.toThrow(RevisionNotFound);
  });
});
