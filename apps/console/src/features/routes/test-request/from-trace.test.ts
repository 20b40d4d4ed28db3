import { expect, it } from 'vitest';
import type { Span } from '#trpc/contract.ts';
import { requestOfTrace } from './from-trace.ts';

function span(over: Partial<Span>): Span {
  return {
    ...{ spanId: '1', parentSpanId: null, service: 'frontend', namespace: 'bookstore', workload: 'frontend-1' },
    ...{
      kind: 'client' as const,
      name: 'GET /',
      startMs: 2,
      durationMs: 1,
      status: 200,
      isError: false,
      flags: [],
      flagWords: [],
    },
    ...{ route: '', policy: '', attempts: 1, attributes: {} },
    ...over,
  };
}

it('takes the first call of the service as its caller saw it', () => {
  const attributes = {
    'malha.destination.service': 'bookstore/reviews',
    'http.request.method': 'POST',
    'server.address': 'reviews:9080',
    'url.path': '/reviews/1',
  };
  const spans = [
    span({ startMs: 9, attributes: { ...attributes, 'url.path': '/later' } }),
    span({ attributes }),
    span({ kind: 'server', service: 'reviews', startMs: 1, attributes }),
  ];
  expect(requestOfTrace(spans, 'bookstore/reviews')).toEqual({
    method: 'POST',
    host: 'reviews:9080',
    path: '/reviews/1',
    caller: 'bookstore/frontend-1',
  });
});

it('has nothing to take from a trace that never came by', () => {
  expect(requestOfTrace([span({})], 'bookstore/reviews')).toBeUndefined();
});
