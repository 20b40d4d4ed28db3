import { expect, it } from 'vitest';
import type { Span } from '#trpc/contract.ts';
import { labelsOf, resultOf, storyOf, titleOf } from './hop-words.ts';
import { waterfallOf } from './waterfall.ts';

function span(spanId: string, parentSpanId: string | null, over: Partial<Span> = {}): Span {
  return {
    ...{ spanId, parentSpanId, service: 'front', namespace: 'n', workload: 'n/front-1', kind: 'client' },
    ...{ name: 'GET /', startMs: 0, durationMs: 500, status: 200, isError: false, flags: [], flagWords: [] },
    ...{ route: '', policy: '', attempts: 1, attributes: {} },
    ...over,
  };
}

const lines = (spans: readonly Span[]) =>
  waterfallOf(spans).hops.map((hop) => {
    const { name, rest } = titleOf(hop);
    return [`${name} ${rest}`.trim(), resultOf(hop)];
  });

const retried = [
  span('w', null, { attempts: 3, attributes: { 'malha.hedges': 1 }, flags: ['HG'], flagWords: ['hedged'] }),
  span('1', 'w', {
    status: 503,
    isError: true,
    attributes: { 'malha.attempt.number': 1, 'malha.attempt.kind': 'first' },
  }),
  span('2', 'w', {
    startMs: 50,
    status: 0,
    attributes: {
      ...{ 'malha.attempt.number': 2, 'malha.attempt.kind': 'retry', 'malha.attempt.backoff_ms': 30 },
      ...{ 'malha.attempt.given_up': true, 'malha.upstream.workload': 'n/back-2' },
    },
  }),
  span('3', 'w', { startMs: 90, attributes: { 'malha.attempt.number': 3, 'malha.attempt.kind': 'hedge' } }),
];

it('names attempts, hedges and waits, with where they went and what came of them', () => {
  expect(lines(retried)).toEqual([
    ['front GET /', '200'],
    ['attempt 1', '503'],
    ['back-off', ''],
    ['attempt 2 back-2', 'given up'],
    ['attempt 3 hedge', '200'],
  ]);
});

it('tells each of them in a sentence, and no mark is an error', () => {
  const [whole, , backoff, second, hedge] = waterfallOf(retried).hops.map(storyOf);
  expect(whole).toEqual([
    { tone: 'info', flag: 'HG', words: 'hedged' },
    { tone: 'ok', words: 'Answered 200.' },
  ]);
  expect(backoff?.[0]?.words).toMatch(/waited 30\sms before the next attempt/);
  expect(second?.map(({ tone }) => tone)).toEqual(['info', 'unknown']);
  expect(second?.[0]?.words).toMatch(/Attempt 2, after a back-off of 30\sms/);
  expect(hedge?.[0]?.words).toMatch(/hedge/);
});

it.each([
  ['unsent', /never sent: it counts in no budget/],
  ['lost', /gone before it answered: it counts in no budget/],
])('says why no budget of retries counts an attempt: %s', (why, words) => {
  const attributes = { 'malha.attempt.number': 2, 'malha.attempt.kind': 'retry', 'malha.attempt.beyond_budget': why };
  const [, second] = waterfallOf([span('w', null, { attempts: 2 }), span('2', 'w', { attributes })]).hops.map(storyOf);
  expect(second?.[0]?.words).toMatch(words);
});

it('labels a call by its attempts, hedges, fallback and fault', () => {
  const [whole] = waterfallOf(retried).hops;
  expect(whole && labelsOf(whole)).toEqual(['3 attempts', '1 hedge']);
  const [failed] = waterfallOf([span('a', null, { status: 503, isError: true, flags: ['FI', 'FB'] })]).hops;
  expect(failed && labelsOf(failed)).toEqual(['fallback', 'fault']);
});

it('says who injected a delay, and that the service was not slow', () => {
  const attributes = { 'malha.fault.delay_ms': 400, 'malha.protection': 'FaultInjection n/slow' };
  const [, delay] = waterfallOf([span('a', null, { flags: ['FI'], attributes })]).hops;
  expect(delay && titleOf(delay)).toEqual({ name: 'injected delay', rest: 'FaultInjection n/slow' });
  expect(delay && resultOf(delay)).toBe('FI');
  expect(delay && storyOf(delay)[0]?.words).toMatch(/^FaultInjection n\/slow made the request wait 400\sms/);
});

it('says who let the bytes through slowly', () => {
  const attributes = { 'malha.fault.paced': true, 'malha.protection': 'FaultInjection n/narrow' };
  const [call] = waterfallOf([span('a', null, { flags: ['FI'], flagWords: ['a fault'], attributes })]).hops;
  expect(call && storyOf(call)[0]).toEqual({
    tone: 'info',
    flag: 'FI',
    words: 'FaultInjection n/narrow let the bytes through slowly. The service was not slow.',
  });
});

it('says that the fallback answered for what failed', () => {
  const [call] = waterfallOf([
    span('a', null, { status: 503, isError: true }),
    span('b', 'a', { flags: ['FB'], flagWords: ['by its fallback'] }),
  ]).hops;
  expect(call && storyOf(call)).toEqual([
    { tone: 'warn', words: 'It failed with 503; the fallback answered instead.' },
  ]);
});
