// Calls of gRPC: their deadlines and timeouts, and what is tried again by their status.
import { ask, resource } from '../src/authoring.ts';
import type { Answer, MatrixCase, Section } from '../src/case.ts';

const LEDGER = { host: 'ledger', protocol: 'grpc' } as const;
const SLOW: Answer = { delayMs: 900 };
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

const policy = (spec: string, target = '{kind: Service, name: ledger}') =>
  resource('TrafficPolicy', 'calls', `{targetRef: ${target}, ${spec}}`);
const NO_RETRIES = policy('retries: {attempts: 0}');

interface Called {
  readonly timeout?: string;
  readonly answers?: readonly Answer[];
  readonly grpcStatus: number;
  readonly attempts?: number;
}

const call = ({ timeout, answers = [200], grpcStatus, attempts = 1 }: Called) => ({
  request: {
    ...LEDGER,
    path: '/bank.Ledger/Get',
    ...(timeout !== undefined && { headers: [['grpc-timeout', timeout]] as const }),
  },
  answers,
  expect: { grpcStatus, attempts },
});

const deadline = (name: string, resources: string, called: Called): MatrixCase => ({
  name: `gRPC deadline: ${name}`,
  resources,
  exchanges: [call(called)],
});

const deadlines: readonly MatrixCase[] = [
  deadline('a call that takes longer is DEADLINE_EXCEEDED', '', {
    timeout: '250m',
    answers: [SLOW],
    grpcStatus: DEADLINE_EXCEEDED,
  }),
  deadline('microseconds are a unit', '', { timeout: '250000u', answers: [SLOW], grpcStatus: DEADLINE_EXCEEDED }),
  deadline('nanoseconds are a unit', '', { timeout: '90000000n', answers: [SLOW], grpcStatus: DEADLINE_EXCEEDED }),
  deadline('a call that is in time is answered', '', { timeout: '10S', answers: [{ delayMs: 50 }], grpcStatus: 0 }),
  deadline('minutes and hours are units', '', { timeout: '1M', grpcStatus: 0 }),
  deadline("the client's is shorter than the timeout of the service", policy('timeouts: {request: 10s}'), {
    timeout: '250m',
    answers: [SLOW],
    grpcStatus: DEADLINE_EXCEEDED,
  }),
  deadline("the timeout of the service is shorter than the client's", policy('timeouts: {request: 250ms}'), {
    timeout: '10S',
    answers: [SLOW],
    grpcStatus: DEADLINE_EXCEEDED,
  }),
  deadline('what is no timeout goes on as it is, and bounds nothing', '', {
    timeout: '250',
    answers: [{ delayMs: 400 }],
    grpcStatus: 0,
  }),
  {
    ...deadline('nine digits are no timeout', '', {
      timeout: '000000001m',
      answers: [{ delayMs: 200 }],
      grpcStatus: 0,
    }),
    leftOut: { envoy: 'Envoy takes more digits than the protocol allows' },
  },
  {
    name: 'gRPC deadline: it bounds all attempts together',
    resources: policy('retries: {attempts: 5, on: [unavailable], backoff: {base: 5ms, max: 10ms}}'),
    exchanges: [
      call({
        timeout: '1000m',
        answers: [{ grpcStatus: UNAVAILABLE, delayMs: 400 }],
        grpcStatus: DEADLINE_EXCEEDED,
        attempts: 3,
      }),
    ],
  },
  {
    name: 'gRPC deadline: a request that is no call has none',
    exchanges: [
      ask('/', 'ledger', {
        host: 'ledger',
        protocol: 'h2',
        headers: [['grpc-timeout', '100m']],
        answers: [{ delayMs: 300 }],
      }),
    ],
    leftOut: { envoy: 'Envoy bounds every request to such a port that names a grpc-timeout' },
  },
];

const timeout = (name: string, resources: string, called: Called): MatrixCase => ({
  name: `gRPC timeout: ${name}`,
  resources,
  exchanges: [call(called)],
});

const NAMED = `---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: g, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: ledger}]
  rules:
    - {name: get, matches: [{method: {service: bank.Ledger, method: Get}}], backendRefs: [{name: ledger, port: 80}]}
    - {name: rest, backendRefs: [{name: ledger, port: 80}]}
`;
const ofRule = (spec: string) =>
  policy(spec, '{group: gateway.networking.k8s.io, kind: GRPCRoute, name: g, sectionName: get}');

const timeouts: readonly MatrixCase[] = [
  timeout('of the service', policy('timeouts: {request: 250ms}'), { answers: [SLOW], grpcStatus: DEADLINE_EXCEEDED }),
  timeout('the longest duration of the service', policy('timeouts: {maxDuration: 250ms}'), {
    answers: [SLOW],
    grpcStatus: DEADLINE_EXCEEDED,
  }),
  timeout(
    'one of the namespace is not for calls, which may be streams',
    policy('timeouts: {request: 100ms}', '{kind: Namespace, name: shop}'),
    { answers: [{ delayMs: 400 }], grpcStatus: 0 },
  ),
  {
    name: 'gRPC timeout: of one named rule, and so of one method',
    resources: NAMED + ofRule('timeouts: {request: 250ms}'),
    exchanges: [
      call({ answers: [SLOW], grpcStatus: DEADLINE_EXCEEDED }),
      {
        request: { ...LEDGER, path: '/bank.Ledger/List' },
        answers: [{ delayMs: 400 }],
        expect: { grpcStatus: 0, attempts: 1 },
      },
    ],
  },
];

const retrying = (on: string, more = 'attempts: 2') =>
  policy(`retries: {${more}, on: [${on}], backoff: {base: 5ms, max: 10ms}}`);

const CODES = [
  ['cancelled', 1],
  ['deadline-exceeded', 4],
  ['resource-exhausted', 8],
  ['internal', 13],
  ['unavailable', 14],
] as const;

const retry = (name: string, resources: string, called: Called): MatrixCase => ({
  name: `gRPC retry: ${name}`,
  resources,
  exchanges: [call(called)],
});

const retries: readonly MatrixCase[] = [
  ...CODES.map(([on, grpcStatus]) =>
    retry(`by status: ${on}`, retrying(on), { answers: [{ grpcStatus }, 200], grpcStatus: 0, attempts: 2 }),
  ),
  retry('no other status than those that are listed', retrying('unavailable'), {
    answers: [{ grpcStatus: 13 }, 200],
    grpcStatus: 13,
  }),
  retry('none by status, by default', '', { answers: [{ grpcStatus: UNAVAILABLE }, 200], grpcStatus: UNAVAILABLE }),
  retry('the status of the last attempt is the answer', retrying('unavailable, internal'), {
    answers: [{ grpcStatus: 14 }, { grpcStatus: 13 }, { grpcStatus: 14 }, 200],
    grpcStatus: 14,
    attempts: 3,
  }),
  retry('a status after a message is an answer', retrying('unavailable'), {
    answers: [{ headers: { 'grpc-status': '14' } }, 200],
    grpcStatus: UNAVAILABLE,
  }),
  retry('conditions of HTTP beside them, for no POST', retrying('gateway-error, unavailable'), {
    answers: [{ grpcStatus: UNAVAILABLE }, 200],
    grpcStatus: 0,
    attempts: 2,
  }),
  retry('none when they are off', NO_RETRIES, { answers: [{ grpcStatus: UNAVAILABLE }, 200], grpcStatus: UNAVAILABLE }),
  {
    name: 'gRPC retry: of one named rule, and so of one method',
    resources: NAMED + ofRule('retries: {attempts: 1, on: [unavailable], backoff: {base: 5ms}}'),
    exchanges: [
      call({ answers: [{ grpcStatus: UNAVAILABLE }, 200], grpcStatus: 0, attempts: 2 }),
      {
        request: { ...LEDGER, path: '/bank.Ledger/List' },
        answers: [{ grpcStatus: UNAVAILABLE }, 200],
        expect: { grpcStatus: UNAVAILABLE, attempts: 1 },
      },
    ],
  },
];

export const grpcCalls: Section = {
  name: 'gRPC: deadlines and retries',
  cases: [...deadlines, ...timeouts, ...retries],
};
