// The time that a caller gives goes on to the next hop, where the caller is believed.
import { resource, route, to } from '../src/authoring.ts';
import type { Answer, Caller, Exchange, MatrixCase, Section } from '../src/case.ts';

const HEADER = 'x-envoy-expected-rq-timeout-ms';
const SLOW: Answer = { delayMs: 700 };
const STANDS_STILL = 'no time passes there';
const NOT_ASKED = 'Envoy asks callers of the mesh only, not the application beside it';
const FRONT_IDENTITY: Caller = { via: 'inbound', identity: { namespace: 'shop', serviceAccount: 'front' } };
const PLAINTEXT: Caller = { via: 'inbound', identity: 'plaintext' };
const PERMISSIVE = resource(
  'PeerAuthentication',
  'vault',
  '{targetRef: {kind: Service, name: vault}, mode: PERMISSIVE}',
);

const waits = (
  name: string,
  exchange: Omit<Exchange, 'answers'> & Partial<Pick<Exchange, 'answers'>>,
  more: Pick<MatrixCase, 'resources' | 'leftOut'> = {},
): MatrixCase => ({
  name: `deadline: ${name}`,
  ...more,
  exchanges: [{ answers: [SLOW], ...exchange }],
  leftOut: { engine: STANDS_STILL, ...more.leftOut },
});

const withTime = (value: string, host: string): Exchange['request'] => ({ host, headers: [[HEADER, value]] });
const UNBOUND = route('unbound', `[{${to('v1')}, timeouts: {request: 0s}}]`);

export const deadlines: Section = {
  name: 'deadlines that go on',
  cases: [
    waits(
      'of the application bounds its call',
      { request: withTime('200', 'reviews'), expect: { status: 504, attempts: 1 } },
      { leftOut: { envoy: NOT_ASKED } },
    ),
    waits(
      'of the application bounds its call where the rule has no timeout',
      { request: withTime('200', 'reviews'), expect: { status: 504, attempts: 1 } },
      { resources: UNBOUND, leftOut: { envoy: NOT_ASKED } },
    ),
    waits('that is longer than the answer takes', { request: withTime('10000', 'reviews'), expect: { status: 200 } }),
    waits('that is no number bounds nothing', { request: withTime('soon', 'reviews'), expect: { status: 200 } }),
    waits(
      'of 0 bounds nothing',
      { request: withTime('0', 'reviews'), expect: { status: 200 } },
      { resources: UNBOUND },
    ),
    waits(
      'of a caller with an identity bounds its callee',
      {
        caller: FRONT_IDENTITY,
        request: withTime('200', 'vault'),
        expect: { status: 504 },
      },
      { leftOut: { envoy: 'Envoy drops the header of callers that it does not hold for internal' } },
    ),
    waits(
      'of a caller in plaintext bounds nothing, and is not passed on',
      {
        caller: PLAINTEXT,
        request: withTime('200', 'vault'),
        expect: { status: 200, backend: 'vault', saw: { headers: { [HEADER]: null } } },
      },
      { resources: PERMISSIVE, leftOut: { envoy: 'Envoy does not ask who sent the header' } },
    ),
    waits(
      'none is told where there is none',
      {
        request: { host: 'reviews' },
        answers: [200],
        expect: { status: 200, saw: { headers: { [HEADER]: null } } },
      },
      { resources: UNBOUND },
    ),
  ],
};
