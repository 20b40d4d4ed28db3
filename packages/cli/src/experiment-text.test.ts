import { expect, test } from 'vitest';
import { describeExperiment, experimentRow } from './experiment-text.ts';

const figures = { requests: 200, failures: 1, faulted: 60, p99Ms: 41.2 };
const EXPERIMENT = {
  ...{ id: 'e1', namespace: 'shop', name: 'slow', target: { kind: 'Service', name: 'reviews', rule: null } },
  ...{ effects: ['30 % delayed by 2s'], hypothesis: ['Each caller: at least 99 % succeed'], standing: 'finished' },
  ...{ startedAtMs: 0, startedBy: 'ann', dueAtMs: 60_000, verdict: 'held', reason: 'It held.' },
  end: { atMs: 60_000, by: 'malha', reason: 'Its time was over.' },
  report: {
    phases: {
      during: { service: figures, callers: [{ ...figures, faulted: 0, service: { namespace: 'shop', name: 'web' } }] },
    },
  },
};

test('an experiment is told with its verdict and the figures of each phase that was measured', () => {
  expect(describeExperiment(EXPERIMENT)).toBe(
    [
      'fault       shop/slow',
      'effects     30 % delayed by 2s',
      'hypothesis  Each caller: at least 99 % succeed',
      'started     1970-01-01T00:00:00.000Z by ann',
      'ended       1970-01-01T00:01:00.000Z by malha: Its time was over.',
      'verdict     held: It held.',
      '',
      'PHASE   WHO       REQUESTS  FAULTED      FAILED     P99',
      'during  reviews   200       60 (30.0 %)  1 (0.5 %)  41 ms',
      'during  shop/web  200       0 (0.0 %)    1 (0.5 %)  41 ms',
    ].join('\n'),
  );
});

test('one that goes on has no verdict yet, and an answer of another version is no experiment', () => {
  const running = { ...EXPERIMENT, standing: 'running', verdict: null, end: null };
  expect(experimentRow(running)).toEqual(['e1', 'shop/slow', '1970-01-01T00:00:00.000Z', 'ann', 'running', '-']);
  expect(describeExperiment(running)).toContain('ends        1970-01-01T00:01:00.000Z');
  expect(() => describeExperiment({ ...EXPERIMENT, report: {} })).toThrow('has no phases');
});
