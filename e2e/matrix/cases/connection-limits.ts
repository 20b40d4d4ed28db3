// Limits of connections, waiting requests, requests and retries: what is beyond them is answered at once. Answers that are held
// keep the places taken, so that nothing here depends on how fast anything is.
import { ask, resource } from '../src/authoring.ts';
import type { CaseRequest, Exchange, MatrixCase, Section } from '../src/case.ts';

const AT_ONCE = 'requests of the engine follow each other';
const REVIEWS = '{app: reviews, version: v1}';

interface Row {
  readonly name: string;
  readonly policy: string;
  readonly selector?: string;
  readonly protocol?: 'http' | 'grpc';
  readonly exchanges: readonly Exchange[];
}

const request = (more: Partial<CaseRequest> = {}): CaseRequest => ({ host: '', method: 'POST', ...more });

/** Of `times` at once so many get an answer, the others 503 before it comes. */
const passes = (count: number, times: number, more: Partial<CaseRequest> = {}): Exchange => ({
  request: request(more),
  answers: [{ held: true }],
  times,
  releaseAfter: times - count,
  expect: { statuses: { 200: count, 503: times - count } },
});

/** A connection that waits for requests: from then on none of them waits for a connection. */
const WARM: Exchange = { ...ask('/', 'any'), request: request(), expect: { status: 200 } };
const ALL_PASS = (times: number, more: Partial<CaseRequest> = {}): Exchange => ({
  request: request(more),
  times,
  concurrency: times,
  expect: { statuses: { 200: times } },
});

const NO_RETRIES = 'retries: {attempts: 0}';

const ROWS: readonly Row[] = [
  ...[1, 2, 3, 5].map(
    (limit): Row => ({
      name: `${limit} requests at a time and no further one`,
      policy: `connection: {maxRequests: ${limit}}, ${NO_RETRIES}`,
      exchanges: [passes(limit, limit + 3)],
    }),
  ),
  {
    name: 'places of requests are free again when they have ended',
    policy: `connection: {maxRequests: 2}, ${NO_RETRIES}`,
    exchanges: [passes(2, 4), passes(2, 4), WARM],
  },
  {
    name: 'a limit of requests holds for all endpoints together',
    policy: `connection: {maxRequests: 3}, ${NO_RETRIES}`,
    selector: '{app: reviews}',
    exchanges: [passes(3, 6)],
  },
  {
    name: 'a limit of requests holds over HTTP/2 of the client',
    policy: `connection: {maxRequests: 2}, ${NO_RETRIES}`,
    exchanges: [passes(2, 5, { protocol: 'h2' })],
  },
  {
    name: 'requests within the limit all pass',
    policy: `connection: {maxRequests: 6}, ${NO_RETRIES}`,
    exchanges: [ALL_PASS(6)],
  },
  {
    name: 'one connection, one that waits, and no further one',
    policy: `connection: {maxConnections: 1, maxPending: 1}, ${NO_RETRIES}`,
    exchanges: [WARM, passes(2, 5)],
  },
  {
    name: 'one connection, two that wait',
    policy: `connection: {maxConnections: 1, maxPending: 2}, ${NO_RETRIES}`,
    exchanges: [WARM, passes(3, 6)],
  },
  {
    name: 'those that wait for one connection all get their turn',
    policy: `connection: {maxConnections: 1, maxPending: 100}, ${NO_RETRIES}`,
    exchanges: [ALL_PASS(10)],
  },
  {
    name: 'one connection of HTTP/2 carries many',
    policy: `connection: {maxConnections: 1}, ${NO_RETRIES}`,
    selector: '{app: ledger}',
    protocol: 'grpc',
    exchanges: [ALL_PASS(10, { protocol: 'h2' })],
  },
  {
    name: 'a limit of requests holds on one connection of HTTP/2',
    policy: `connection: {maxConnections: 1, maxRequests: 2}, ${NO_RETRIES}`,
    selector: '{app: ledger}',
    protocol: 'grpc',
    exchanges: [passes(2, 5, { protocol: 'h2' })],
  },
  ...[1, 2].map(
    (limit): Row => ({
      name: `a budget of ${limit} retries at a time and no further one`,
      policy: `retries: {attempts: 1, on: [5xx], backoff: {base: 5ms, max: 10ms}, budget: {percent: 0, minConcurrent: ${limit}}}`,
      exchanges: [
        {
          request: request({ method: 'GET' }),
          answers: [500, { held: true }],
          times: limit + 3,
          releaseAfter: 3,
          expect: { statuses: { 200: limit, 500: 3 } },
        },
      ],
    }),
  ),
  {
    name: 'a budget of no retries is none at all',
    policy: 'retries: {attempts: 2, on: [5xx], budget: {percent: 0, minConcurrent: 0}}',
    exchanges: [{ request: request({ method: 'GET' }), answers: [500, 200], expect: { status: 500, attempts: 1 } }],
  },
];

const hostOf = (index: number): string => `bounded-${index}`;

const RESOURCES = ROWS.map(({ policy, selector = REVIEWS, protocol = 'http' }, index) => {
  const host = hostOf(index);
  return (
    resource(
      'Service',
      host,
      `{selector: ${selector}, ports: [{port: 80, targetPort: 8080, appProtocol: ${protocol}}]}`,
    ) + resource('TrafficPolicy', host, `{targetRef: {kind: Service, name: ${host}}, ${policy}}`)
  );
}).join('');

export const connectionLimits: Section = {
  name: 'limits of connections and requests',
  cases: ROWS.map(
    ({ name, exchanges }, index): MatrixCase => ({
      name: `limits: ${name}`,
      resources: RESOURCES,
      exchanges: exchanges.map((each) => ({ ...each, request: { ...each.request, host: hostOf(index) } })),
      leftOut: { engine: AT_ONCE },
    }),
  ),
};
