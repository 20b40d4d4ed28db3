// Rate limits of scope Global: `malha ratelimit` counts for all proxies, with its numbers in a real Redis.
import { redisProblem } from '@malha/testing/redis';
import { resource, route, to } from '../src/authoring.ts';
import type { Caller, CaseRequest, Exchange, MatrixCase, Section } from '../src/case.ts';

const VISITOR: Caller = { via: 'outbound', workload: 'other/visitor' };
const RESOURCE_EXHAUSTED = 8;
const NO_REDIS = redisProblem();

/** Each side has a Redis of its own, and the engine no process beside it. */
const leftOut: MatrixCase['leftOut'] = {
  engine: 'the counts are kept by a process beside the proxies',
  ...(NO_REDIS !== undefined && { sidecar: NO_REDIS, envoy: NO_REDIS }),
};

/** What an idle machine answers in a millisecond may take long on one that is busy. */
const PATIENT = 'timeout: 10s';
const COUNTED = `global: {${PATIENT}}`;
/** Nobody listens there. */
const NOBODY = 'global: {service: {name: nobody-counts, namespace: shop, port: 80}';

type Sent = readonly [request: Partial<CaseRequest>, status: number, caller?: Caller];

interface Row {
  readonly name: string;
  /** Each with its own fields besides name, interval and scope. */
  readonly limits: readonly string[];
  readonly global?: string;
  readonly sent: readonly Sent[];
}

const plain = (...statuses: readonly number[]): Sent[] => statuses.map((status) => [{}, status]);
const user = (value: string, status: number): Sent => [{ headers: [['x-user', value]] }, status];

const ROWS: readonly Row[] = [
  { name: 'what is within passes, the rest gets 429', limits: ['requests: 2'], sent: plain(200, 200, 429, 429) },
  { name: 'a burst above the rate', limits: ['requests: 1, burst: 3'], sent: plain(200, 200, 200, 429) },
  {
    name: 'callers behind different proxies share it',
    limits: ['requests: 3'],
    sent: [
      [{}, 200],
      [{}, 200, VISITOR],
      [{}, 200],
      [{}, 429, VISITOR],
      [{}, 429],
    ],
  },
  {
    name: 'each value of a header has a bucket, for all proxies',
    limits: ['requests: 1, by: [{type: Header, name: x-user}]'],
    sent: [user('a', 200), user('b', 200), [{ headers: [['x-user', 'a']] }, 429, VISITOR], user('b', 429)],
  },
  {
    name: 'each path has a bucket',
    limits: ['requests: 1, by: [{type: Path}]'],
    sent: [
      [{ path: '/a' }, 200],
      [{ path: '/b' }, 200],
      [{ path: '/a?x=1' }, 429],
    ],
  },
  {
    name: 'what is not meant is not counted',
    limits: ['requests: 1, match: {methods: [POST]}'],
    sent: [...plain(200, 200), [{ method: 'POST' }, 200], [{ method: 'POST' }, 429], ...plain(200)],
  },
  {
    name: 'of two the smaller one refuses',
    limits: ['requests: 9', 'requests: 1'],
    sent: plain(200, 429),
  },
  {
    name: 'what one refuses costs nothing of another',
    limits: ['requests: 2', 'requests: 1, match: {paths: [/rare]}'],
    sent: [[{ path: '/rare' }, 200], [{ path: '/rare' }, 429], ...plain(200, 429)],
  },
  { name: 'while nobody counts, requests pass', limits: ['requests: 1'], global: `${NOBODY}}`, sent: plain(200, 200) },
  {
    name: 'while nobody counts, requests get 500 where the limit says so',
    limits: ['requests: 1, match: {paths: [/counted]}'],
    global: `${NOBODY}, onFailure: Deny}`,
    sent: [[{ path: '/counted' }, 500], ...plain(200)],
  },
];

const keyOf = (index: number): string => `counted-${index}`;

const limited = (name: string, target: string, limits: readonly string[], global = COUNTED): string =>
  resource(
    'RateLimit',
    name,
    `{targetRef: ${target}, ${global}, limits: [${limits.map((limit, index) => `{name: limit-${index}, interval: 1h, scope: Global, ${limit}}`).join(', ')}]}`,
  );

/** A rule for each row, found by a header; a limit of the callee by identity; one of calls. */
const RESOURCES =
  resource(
    'Service',
    'nobody-counts',
    '{selector: {app: down}, ports: [{port: 80, targetPort: 8080, appProtocol: grpc}]}',
  ) +
  route(
    'counted',
    `[${ROWS.map((_, index) => `{name: ${keyOf(index)}, matches: [{headers: [{name: x-row, value: "${index}"}]}], ${to('v1')}}`).join(', ')}]`,
  ) +
  ROWS.map(({ limits, global }, index) =>
    limited(
      keyOf(index),
      `{group: gateway.networking.k8s.io, kind: HTTPRoute, name: counted, sectionName: ${keyOf(index)}}`,
      limits,
      global,
    ),
  ).join('') +
  limited('counted-vault', '{kind: Service, name: vault}', [
    'requests: 2, match: {methods: [PUT]}, by: [{type: Identity}]',
  ]) +
  limited('counted-calls', '{kind: GRPCRoute, name: calls}', ['requests: 1']) +
  `---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: calls, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: ledger}]
  rules: [{backendRefs: [{name: ledger, port: 80}]}]
`;

const counted = (name: string, exchanges: readonly Exchange[]): MatrixCase => ({
  name: `global rate limits: ${name}`,
  resources: RESOURCES,
  exchanges,
  leftOut,
});

const sending =
  (index: number) =>
  ([request, status, caller]: Sent): Exchange => ({
    ...(caller !== undefined && { caller }),
    request: {
      host: 'reviews.shop',
      ...request,
      headers: [['x-row', String(index)], ...(request.headers ?? [])],
    },
    expect: { status, backend: status === 200 ? 'reviews-v1' : null },
  });

const put = (status: number, caller?: Caller): Exchange => ({
  ...(caller !== undefined && { caller }),
  request: { host: 'vault.shop', method: 'PUT' },
  expect: { status, backend: status === 200 ? 'vault' : null },
});

export const globalLimits: Section = {
  name: 'global rate limits',
  cases: [
    ...ROWS.map(({ name, sent }, index) => counted(name, sent.map(sending(index)))),
    counted('each identity has a bucket at the callee', [put(200), put(200), put(429), put(200, VISITOR)]),
    counted(
      'a call beyond it gets RESOURCE_EXHAUSTED',
      [0, RESOURCE_EXHAUSTED].map((grpcStatus) => ({
        request: { host: 'ledger', path: '/ledger.Ledger/Add', protocol: 'grpc' as const },
        expect: { grpcStatus },
      })),
    ),
  ],
};
