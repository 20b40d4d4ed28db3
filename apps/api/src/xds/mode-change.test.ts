import type { Resource } from '@malha/model';
import type { MtlsMode } from '@malha/traffic';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  type RunningServer,
  runProxy,
  runServer,
  service,
  type TestProxy,
  TestWorld,
  until,
  workload,
} from '../../test/xds-mesh.ts';

vi.setConfig({ testTimeout: 60_000 });

const mode = (value: MtlsMode): Resource => ({
  apiVersion: 'malha.dev/v1',
  kind: 'PeerAuthentication',
  metadata: { namespace: 'shop', name: 'mode' },
  spec: { targetRef: { kind: 'Namespace', name: 'shop' }, mode: value },
});

const resources = [service('shop', 'front'), service('shop', 'back')];
const workloads = [
  workload('shop', 'front-1', 'front', { address: '127.64.0.2' }),
  workload('shop', 'back-1', 'back', { address: '127.64.0.3' }),
];

let world: TestWorld;
let server: RunningServer;
let log: string[];
let proxies: Map<string, TestProxy>;

/** Each state that a proxy serves, in the order of the whole mesh: `back accepts`, `front calls`. */
const join = (key: string, report = true) => {
  const proxy: TestProxy = runProxy(server, key, {
    onServed: (hash) => {
      const config = proxies.get(key)?.store.current();
      const line = `${key}: takes ${config?.inbound.ports[0]?.mode}, calls with ${
        config?.endpoints.some(({ endpoints }) => endpoints.some(({ tls }) => tls)) ? 'mTLS' : 'plaintext'
      }`;
      if (log.at(-1) !== line) log.push(line);
      if (report) server.xds.onServed(key, hash, Date.now());
    },
  });
  proxies.set(key, proxy);
};

beforeEach(async () => {
  log = [];
  proxies = new Map();
  world = new TestWorld();
  world.set([...resources, mode('STRICT')], workloads);
  server = await runServer(world);
});

afterEach(() => {
  for (const proxy of proxies.values()) proxy.close();
  server.close();
});

const isDone = (revision: number) => server.xds.propagation.of(revision)?.active === 2;

test('callees take both modes before any caller switches, and only then the mode narrows', async () => {
  join('shop/front-1');
  join('shop/back-1');
  await until('all active', () => isDone(1));
  log.length = 0;
  world.set([...resources, mode('DISABLE')], workloads);
  await until('all active on 2', () => isDone(2));
  const first = (text: string, from = 0) => log.findIndex((line, index) => index >= from && line.includes(text));
  const last = (text: string) => log.findLastIndex((line) => line.includes(text));
  const firstSwitch = first('calls with plaintext');
  // Every proxy took both before the first one called in plaintext.
  for (const key of ['shop/front-1', 'shop/back-1']) {
    const accepts = first(`${key}: takes PERMISSIVE, calls with mTLS`);
    expect(accepts).toBeGreaterThanOrEqual(0);
    expect(accepts).toBeLessThan(firstSwitch);
  }
  // No one narrowed before the last one had switched.
  const firstNarrow = first('takes DISABLE');
  expect(firstNarrow).toBeGreaterThan(last('calls with mTLS'));
  expect(log.slice(-2).every((line) => line.endsWith('takes DISABLE, calls with plaintext'))).toBe(true);
});

test('another change of modes meanwhile waits for the end of the first', async () => {
  join('shop/front-1');
  join('shop/back-1');
  await until('all active', () => isDone(1));
  await new Promise((resolve) => setTimeout(resolve, 100));
  // What a proxy serves before it knows its endpoints is not of interest here.
  log.length = 0;
  world.set([...resources, mode('DISABLE')], workloads);
  await until('the first change is under way', () => log.some((line) => line.includes('takes PERMISSIVE')));
  world.set([...resources, mode('STRICT')], workloads);
  await until('all active on 3', () => isDone(3));
  expect(log.at(-1)).toContain('takes STRICT, calls with mTLS');
  expect(log.some((line) => line.includes('takes STRICT, calls with plaintext'))).toBe(false);
  expect(log.some((line) => line.includes('takes DISABLE, calls with mTLS'))).toBe(false);
});

test('a proxy that does not report is waited for, a proxy that leaves is not', async () => {
  join('shop/front-1');
  join('shop/back-1', false);
  await until('front is active', () => server.xds.propagation.of(1)?.active === 1);
  world.set([...resources, mode('DISABLE')], workloads);
  await until('back takes both', () => log.includes('shop/back-1: takes PERMISSIVE, calls with mTLS'));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(log.some((line) => line.includes('calls with plaintext'))).toBe(false);
  proxies.get('shop/back-1')?.close();
  await until('front is through', () => log.includes('shop/front-1: takes DISABLE, calls with plaintext'));
});
