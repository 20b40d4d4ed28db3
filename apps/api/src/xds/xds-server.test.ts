import { buildIndex, compile } from '@malha/policies';
import { CLUSTER_TYPE, ENDPOINT_TYPE, ROUTE_TYPE } from '@malha/xds';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type RunningServer,
  runProxy,
  runServer,
  service,
  split,
  type TestProxy,
  TestWorld,
  until,
  workload,
} from '../../test/xds-mesh.ts';

vi.setConfig({ testTimeout: 60_000 });

const shop = service('shop', 'front');
const reviews = service('shop', 'reviews', ['v1', 'v2']);
const workloads = [
  workload('shop', 'front-1', 'front', { address: '127.64.0.2' }),
  workload('shop', 'reviews-1', 'reviews', { address: '127.64.0.3' }),
  workload('shop', 'reviews-2', 'reviews', { address: '127.64.0.4', version: 'v2' }),
];

let world: TestWorld;
let server: RunningServer;
const proxies: TestProxy[] = [];

const join = (key: string, options: Parameters<typeof runProxy>[2] = {}): TestProxy => {
  const proxy = runProxy(server, key, {
    onServed: (hash) => server.xds.onServed(key, hash, Date.now()),
    ...options,
  });
  proxies.push(proxy);
  return proxy;
};

const active = (revision: number) => {
  const propagation = server.xds.propagation.of(revision);
  return propagation === undefined ? -1 : propagation.active;
};

const expected = (key: string) => {
  const state = world.current();
  if (state === undefined) throw new Error('no world');
  const [namespace = '', name = ''] = key.split('/');
  return compile(buildIndex(state.world), { namespace, workload: name }).config;
};

beforeEach(async () => {
  world = new TestWorld();
  world.set([shop, reviews, split('shop', 'reviews', 90, 10)], workloads);
  server = await runServer(world);
});

afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.close();
  server.close();
});

describe('delta ADS', () => {
  test('a proxy gets exactly what compile makes for it', async () => {
    const proxy = join('shop/front-1');
    await until('front-1 is active', () => active(1) === 1);
    const config = proxy.store.current();
    const wanted = expected('shop/front-1');
    expect(config?.routeTables).toEqual(wanted.routeTables);
    expect(config?.inbound).toEqual(wanted.inbound);
    expect(config?.outbound).toEqual(wanted.outbound);
    expect(new Map(config?.clusters.map((cluster) => [cluster.name, cluster]))).toEqual(
      new Map(wanted.clusters.map((cluster) => [cluster.name, cluster])),
    );
    expect(new Map(config?.endpoints.map((list) => [list.cluster, list]))).toEqual(
      new Map(wanted.endpoints.map((list) => [list.cluster, list])),
    );
  });

  test('routes come only when the clusters they name have their endpoints', async () => {
    const proxy = join('shop/front-1');
    await until('front-1 is active', () => active(1) === 1);
    proxy.updates.length = 0;
    world.set(
      [shop, reviews, service('shop', 'ratings')],
      [...workloads, workload('shop', 'ratings-1', 'ratings', { address: '127.64.0.5' })],
    );
    await until('front-1 is active on 2', () => active(2) === 1);
    const order = proxy.updates.map(({ typeUrl, upserts, removed }) => [
      typeUrl,
      upserts.length > 0,
      removed.length > 0,
    ]);
    const types = order.filter(([, upserts]) => upserts).map(([typeUrl]) => typeUrl);
    expect(types).toEqual([CLUSTER_TYPE, ENDPOINT_TYPE, ROUTE_TYPE]);
    // The clusters of the versions are gone: after the routes.
    const removal = order.findIndex(([typeUrl, , removed]) => typeUrl === CLUSTER_TYPE && removed);
    const routes = order.findIndex(([typeUrl]) => typeUrl === ROUTE_TYPE);
    expect(removal).toBeGreaterThan(routes);
  });

  test('a change of weights sends one route table and nothing else', async () => {
    const proxy = join('shop/front-1');
    await until('front-1 is active', () => active(1) === 1);
    proxy.updates.length = 0;
    world.set([shop, reviews, split('shop', 'reviews', 10, 90)], workloads);
    await until('front-1 is active on 2', () => active(2) === 1);
    expect(proxy.updates).toEqual([{ typeUrl: ROUTE_TYPE, upserts: ['outbound'], removed: [] }]);
  });

  test('a change of one endpoint sends the endpoints of its clusters only', async () => {
    const proxy = join('shop/front-1');
    await until('front-1 is active', () => active(1) === 1);
    proxy.updates.length = 0;
    world.register(workloads.slice(0, 2));
    await until('endpoints came', () => proxy.updates.length > 0);
    const types = new Set(proxy.updates.map(({ typeUrl }) => typeUrl));
    expect(types).toContain(ENDPOINT_TYPE);
    expect(types).not.toContain(ROUTE_TYPE);
  });

  test('a proxy that a change does not concern is sent nothing and is active at once', async () => {
    world.set([shop, reviews, service('other', 'x')], workloads);
    const proxy = join('shop/front-1');
    await until('active on 2', () => active(2) === 1);
    proxy.updates.length = 0;
    // The same once more, as a new revision.
    world.set(world.current()?.world.resources ?? [], workloads);
    await until('active on 3', () => active(3) === 1);
    expect(proxy.updates).toEqual([]);
    const front = server.xds.propagation.of(3)?.proxies.find(({ workload: key }) => key === 'shop/front-1');
    expect(front).toMatchObject({ state: 'active', latencyMs: 0 });
  });

  test('revisions that are merged into one push are each complete', async () => {
    join('shop/front-1');
    await until('active', () => active(1) === 1);
    for (const weight of [1, 2, 3]) world.set([shop, reviews, split('shop', 'reviews', weight, 10)], workloads);
    await until('active on 4', () => active(4) === 1);
    expect([active(2), active(3)]).toEqual([1, 1]);
  });

  test('callers of a changed service get it before all others', async () => {
    server.close();
    const asked: string[][] = [];
    server = await runServer(world, {
      callersOf: (services) => {
        asked.push([...services]);
        return new Set(['shop/reviews-1']);
      },
    });
    const order: string[] = [];
    for (const key of ['shop/front-1', 'shop/reviews-1', 'shop/reviews-2']) {
      join(key, {
        onServed: (hash) => {
          order.push(key);
          server.xds.onServed(key, hash, Date.now());
        },
      });
    }
    await until('all are active', () => active(1) === 3);
    order.length = 0;
    world.set([shop, reviews, split('shop', 'reviews', 10, 90)], workloads);
    await until('all are active on 2', () => active(2) === 3);
    expect(order[0]).toBe('shop/reviews-1');
    expect(asked).toEqual([['shop/reviews']]);
  });

  test('a change that comes in the head start of another takes its place', async () => {
    server.close();
    server = await runServer(world, { callersOf: () => new Set(['shop/reviews-1']) });
    const proxy = join('shop/front-1');
    join('shop/reviews-1');
    await until('both are active', () => active(1) === 2);
    proxy.updates.length = 0;
    for (const weight of [1, 2, 3]) world.set([shop, reviews, split('shop', 'reviews', weight, 10)], workloads);
    await until('both are active on 4', () => active(4) === 2);
    expect(proxy.store.current()?.routeTables).toEqual(expected('shop/front-1').routeTables);
  });

  test('after a reconnection only differences come', async () => {
    const proxy = join('shop/front-1');
    await until('active', () => active(1) === 1);
    const { port } = server;
    server.close();
    await until('disconnected', () => proxy.states.length > 1);
    proxy.updates.length = 0;
    world.set([shop, reviews, split('shop', 'reviews', 50, 50)], workloads);
    server = await runServer(world, { port });
    await until('active again', () => active(2) === 1);
    expect(proxy.updates.filter(({ upserts }) => upserts.length > 0)).toEqual([
      { typeUrl: ROUTE_TYPE, upserts: ['outbound'], removed: [] },
    ]);
  });

  test('a proxy that comes before its registration is answered when it is registered', async () => {
    const late = workload('shop', 'front-9', 'front', { address: '127.64.0.9' });
    const proxy = join('shop/front-9');
    await until('connected', () => proxy.states.includes('connected'));
    expect(proxy.store.current()).toBeUndefined();
    world.register([...workloads, late]);
    await until('it has a configuration', () => proxy.store.current() !== undefined);
  });

  test('a refusal shows at the revision, and the next good change takes it back', async () => {
    let isBad = false;
    const proxy = join('shop/front-1', { refuse: (name) => (isBad && name === 'outbound' ? 'not good' : undefined) });
    await until('active', () => active(1) === 1);
    isBad = true;
    world.set([shop, reviews, split('shop', 'reviews', 1, 99)], workloads);
    const stateOf = (revision: number) =>
      server.xds.propagation.of(revision)?.proxies.find(({ workload: key }) => key === 'shop/front-1');
    await until('nacked', () => stateOf(2)?.state === 'nacked');
    expect(stateOf(2)?.error).toContain('outbound: not good');
    isBad = false;
    world.set([shop, reviews, split('shop', 'reviews', 2, 98)], workloads);
    await until('active on 3', () => active(3) === 1);
    expect(stateOf(2)?.state).toBe('active');
    expect(proxy.store.current()?.routeTables).toEqual(expected('shop/front-1').routeTables);
  });

  test('refuses a malformed node and a stream without one', async () => {
    const proxy = join('nonsense');
    await until('refused', () => proxy.states.some((state) => state.includes('MALHA5062')));
  });

  test('the third stream of a workload ends the oldest', async () => {
    const first = join('shop/front-1', { instance: 'a' });
    await until('first', () => first.store.current() !== undefined);
    const second = join('shop/front-1', { instance: 'b' });
    await until('second', () => second.store.current() !== undefined);
    const third = join('shop/front-1', { instance: 'c' });
    await until('third', () => third.store.current() !== undefined);
    await until('first is replaced', () => first.states.some((state) => state.includes('MALHA5065')));
  });
});
