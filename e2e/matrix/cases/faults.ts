// Faults at the proxy of the caller: errors, delays and broken connections, for whom, for which part, and until when.
import { resource, route, to } from '../src/authoring.ts';
import type { Caller, CaseRequest, Exchange, Expectation, MatrixCase, Section } from '../src/case.ts';

const NO_CLOCK = 'Envoy cannot end a fault by its own clock, so that it gets none';
const VISITOR: Caller = { via: 'outbound', workload: 'other/visitor' };

const OK: Expectation = { status: 200 };
const failed = (status: number): Expectation => ({ status, backend: null });
const CLOSED: Expectation = { status: 'closed', backend: null };

type Row = readonly [request: Partial<CaseRequest>, expect: Expectation];

/** `spec` in flow style, without what most have in common. */
function fault(spec: string, target = '{kind: Service, name: reviews}', name = 'fault'): string {
  return resource('FaultInjection', name, `{targetRef: ${target}, expiresAfter: 1h, ${spec}}`);
}

function faulted(name: string, resources: string, rows: readonly Row[], more: Partial<MatrixCase> = {}): MatrixCase {
  return {
    name: `faults: ${name}`,
    resources,
    exchanges: rows.map(([request, expect]): Exchange => ({ request: { host: 'reviews.shop', ...request }, expect })),
    leftOut: { envoy: NO_CLOCK },
    ...more,
  };
}

const ABORT = 'abort: {percent: 100, httpStatus: 418}';
const CALLS = `---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: calls, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: ledger}]
  rules: [{backendRefs: [{name: ledger, port: 80}]}]
`;
const CALL = { host: 'ledger', path: '/ledger.Ledger/Add', protocol: 'grpc' } as const;
const TWO_RULES = `[{name: a, matches: [{path: {value: /a}}], ${to('v1')}}, {name: b, ${to('v1')}}]`;

export const faults: Section = {
  name: 'faults',
  cases: [
    faulted('an error instead of an answer', fault(ABORT), [[{}, failed(418)]]),
    faulted('none of the requests', fault('abort: {percent: 0, httpStatus: 418}'), [[{}, OK]]),
    faulted('a connection that breaks off', fault('reset: {percent: 100}'), [[{}, CLOSED]]),
    faulted('a delay lets the request pass', fault('delay: {percent: 100, duration: 20ms}'), [
      [{}, OK],
      [
        { method: 'POST', body: 'kept while it waits' },
        { ...OK, saw: { body: 'kept while it waits' } },
      ],
    ]),
    faulted('a delay before an error', fault(`delay: {percent: 100, duration: 20ms}, ${ABORT}`), [[{}, failed(418)]]),
    faulted('of an error and a broken connection the second wins', fault(`reset: {percent: 100}, ${ABORT}`), [
      [{}, CLOSED],
    ]),
    faulted('by path', fault(`match: {paths: ["/a*"]}, ${ABORT}`), [
      [{ path: '/a/b?c' }, failed(418)],
      [{ path: '/b' }, OK],
    ]),
    faulted('by method', fault(`match: {methods: [POST]}, ${ABORT}`), [
      [{ method: 'POST' }, failed(418)],
      [{ method: 'GET' }, OK],
    ]),
    faulted('by header', fault(`match: {headers: [{name: X-Tester, values: [alice]}]}, ${ABORT}`), [
      [{ headers: [['x-tester', 'alice']] }, failed(418)],
      [{ headers: [['x-tester', 'bob']] }, OK],
      [{}, OK],
    ]),
    faulted('of one caller', fault(`callers: [{namespace: shop, serviceAccount: front}], ${ABORT}`), [
      [{}, failed(418)],
    ]),
    faulted(
      'of one caller leaves others alone',
      fault(`callers: [{namespace: shop, serviceAccount: front}], ${ABORT}`),
      [[{}, OK]],
      { caller: VISITOR },
    ),
    faulted('of the callers of a namespace', fault(`callers: [{namespace: other}], ${ABORT}`), [[{}, failed(418)]], {
      caller: VISITOR,
    }),
    faulted('of another service do not count', fault(ABORT, '{kind: Service, name: ratings}'), [[{}, OK]]),
    faulted('of a route', route('r', TWO_RULES) + fault(ABORT, '{kind: HTTPRoute, name: r}'), [
      [{ path: '/a' }, failed(418)],
      [{ path: '/b' }, failed(418)],
    ]),
    faulted('of one rule', route('r', TWO_RULES) + fault(ABORT, '{kind: HTTPRoute, name: r, sectionName: a}'), [
      [{ path: '/a' }, failed(418)],
      [{ path: '/b' }, OK],
    ]),
    faulted(
      'that of the rule comes before that of the service',
      route('r', TWO_RULES) +
        fault('abort: {percent: 100, httpStatus: 500}') +
        fault(ABORT, '{kind: HTTPRoute, name: r, sectionName: a}', 'of-rule'),
      [
        [{ path: '/a' }, failed(418)],
        [{ path: '/b' }, failed(500)],
      ],
    ),
    faulted(
      'a code of gRPC',
      CALLS + fault('abort: {percent: 100, grpcStatus: 13}', '{kind: GRPCRoute, name: calls}'),
      [[CALL, { grpcStatus: 13, backend: null }]],
    ),
    faulted(
      'a status of HTTP as clients of gRPC take it',
      fault('abort: {percent: 100, httpStatus: 503}', '{kind: Service, name: ledger}'),
      [[CALL, { grpcStatus: 14, backend: null }]],
    ),
    faulted('that has ended does nothing', fault(`startedAt: "2020-01-01T00:00:00Z", ${ABORT}`), [[{}, OK]]),
    {
      name: 'faults: a part of the requests',
      resources: fault('abort: {percent: 30, httpStatus: 418}'),
      exchanges: [
        {
          request: { host: 'reviews.shop' },
          expect: { share: { 'status 418': 0.3, 'reviews-v1': 0.7 / 3, 'reviews-v2': 0.7 / 3, 'reviews-v3': 0.7 / 3 } },
          times: 400,
        },
      ],
      leftOut: { envoy: NO_CLOCK },
    },
    faulted('are not tried again', fault('abort: {percent: 100, httpStatus: 503}'), [
      [{}, { ...failed(503), attempts: 0 }],
    ]),
    faulted(
      'before a limit, which they cost nothing',
      route('r', TWO_RULES) +
        fault(`match: {headers: [{name: x-fault, values: ["*"]}]}, ${ABORT}`) +
        resource(
          'RateLimit',
          'beside-fault',
          '{targetRef: {kind: HTTPRoute, name: r}, limits: [{name: beside-fault, requests: 1, interval: 1h}]}',
        ),
      [
        [{ headers: [['x-fault', '1']] }, failed(418)],
        [{ headers: [['x-fault', '1']] }, failed(418)],
        [{}, OK],
        [{}, failed(429)],
      ],
    ),
  ],
};
