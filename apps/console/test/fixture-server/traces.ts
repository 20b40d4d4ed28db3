// A failing checkout and some that went well.
import type { Span, TraceSummary } from '../../src/trpc/contract.ts';
import { noise } from './series.ts';

const services = ['bookstore/ingress', 'bookstore/frontend', 'bookstore/checkout', 'payments/ledger'];

function idOf(index: number): string {
  return Array.from({ length: 32 }, (_, at) => Math.floor(Math.abs(noise(index, at)) * 16).toString(16)).join('');
}

export function search(nowMs: number, seconds: number, errorsOnly: boolean): TraceSummary[] {
  return Array.from({ length: 60 }, (_, index) => {
    const isFailed = index % 9 === 0;
    return {
      traceId: idOf(index + 1),
      startMs: nowMs - ((index + 0.5) / 60) * seconds * 1000,
      durationMs: isFailed ? 2214 - index : 20 + Math.abs(noise(index, 7)) * 300 * (index % 7 === 0 ? 4 : 1),
      rootService: 'bookstore/ingress',
      rootOperation: isFailed ? 'POST /checkout' : index % 2 === 0 ? 'GET /books/42' : 'GET /',
      services: isFailed ? services : services.slice(0, 2),
      spans: isFailed ? 12 : 5,
      errors: isFailed ? 4 : 0,
      status: isFailed ? 503 : 200,
    };
  }).filter((trace) => !errorsOnly || trace.errors > 0);
}

const connectionFailed = {
  flags: ['UF'],
  flagWords: ['The connection to the upstream could not be made.'],
  isError: true,
};

export function spansOf(startMs: number): Span[] {
  const span = (
    spanId: string,
    parentSpanId: string | null,
    at: string,
    kind: Span['kind'],
    name: string,
    from: number,
    durationMs: number,
    status: number,
    over: Partial<Span> = {},
  ): Span => {
    const [namespace = '', service = ''] = at.split('/');
    return {
      spanId,
      parentSpanId,
      namespace,
      service,
      workload: namespace === '' ? '' : `${service}-1`,
      kind,
      name,
      startMs: startMs + from,
      durationMs,
      status,
      isError: status >= 400,
      flags: [],
      flagWords: [],
      route: '',
      policy: '',
      attempts: 1,
      attributes: { 'http.request.method': name.split(' ')[0] ?? 'GET' },
      ...over,
    };
  };
  return [
    span('a1', null, 'bookstore/ingress', 'server', 'POST /checkout', 0, 2214, 503),
    span('a2', 'a1', 'bookstore/ingress', 'client', 'POST /checkout', 1, 2212, 503, {
      route: 'bookstore/frontend/default',
    }),
    span('b1', 'a2', 'bookstore/frontend', 'server', 'POST /checkout', 2, 2210, 503),
    span('b2', 'b1', 'bookstore/frontend', 'client', 'POST /checkout', 4, 2206, 503, {
      route: 'bookstore/checkout/default',
    }),
    span('c1', 'b2', 'bookstore/checkout', 'server', 'POST /checkout', 5, 2204, 503),
    span('c2', 'c1', 'bookstore/checkout', 'client', 'GET /cart/8f31', 8, 19, 200, { route: 'bookstore/cart/default' }),
    span('d1', 'c2', 'bookstore/cart', 'server', 'GET /cart/8f31', 9, 17, 200),
    span('h1', 'c1', 'bookstore/checkout', 'client', 'GET /stock', 28, 460, 200, {
      flags: ['FI', 'HG'],
      flagWords: ['A fault was injected.', 'An endpoint was slow, and another one was asked as well (hedging).'],
      attempts: 2,
      attributes: {
        'malha.hedges': 1,
        'malha.fault.delay_ms': 300,
        'malha.protection': 'FaultInjection bookstore/stock-slow',
        'malha.destination.service': 'bookstore/stock',
      },
    }),
    span('h2', 'h1', 'bookstore/checkout', 'client', 'GET /stock', 328, 158, 0, {
      attributes: { 'malha.attempt.number': 1, 'malha.attempt.kind': 'first', 'malha.attempt.given_up': true },
    }),
    span('h3', 'h1', 'bookstore/checkout', 'client', 'GET /stock', 428, 60, 200, {
      attributes: {
        'malha.attempt.number': 2,
        'malha.attempt.kind': 'hedge',
        'malha.upstream.workload': 'bookstore/stock-2',
      },
    }),
    span('c3', 'c1', 'bookstore/checkout', 'client', 'POST /charges', 30, 2176, 504, {
      route: 'payments/ledger/default',
    }),
    span('e1', 'c3', 'payments/ledger', 'server', 'POST /charges', 31, 2174, 504),
    span('e2', 'e1', 'payments/ledger', 'client', 'POST /score', 36, 38, 200, { route: 'payments/fraud/default' }),
    span('f1', 'e2', 'payments/fraud', 'server', 'POST /score', 37, 36, 200),
    span('e3', 'e1', 'payments/ledger', 'client', 'POST /v1/charges', 76, 2000, 504, {
      flags: ['UT', 'URX'],
      flagWords: ['The request timeout ended before an answer came.', 'All retries were used up.'],
      route: 'payments/stripe/default',
      attempts: 2,
      attributes: { 'http.request.method': 'POST', 'url.path': '/v1/charges', 'malha.upstream.workload': '' },
    }),
    span('g1', 'e3', 'payments/ledger', 'client', 'POST /v1/charges', 76, 1000, 0, {
      ...connectionFailed,
      attributes: { 'malha.attempt.number': 1, 'malha.attempt.kind': 'first' },
    }),
    span('g2', 'e3', 'payments/ledger', 'client', 'POST /v1/charges', 1124, 952, 0, {
      flags: ['UT'],
      flagWords: ['The upstream did not answer in time.'],
      isError: true,
      attributes: { 'malha.attempt.number': 2, 'malha.attempt.kind': 'retry', 'malha.attempt.backoff_ms': 48 },
    }),
  ];
}
