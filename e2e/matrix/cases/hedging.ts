// Hedging: a request whose answer is late goes to another endpoint too, and the first good answer is taken.
import { resource, route, to } from '../src/authoring.ts';
import type { Answer, MatrixCase, Section } from '../src/case.ts';

const ONE_BY_ONE = 'one attempt after the other there';
/** So late that whoever waits for it waits for nothing else. */
const LATE: Answer = { delayMs: 900 };
const SLOW: Answer = { delayMs: 450 };
const ALL = 'backendRefs: [{name: reviews, port: 80}]';

const hedged = (hedging: string, section = '') =>
  resource(
    'RoutePolicy',
    'hedged',
    `{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: hedged${section}}, hedging: {${hedging}}}`,
  );
const NO_RETRIES = resource(
  'TrafficPolicy',
  'calls',
  '{targetRef: {kind: Service, name: reviews}, retries: {attempts: 0}}',
);
const SOON = route('hedged', `[{${ALL}}]`) + NO_RETRIES + hedged('delay: 100ms');

const races = (
  name: string,
  resources: string,
  answers: readonly Answer[],
  [status, attempts]: readonly [number, number],
  more: { readonly method?: string; readonly path?: string; readonly leftOut?: MatrixCase['leftOut'] } = {},
): MatrixCase => {
  const { method = 'GET', path = '/', leftOut = {} } = more;
  return {
    name: `hedging: ${name}`,
    resources,
    exchanges: [{ request: { host: 'reviews', path, method }, answers, expect: { status, attempts } }],
    leftOut: { engine: ONE_BY_ONE, ...leftOut },
  };
};
const ANYWHERE = { leftOut: {} };

const still = (...[name, resources, answers, ends, more]: Parameters<typeof races>): MatrixCase => {
  const { leftOut, ...rest } = races(name, resources, answers, ends, more);
  const { engine: _, ...sides } = leftOut ?? {};
  return { ...rest, leftOut: { ...sides, ...more?.leftOut } };
};

export const hedging: Section = {
  name: 'hedging',
  cases: [
    races('another endpoint answers while the first is slow', SOON, [LATE, 200], [200, 2]),
    races('for a HEAD', SOON, [LATE, 200], [200, 2], { method: 'HEAD' }),
    races('for a PUT', SOON, [LATE, 200], [200, 2], { method: 'PUT' }),
    races('for a DELETE', SOON, [LATE, 200], [200, 2], { method: 'DELETE' }),
    still('not for a POST', SOON, [SLOW], [200, 1], { method: 'POST', ...ANYWHERE }),
    still('not for a PATCH', SOON, [SLOW], [200, 1], { method: 'PATCH', ...ANYWHERE }),
    still('not where the answer is in time', SOON.replace('100ms', '10s'), [{ delayMs: 50 }], [200, 1], ANYWHERE),
    races('an error of the client is an answer', SOON, [LATE, 404], [404, 2]),
    races('the first answer is taken if it comes first after all', SOON, [SLOW, LATE], [200, 2]),
    races('a second attempt that fails does not end the first', SOON, [SLOW, 503], [200, 2], {
      leftOut: { envoy: 'Envoy gives the error to the client when no attempt is left' },
    }),
    races(
      'the last failure is the answer when all fail',
      SOON,
      [
        { status: 503, delayMs: 300 },
        { status: 503, delayMs: 300 },
      ],
      [503, 2],
    ),
    races(
      'as many attempts as the policy says',
      SOON.replace('100ms', '100ms, maxAttempts: 3'),
      [LATE, LATE, 200],
      [200, 3],
    ),
    races('no more of them', SOON, [SLOW], [200, 2]),
    still(
      'none of the requests for a share of 0',
      SOON.replace('100ms', '100ms, percent: 0'),
      [SLOW],
      [200, 1],
      ANYWHERE,
    ),
    races(
      'of one rule, as that rule is named',
      route('hedged', `[{name: fast, matches: [{path: {value: /fast}}], ${ALL}}, {${ALL}}]`) +
        NO_RETRIES +
        hedged('delay: 100ms', ', sectionName: fast'),
      [LATE, 200],
      [200, 2],
      { path: '/fast' },
    ),
    still(
      'of one rule, no other one',
      route('hedged', `[{name: fast, matches: [{path: {value: /fast}}], ${ALL}}, {${ALL}}]`) +
        NO_RETRIES +
        hedged('delay: 100ms', ', sectionName: fast'),
      [SLOW],
      [200, 1],
      ANYWHERE,
    ),
    races(
      'within the time of the request',
      route('hedged', `[{${ALL}, timeouts: {request: 400ms}}]`) + NO_RETRIES + hedged('delay: 100ms'),
      [LATE],
      [504, 2],
    ),
    still(
      'the only endpoint is asked once',
      route('hedged', `[{${to('v1')}}]`) + NO_RETRIES + hedged('delay: 100ms'),
      [SLOW],
      [200, 1],
      {
        leftOut: { envoy: 'Envoy asks the same endpoint again where it finds no other' },
      },
    ),
    {
      name: 'hedging: the body is sent again',
      resources: SOON,
      exchanges: [
        {
          request: { host: 'reviews', method: 'PUT', body: 'text' },
          answers: [LATE, 200],
          expect: { status: 200, attempts: 2, saw: { body: 'text' } },
        },
      ],
      leftOut: { engine: ONE_BY_ONE },
    },
    races('retries go on beside it', route('hedged', `[{${ALL}}]`) + hedged('delay: 10s'), [503, 200], [200, 2], {
      leftOut: { engine: ONE_BY_ONE },
    }),
  ],
};
