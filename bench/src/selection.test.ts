import { expect, test } from 'vitest';
import { chosen, latestCost } from './selection.ts';

test('a run measures what is asked for, everything otherwise, and names what it does not know', () => {
  expect(chosen(['--connections=128,4'], 'connections', [4, 32, 128])).toEqual([4, 128]);
  expect(chosen([], 'connections', [4, 32])).toEqual([4, 32]);
  expect(chosen(['--scenarios=single,udp'], 'scenarios', ['single', 'grpc'])).toContain('"udp"');
  expect(chosen(['--connections='], 'connections', [4, 32])).toContain('""');
});

test('a group that was measured replaces all its earlier rows, others stay with their time', () => {
  const row = (contestant: string, connections: number, at: string) => ({
    scenario: 'single',
    contestant,
    connections,
    at,
  });
  const earlier = [row('Malha', 4, 'then'), row('nginx', 4, 'then'), row('Malha', 32, 'then')];
  expect(latestCost([row('Malha', 4, 'now')], earlier)).toEqual([row('Malha', 4, 'now'), row('Malha', 32, 'then')]);
  expect(latestCost(undefined, earlier)).toEqual(earlier);
});
