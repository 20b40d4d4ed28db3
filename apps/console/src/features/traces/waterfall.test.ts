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
    isError: false,
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

describe('attempts', () => {
  const attempt = (number: number, over: Partial<Span['attributes']> = {}) => ({
    attributes: {
      'malha.attempt.number': number,
      'malha.attempt.kind': number === 1 ? 'first' : 'retry',
      ...over,
    } as Span['attributes'],
  });
  const rows = (of: readonly Span[]) => waterfallOf(of).hops.map((hop) => [hop.id, hop.kind, hop.isFailed]);

  const retried = [
    span('w', null, 'client', 'front', 0, 100, { attempts: 2 }),
    span('1', 'w', 'client', 'front', 1, 30, { status: 503, isError: true, ...attempt(1) }),
    span('s', '1', 'server', 'back', 2, 28, { status: 503, isError: true }),
    span('2', 'w', 'client', 'front', 71, 28, attempt(2, { 'malha.attempt.backoff_ms': 40 })),
  ];

  it('stand below their call, each with its answer, and the back-off before the one that it was for', () => {
    expect(rows(retried)).toEqual([
      ['w', 'call', false],
      ['s', 'attempt', true],
      ['2-backoff', 'backoff', false],
      ['2', 'attempt', false],
    ]);
  });

  it('leave the back-off to no service', () => {
    const { byService } = waterfallOf(retried);
    expect(byService.find(({ service }) => service === 'back-off')?.ms).toBe(40);
    expect(byService.reduce((sum, { ms }) => sum + ms, 0)).toBe(100);
  });

  it('have not failed when they were given up for another, nor has what they called', () => {
    const hops = rows([
      span('w', null, 'client', 'front', 0, 50, { attempts: 2, flags: ['HG'] }),
      span('1', 'w', 'client', 'front', 0, 40, { status: 0, ...attempt(1, { 'malha.attempt.given_up': true }) }),
      span('s', '1', 'server', 'back', 1, 39, { status: 0, isError: true, flags: ['DC'] }),
      span('t', 's', 'client', 'back', 2, 30, { status: 0, isError: true, flags: ['DC'] }),
      span('2', 'w', 'client', 'front', 20, 20, attempt(2, { 'malha.attempt.kind': 'hedge' })),
    ]);
    expect(hops.map(([id, , failed]) => [id, failed])).toEqual([
      ['w', false],
      ['s', false],
      ['t', false],
      ['2', false],
    ]);
  });
});

describe('faults and fallbacks', () => {
  const delayed = (ms: number) => ({ flags: ['FI'], attributes: { 'malha.fault.delay_ms': ms } });

  it('shows an injected delay as such, and not as time of the service', () => {
    const { hops, byService } = waterfallOf([
      span('c', null, 'client', 'front', 0, 430, delayed(400)),
      span('s', 'c', 'server', 'back', 401, 28),
    ]);
    expect(hops.map((hop) => [hop.id, hop.kind, hop.startMs, hop.durationMs, hop.isFailed])).toEqual([
      ['s', 'call', 0, 430, false],
      ['s-fault', 'fault', 0, 400, false],
    ]);
    expect(byService).toEqual([
      { service: 'injected delay', ms: 400, share: 400 / 430 },
      { service: 'back', ms: 30, share: 30 / 430 },
    ]);
  });

  it('is never longer than the call, whose client left before', () => {
    const { hops } = waterfallOf([
      span('c', null, 'client', 'front', 0, 150, { ...delayed(400), status: 0, isError: true }),
    ]);
    expect(hops.map((hop) => [hop.durationMs, hop.isFailed])).toEqual([
      [150, true],
      [150, false],
    ]);
  });

  it('takes a call that the fallback answered for made good, on either way', () => {
    const { hops } = waterfallOf([
      span('c', null, 'client', 'front', 0, 60, { status: 503, isError: true }),
      span('s', 'c', 'server', 'back', 1, 20, { status: 503, isError: true }),
      span('f', 'c', 'client', 'front', 30, 20, { flags: ['FB'] }),
      span('x', null, 'client', 'front', 70, 20, { status: 200, flags: ['UT', 'FB'] }),
    ]);
    expect(hops.map((hop) => [hop.id, hop.isFailed, hop.isMadeGood])).toEqual([
      ['c', false, true],
      ['s', true, false],
      ['f', false, false],
      ['x', false, false],
    ]);
  });
});

describe('a failure', () => {
  it.each<[string, Partial<Span>, boolean]>([
    ['is a server error', { status: 503, isError: true }, true],
    ['is an answer of gRPC that is an error', { status: 200, isError: true }, true],
    ['is a flag that says so', { status: 429, isError: true, flags: ['RL'] }, true],
    ['is none of a client', { status: 404, isError: true }, false],
    ['is no mark of a hedge, a fault or a limit that was let pass', { flags: ['HG', 'FI', 'RLSE'] }, false],
    ['is no work of an application without a status', { status: 0 }, false],
  ])('%s', (_name, over, isFailure) => {
    expect(waterfallOf([span('a', null, 'client', 'front', 0, 1, over)]).hops[0]?.isFailed).toBe(isFailure);
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
