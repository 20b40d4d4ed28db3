import { describe, expect, it } from 'vitest';
import type { Span, TraceSummary } from '#trpc/contract.ts';
import { compareTraces, differenceInWords, goodOneOf } from './compare.ts';
import { waterfallOf } from './waterfall.ts';

type Over = Partial<Span> & Pick<Span, 'spanId' | 'service'>;

function span(over: Over): Span {
  return {
    ...{ parentSpanId: null, kind: 'server', startMs: 0, durationMs: 100, namespace: 'shop', workload: '' },
    ...{ name: 'GET /', status: 200, isError: false, flags: [], flagWords: [], route: '', policy: '' },
    ...{ attempts: 1, attributes: {} },
    ...over,
  };
}

/** web asks books twice, and the second call asks stars. */
function trace(id: string, stars: Partial<Span>) {
  const below = (name: string, over: Partial<Span> & Pick<Span, 'service'>) =>
    span({ spanId: `${id}-${name}`, parentSpanId: `${id}-web`, ...over });
  return waterfallOf([
    span({ spanId: `${id}-web`, service: 'web', durationMs: 100 }),
    below('one', { service: 'books', name: 'GET /books/1', startMs: 5, durationMs: 10 }),
    below('two', { service: 'books', name: 'GET /books/2', startMs: 20, durationMs: 60 }),
    below('stars', { service: 'stars', parentSpanId: `${id}-two`, startMs: 25, durationMs: 20, ...stars }),
  ]);
}

const summary = (traceId: string, over: Partial<TraceSummary> = {}): TraceSummary => ({
  ...{ traceId, startMs: 0, durationMs: 10, rootService: 'shop/web', rootOperation: 'GET /books/7' },
  ...{ services: [], spans: 1, errors: 0, status: 200, ...over },
});

describe('the calls of two traces', () => {
  it('are paired by who asked whom in which order, whatever their ids', () => {
    const calls = compareTraces(trace('a', {}), trace('b', {}));
    expect(calls.map(({ service, depth, here, there }) => [service, depth, here !== null, there !== null])).toEqual([
      ['web', 0, true, true],
      ['books', 1, true, true],
      ['books', 1, true, true],
      ['stars', 2, true, true],
    ]);
    expect(differenceInWords(calls)).toBe('No call was slower here than there.');
  });

  it('name the deepest one that failed here only', () => {
    const failed = waterfallOf([
      span({ spanId: 'a', service: 'web', status: 502 }),
      span({ spanId: 'b', parentSpanId: 'a', service: 'books', status: 503 }),
    ]);
    const good = waterfallOf([
      span({ spanId: 'c', service: 'web' }),
      span({ spanId: 'd', parentSpanId: 'c', service: 'books' }),
    ]);
    expect(differenceInWords(compareTraces(failed, good))).toBe('books failed here (503) and answered 200 there.');
    expect(differenceInWords(compareTraces(good, failed))).toBe('No call was slower here than there.');
  });

  it('name the one that took longer by itself, not those that waited for it', () => {
    const calls = compareTraces(trace('a', { durationMs: 50 }), trace('b', {}));
    expect(differenceInWords(calls)).toMatch(/^stars took 30\sms more here/);
  });

  it('stand in the list also where only the other trace has them', () => {
    const lone = waterfallOf([span({ spanId: 'a', service: 'web' })]);
    const calls = compareTraces(lone, trace('b', {}));
    expect(calls.map(({ service, here }) => [service, here === null])).toEqual([
      ['web', false],
      ['books', true],
      ['books', true],
      ['stars', true],
    ]);
  });
});

describe('the good one', () => {
  const of = (traces: readonly TraceSummary[]) =>
    goodOneOf(traces, { traceId: 'x', operation: 'GET /books/7' })?.traceId;

  it('is of the same request, was answered, and took the middle of their times', () => {
    const traces = [
      summary('x', { durationMs: 30 }),
      summary('slow', { durationMs: 90 }),
      summary('usual', { durationMs: 40 }),
      summary('fast', { durationMs: 2 }),
      summary('failed', { durationMs: 40, status: 503, errors: 1 }),
      summary('other', { durationMs: 40, rootOperation: 'POST /cart' }),
    ];
    expect(of(traces)).toBe('usual');
  });

  it('may ask for another id, and is not there where none was answered', () => {
    expect(of([summary('alike', { rootOperation: 'GET /books/3' })])).toBe('alike');
    expect(of([summary('partly', { errors: 1 }), summary('other', { rootOperation: 'GET /cart' })])).toBeUndefined();
  });
});
