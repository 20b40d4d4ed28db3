import { expect, test } from 'vitest';
import { Propagation } from './propagation.ts';

const two = new Map([
  ['shop/a', 'sidecar'],
  ['shop/b', 'sidecar'],
]);

/** Both proxies are connected and serve revision 1. */
function started(): Propagation {
  const propagation = new Propagation();
  propagation.begin(1, 0, two);
  for (const workload of two.keys()) {
    propagation.connected(workload, true, 0);
    propagation.want(workload, 1, 'one', 10);
    propagation.served(workload, 'one', 20);
  }
  return propagation;
}

const states = (propagation: Propagation, revision: number) =>
  propagation.of(revision)?.proxies.map(({ workload, state, latencyMs }) => [workload, state, latencyMs]);

test('what a process finds at its start has no latency', () => {
  expect(started().of(1)).toMatchObject({ active: 2, total: 2, p50Ms: 0, p99Ms: 0 });
});

test('a proxy is active when it serves what is wanted of it, an unaffected one at once', () => {
  const propagation = started();
  propagation.begin(2, 1000, two);
  propagation.want('shop/a', 2, 'two', 1005);
  propagation.want('shop/b', 2, 'one', 1005);
  expect(states(propagation, 2)).toEqual([
    ['shop/a', 'pending', null],
    ['shop/b', 'active', 0],
  ]);
  propagation.served('shop/a', 'two', 1042);
  expect(propagation.of(2)).toMatchObject({ active: 2, p50Ms: 42, p99Ms: 42 });
});

test('an older hash that is reported late does not count for a newer revision', () => {
  const propagation = started();
  propagation.begin(2, 1000, two);
  propagation.want('shop/a', 2, 'two', 1000);
  propagation.begin(3, 2000, two);
  propagation.want('shop/a', 3, 'three', 2000);
  propagation.served('shop/a', 'two', 2010);
  expect(states(propagation, 2)?.[0]).toEqual(['shop/a', 'active', 1010]);
  expect(states(propagation, 3)?.[0]).toEqual(['shop/a', 'pending', null]);
  expect(propagation.configurationOf('shop/a', 'two')).toEqual({ revision: 2, isCurrent: false });
});

test('who is active on a newer revision has the older ones behind it', () => {
  const propagation = started();
  for (const revision of [2, 3]) {
    propagation.begin(revision, revision * 1000, two);
    propagation.want('shop/a', revision, `hash ${revision}`, revision * 1000);
  }
  propagation.served('shop/a', 'hash 3', 3050);
  expect(states(propagation, 2)?.[0]).toEqual(['shop/a', 'active', 1050]);
  expect(states(propagation, 3)?.[0]).toEqual(['shop/a', 'active', 50]);
});

test('a refusal and a lost connection show, and an ACK alone is no service', () => {
  const propagation = started();
  propagation.begin(2, 1000, two);
  for (const workload of two.keys()) propagation.want(workload, 2, 'two', 1000);
  propagation.nacked('shop/a', [{ typeUrl: 't', name: 'x', message: 'x: no' }]);
  propagation.connected('shop/b', false, 1000);
  expect(propagation.of(2)?.proxies).toMatchObject([
    { state: 'nacked', error: 'x: no' },
    { state: 'disconnected', error: null },
  ]);
  propagation.connected('shop/b', true, 1050);
  propagation.served('shop/b', 'two', 1100, 'acked');
  expect(states(propagation, 2)?.[1]).toEqual(['shop/b', 'acked', 0]);
});

test('a proxy that connects after a revision has no latency, and leaves the others theirs', () => {
  const propagation = new Propagation();
  propagation.begin(1, 0, new Map());
  propagation.connected('shop/a', true, 10);
  propagation.begin(2, 1000, two);
  for (const workload of two.keys()) propagation.want(workload, 2, 'two', 1000);
  propagation.served('shop/a', 'two', 1040);
  propagation.connected('shop/b', true, 6000);
  propagation.served('shop/b', 'two', 6020);
  expect(states(propagation, 2)).toEqual([
    ['shop/a', 'active', 40],
    ['shop/b', 'active', 0],
  ]);
  expect(propagation.of(2)?.p99Ms).toBe(40);
});

test('listeners hear of the revisions that changed', () => {
  const propagation = started();
  propagation.begin(2, 1000, two);
  propagation.want('shop/a', 2, 'two', 1000);
  const heard: number[] = [];
  const stop = propagation.onChange((revision) => heard.push(revision));
  propagation.served('shop/a', 'two', 1010);
  stop();
  propagation.connected('shop/b', false, 1000);
  expect(heard).toEqual([2]);
});
