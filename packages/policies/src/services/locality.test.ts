import type { ClusterEndpoints, ClusterName } from '@malha/traffic';
import { makeEndpoint } from '@malha/traffic/testing';
import { describe, expect, it } from 'vitest';
import { byLocality, type Locality, type LocalityWeight } from './locality.ts';

const PLACES: Readonly<Record<string, Locality>> = {
  a: { region: 'eu', zone: 'eu-1' },
  b: { region: 'eu', zone: 'eu-2' },
  c: { region: 'us', zone: 'us-1' },
};

function listOf(...names: readonly string[]): ClusterEndpoints {
  return { cluster: 'x' as ClusterName, endpoints: names.map((name) => makeEndpoint(name)) };
}

function priorities(caller: Locality | undefined, ...names: readonly string[]) {
  const { endpoints } = byLocality(listOf(...names), { mode: 'Failover' }, caller, (name) => PLACES[name]);
  return endpoints.map(({ workload, priority }) => `${workload}${priority ?? ''}`);
}

function weights(entries: readonly LocalityWeight[], ...names: readonly string[]) {
  const policy = { mode: 'Weighted', weights: entries } as const;
  const { endpoints } = byLocality(listOf(...names), policy, undefined, (name) => PLACES[name]);
  return endpoints.map(({ workload, weight }) => `${workload}:${weight}`);
}

describe('failover', () => {
  it('goes by zone, then region, then anywhere', () => {
    expect(priorities(PLACES.a, 'c', 'b', 'a', 'nowhere')).toEqual(['c2', 'b1', 'a0', 'nowhere2']);
  });

  it('has no level that nobody is on', () => {
    expect(priorities(PLACES.a, 'c', 'b')).toEqual(['c1', 'b0']);
    expect(priorities(PLACES.a, 'c')).toEqual(['c0']);
  });

  it('knows no levels for a caller without a locality', () => {
    expect(priorities(undefined, 'a', 'c')).toEqual(['a', 'c']);
    expect(priorities({}, 'a', 'c')).toEqual(['a', 'c']);
  });
});

describe('weights of localities', () => {
  it('are shared by the endpoints of each', () => {
    const entries = [
      { region: 'eu', weight: 80 },
      { region: 'us', weight: 20 },
    ];
    expect(weights(entries, 'a', 'b', 'c')).toEqual(['a:40000', 'b:40000', 'c:20000']);
  });

  it('are those of the zone before those of its region', () => {
    const entries = [
      { region: 'eu', weight: 1 },
      { region: 'eu', zone: 'eu-2', weight: 3 },
    ];
    expect(weights(entries, 'a', 'b')).toEqual(['a:1000', 'b:3000']);
  });

  it('leave out who has none, unless nobody has one', () => {
    expect(weights([{ region: 'eu', weight: 5 }], 'a', 'c')).toEqual(['a:5000']);
    expect(weights([{ region: 'eu', weight: 5 }], 'c')).toEqual(['c:1']);
  });
});
