// Faults at the proxy of the caller: errors, delays and broken connections, for whom, for which part, and until when.
import { resource, route, to } from '../src/authoring.ts';
import type { Caller, CaseRequest, Exchange, Expectation, MatrixCase, Section } from '../src/case.ts';

const NO_CLOCK = 'Envoy has no clock for faults: they end when the control plane takes them away';
const NO_RESET = 'Envoy has no fault that breaks connections off';
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
const BYTES = `---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: bytes, namespace: shop}
spec:
  selector: {app: reviews, version: v1}
  ports: [{port: 5432, targetPort: 8080, appProtocol: tcp}]
`;
const BYTES_TARGET = '{kind: Service, name: bytes}';
const OF_BYTES: Caller = { via: 'upstream', upstream: 'bytes' };
const TWO_RULES = `[{name: a, matches: [{path: {value: /a}}], ${to('v1')}}, {name: b, ${to('v1')}}]`;

export const faults: Section = {
  name: 'faults',
  cases: [
    faulted('an error instead of an answer', fault(ABORT), [[{}, failed(418)]]),
    faulted('none of the requests', fault('abort: {percent: 0, httpStatus: 418}'), [[{}, OK]]),
    faulted('a connection that breaks off', fault('reset: {percent: 100}'), [[{}, CLOSED]], {
      leftOut: { envoy: NO_RESET },
    }),
    faulted('a delay lets the request pass', fault('delay: {percent: 100, duration: 20ms}'), [
      [{}, OK],
      [
        { method: 'POST', body: 'kept while it waits' },
        { ...OK, saw: { body: 'kept while it waits' } },
      ],
    ]),
    faulted('a delay before an error', fault(`delay: {percent: 100, duration: 20ms}, ${ABORT}`), [[{}, failed(418)]]),
    faulted(
      'of an error and a broken connection the second wins',
      fault(`reset: {percent: 100}, ${ABORT}`),
      [[{}, CLOSED]],
      {
        leftOut: { envoy: NO_RESET },
      },
    ),
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
    faulted('that has ended does nothing', fault(`startedAt: "2020-01-01T00:00:00Z", ${ABORT}`), [[{}, OK]], {
      leftOut: { envoy: NO_CLOCK },
    }),
    faulted(
      'that the control plane has ended does nothing',
      fault(`ended: {at: "2020-01-01T00:00:00Z", by: malha, reason: "its time was over"}, ${ABORT}`),
      [[{}, OK]],
    ),
    faulted('by path, exact and by its end, whatever the query', fault(`match: {paths: [/a, "*.pdf"]}, ${ABORT}`), [
      [{ path: '/a' }, failed(418)],
      [{ path: '/a?b' }, failed(418)],
      [{ path: '/c.pdf?d' }, failed(418)],
      [{ path: '/ab' }, OK],
      [{ path: '/c?d.pdf' }, OK],
      [{ path: '/cXpdf' }, OK],
    ]),
    faulted('by several methods', fault(`match: {methods: [PUT, POST]}, ${ABORT}`), [
      [{ method: 'PUT' }, failed(418)],
      [{ method: 'POST' }, failed(418)],
      [{ method: 'DELETE' }, OK],
    ]),
    faulted('by a header that is there', fault(`match: {headers: [{name: x-probe, values: ["*"]}]}, ${ABORT}`), [
      [{ headers: [['x-probe', 'yes']] }, failed(418)],
      [{}, OK],
    ]),
    faulted(
      'by the beginning and the end of a header',
      fault(`match: {headers: [{name: x-probe, values: ["a.*", "*+z"]}]}, ${ABORT}`),
      [
        [{ headers: [['x-probe', 'a.b']] }, failed(418)],
        [{ headers: [['x-probe', 'b+z']] }, failed(418)],
        [{ headers: [['x-probe', 'aXb']] }, OK],
      ],
    ),
    faulted(
      'by path and method and header at once',
      fault(`match: {paths: ["/a*"], methods: [PUT], headers: [{name: x-probe, values: [b]}]}, ${ABORT}`),
      [
        [{ path: '/a/b', method: 'PUT', headers: [['x-probe', 'b']] }, failed(418)],
        [{ path: '/a/b', method: 'PUT' }, OK],
        [{ path: '/b', method: 'PUT', headers: [['x-probe', 'b']] }, OK],
        [{ path: '/a/b', headers: [['x-probe', 'b']] }, OK],
      ],
    ),
    faulted(
      'of two for a service, the older one that is for the request decides',
      fault('match: {paths: [/a]}, abort: {percent: 100, httpStatus: 500}', undefined, 'a-first') +
        fault(ABORT, undefined, 'b-second'),
      [
        [{ path: '/a' }, failed(500)],
        [{ path: '/b' }, failed(418)],
      ],
    ),
    faulted(
      'one that is for a request and lets it be is the last',
      fault('match: {paths: [/a]}, abort: {percent: 0, httpStatus: 500}', undefined, 'a-first') +
        fault(ABORT, undefined, 'b-second'),
      [
        [{ path: '/a' }, OK],
        [{ path: '/b' }, failed(418)],
      ],
    ),
    faulted('a slow answer comes whole', fault('bandwidth: {percent: 100, responseBytesPerSecond: 4096}'), [
      [
        { method: 'POST', body: 'slow' },
        { ...OK, saw: { body: 'slow' } },
      ],
    ]),
    faulted('a slow request is sent whole', fault('bandwidth: {percent: 100, requestBytesPerSecond: 4096}'), [
      [
        { method: 'POST', body: 'x'.repeat(400) },
        { ...OK, saw: { body: 'x'.repeat(400) } },
      ],
    ]),
    faulted(
      'slow both ways, over HTTP/2',
      fault('bandwidth: {percent: 100, requestBytesPerSecond: 4096, responseBytesPerSecond: 4096}'),
      [
        [
          { method: 'POST', body: 'slow', protocol: 'h2' },
          { ...OK, saw: { body: 'slow' } },
        ],
      ],
    ),
    faulted(
      'an error has no bytes to slow down',
      fault(`bandwidth: {percent: 100, responseBytesPerSecond: 1024}, ${ABORT}`),
      [[{}, failed(418)]],
    ),
    faulted('of the service, by whichever route it is called', route('r', `[{${to('v1')}}]`) + fault(ABORT), [
      [{}, failed(418)],
    ]),
    faulted(
      'a slow connection of bytes passes them whole',
      BYTES + fault('bandwidth: {percent: 100, responseBytesPerSecond: 4096}', BYTES_TARGET),
      [
        [
          { method: 'PUT', body: 'bytes' },
          { backend: 'reviews-v1', saw: { body: 'bytes' } },
        ],
      ],
      { caller: OF_BYTES },
    ),
    faulted(
      'a connection of bytes is broken off',
      BYTES + fault('reset: {percent: 100}', BYTES_TARGET),
      [[{ method: 'PUT', body: 'bytes' }, CLOSED]],
      { caller: OF_BYTES, leftOut: { envoy: NO_RESET } },
    ),
    faulted(
      'what asks for requests leaves connections of bytes alone',
      BYTES + fault('match: {methods: [PUT]}, reset: {percent: 100}', BYTES_TARGET),
      [
        [
          { method: 'PUT', body: 'bytes' },
          { backend: 'reviews-v1', saw: { body: 'bytes' } },
        ],
      ],
      { caller: OF_BYTES },
    ),
    faulted(
      'an error is none for connections of bytes',
      BYTES + fault(ABORT, BYTES_TARGET),
      [
        [
          { method: 'PUT', body: 'bytes' },
          { backend: 'reviews-v1', saw: { body: 'bytes' } },
        ],
      ],
      { caller: OF_BYTES },
    ),
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
    },
    {
      name: 'faults: a part of the requests of a rule with filters of one backend',
      resources:
        route('r', `[{${to('v1')}}]`) + fault('abort: {percent: 50, httpStatus: 418}', '{kind: HTTPRoute, name: r}'),
      exchanges: [
        { request: { host: 'reviews.shop' }, expect: { share: { 'status 418': 0.5, 'reviews-v1': 0.5 } }, times: 400 },
      ],
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
