import { describe, expect, it } from 'vitest';
import type { Span } from '#trpc/contract.ts';
import { originOf, waterfallOf } from './waterfall.ts';

function span(
  spanId: string,
  parentSpanId: string | null,
  kind: Span['kind'],
  service: string,
  startMs: number,
  durationMs: number,
  over: Partial<Span> = {},
): Span {
  return {
    spanId,
    parentSpanId,
    kind,
    service,
    startMs,
    durationMs,
    namespace: 'n',
    workload: '',
    name: 'GET /',
    status: 200,
    flags: [],
    flagWords: [],
    route: '',
    policy: '',
    attempts: 1,
    attributes: {},
    ...over,
  };
}

const spans = [
  span('a', null, 'server', 'front', 0, 100),
  span('b', 'a', 'client', 'front', 10, 80),
  span('c', 'b', 'server', 'back', 15, 70),
];

describe('waterfallOf', () => {
  it('shows a call and its answer as one hop', () => {
    const { hops } = waterfallOf(spans);
    expect(hops.map((hop) => [hop.span.service, hop.depth, hop.startMs, hop.durationMs])).toEqual([
      ['front', 0, 0, 100],
      ['back', 1, 10, 80],
    ]);
  });

  it('gives each moment of the trace to one hop', () => {
    const { criticalPath, byService, durationMs } = waterfallOf(spans);
    expect(criticalPath.map(({ hopId, fromMs, toMs }) => [hopId, fromMs, toMs])).toEqual([
      ['a', 0, 10],
      ['c', 10, 90],
      ['a', 90, 100],
    ]);
    expect(byService).toEqual([
      { service: 'back', ms: 80, share: 0.8 },
      { service: 'front', ms: 20, share: 0.2 },
    ]);
    expect(durationMs).toBe(100);
  });

  it('waits only for the slower of two calls at once', () => {
    const { byService } = waterfallOf([
      span('a', null, 'server', 'front', 0, 100),
      span('b', 'a', 'client', 'quick', 10, 20),
      span('c', 'a', 'client', 'slow', 10, 80),
    ]);
    expect(byService.map(({ service, ms }) => [service, ms])).toEqual([
      ['slow', 80],
      ['front', 20],
    ]);
  });

  it('shows each attempt of a retried call', () => {
    const { hops } = waterfallOf([
      span('b', null, 'client', 'front', 0, 80, { attempts: 2 }),
      span('c', 'b', 'server', 'back', 1, 10, { status: 503 }),
      span('d', 'b', 'server', 'back', 30, 40),
    ]);
    expect(hops.map((hop) => hop.id)).toEqual(['b', 'c', 'd']);
  });

  it('takes a span without its parent as a root, and survives a cycle and nothing', () => {
    expect(waterfallOf([span('x', 'gone', 'server', 's', 0, 1)]).hops).toHaveLength(1);
    expect(waterfallOf([span('x', 'x', 'server', 's', 0, 1)]).hops).toHaveLength(1);
    expect(waterfallOf([])).toMatchObject({ hops: [], durationMs: 0 });
  });
});

describe('originOf', () => {
  it('finds where a failure began', () => {
    const { hops } = waterfallOf([
      span('a', null, 'server', 'front', 0, 10, { status: 503 }),
      span('b', 'a', 'client', 'back', 1, 8, { status: 504, flags: ['UT'] }),
    ]);
    expect(originOf(hops)?.id).toBe('b');
    expect(originOf([])).toBeUndefined();
  });
});
