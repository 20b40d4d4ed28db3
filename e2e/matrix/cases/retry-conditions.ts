// Retries, condition by condition: which answers are tried again under each, for a request that may be repeated and one that may not.
import { ask, resource, route, to } from '../src/authoring.ts';
import type { Answer, MatrixCase, Section } from '../src/case.ts';

const PLAIN = route('plain', `[{${to('v1')}}]`);

const policy = (fields: string) =>
  resource(
    'TrafficPolicy',
    'calls',
    `{targetRef: {kind: Service, name: reviews}, retries: {backoff: {base: 5ms, max: 10ms}, ${fields}}}`,
  );

type Retried = 'both' | 'idempotent' | 'none';

/** By condition: what is answered first, and whether it is tried again. */
const TABLE: Readonly<Record<string, readonly (readonly [Answer, Retried])[]>> = {
  'connect-failure': [
    [503, 'none'],
    [504, 'none'],
  ],
  'refused-stream': [[503, 'none']],
  reset: [
    ['reset', 'idempotent'],
    [503, 'none'],
    [500, 'none'],
  ],
  'gateway-error': [
    [500, 'none'],
    [501, 'none'],
    [502, 'idempotent'],
    [503, 'idempotent'],
    [504, 'idempotent'],
    [505, 'none'],
    [404, 'none'],
    [429, 'none'],
  ],
  '5xx': [
    [500, 'idempotent'],
    [501, 'idempotent'],
    [502, 'idempotent'],
    [503, 'idempotent'],
    [504, 'idempotent'],
    [505, 'idempotent'],
    [599, 'idempotent'],
    [404, 'none'],
    [409, 'none'],
  ],
  'retriable-status': [
    [418, 'both'],
    [409, 'both'],
    [503, 'both'],
    [500, 'none'],
    [404, 'none'],
  ],
};

const METHODS = [
  { method: 'GET', isIdempotent: true },
  { method: 'POST', isIdempotent: false },
] as const;

function rowsOf(condition: string): MatrixCase[] {
  const codes = condition === 'retriable-status' ? ', statusCodes: [409, 418, 503]' : '';
  const resources = PLAIN + policy(`attempts: 1, on: [${condition}]${codes}`);
  return (TABLE[condition] ?? []).flatMap(([answer, retried]) =>
    METHODS.map(({ method, isIdempotent }): MatrixCase => {
      const isRetried = retried === 'both' || (retried === 'idempotent' && isIdempotent);
      const status = typeof answer === 'number' ? answer : 503;
      return {
        name: `retry on ${condition}: ${String(answer)} of a ${method} is ${isRetried ? '' : 'not '}tried again`,
        resources,
        exchanges: [
          {
            request: { host: 'reviews', method },
            answers: [answer, 200],
            expect: { status: isRetried ? 200 : status, attempts: isRetried ? 2 : 1 },
          },
        ],
      };
    }),
  );
}

/** Each of several conditions is looked at. */
const SEVERAL = PLAIN + policy('attempts: 1, on: [reset, retriable-status], statusCodes: [429]');

const several = (name: string, answers: readonly Answer[], status: number, attempts: number): MatrixCase => ({
  name: `retry on several conditions: ${name}`,
  resources: SEVERAL,
  exchanges: [{ request: { host: 'reviews' }, answers, expect: { status, attempts } }],
});

const attempts = (count: number): MatrixCase => ({
  name: `retry: ${count} more attempts and no further one`,
  resources: PLAIN + policy(`attempts: ${count}, on: [5xx]`),
  exchanges: [
    { request: { host: 'reviews' }, answers: [500], expect: { status: 500, attempts: count + 1 } },
    {
      request: { host: 'reviews' },
      answers: [...Array.from({ length: count }, () => 500), 200],
      expect: { status: 200, attempts: count + 1 },
    },
  ],
});

const METHODS_OF_HTTP = [
  ['GET', 2],
  ['HEAD', 2],
  ['OPTIONS', 2],
  ['PUT', 2],
  ['DELETE', 2],
  ['POST', 1],
  ['PATCH', 1],
] as const;

export const retryConditions: Section = {
  name: 'retries, condition by condition',
  cases: [
    ...Object.keys(TABLE).flatMap(rowsOf),
    several('the one', ['reset', 200], 200, 2),
    several('the other', [429, 200], 200, 2),
    several('none of them', [503, 200], 503, 1),
    ...[1, 2, 3, 5].map(attempts),
    ...METHODS_OF_HTTP.map(
      ([method, count]): MatrixCase => ({
        name: `retry on 5xx: ${method} over HTTP/2 is ${count > 1 ? '' : 'not '}tried again`,
        resources: PLAIN + policy('attempts: 1, on: [5xx]'),
        exchanges: [
          {
            request: { host: 'reviews', method, protocol: 'h2' },
            answers: [500, 200],
            expect: { status: count > 1 ? 200 : 500, attempts: count },
          },
        ],
      }),
    ),
    {
      name: 'retry: a body that is sent again comes whole, over HTTP/2 too',
      resources: PLAIN + policy('attempts: 2, on: [5xx]'),
      exchanges: [
        ask('/', 'reviews-v1', {
          method: 'PUT',
          protocol: 'h2',
          body: 'x'.repeat(20_000),
          answers: [500, 500, 200],
          expect: { attempts: 3, saw: { body: 'x'.repeat(20_000) } },
        }),
      ],
    },
    {
      name: 'retry: another endpoint than the one that failed',
      // A service of its own: the one that fails is ejected there.
      resources:
        resource('Service', 'retried', '{selector: {app: reviews}, ports: [{port: 80, targetPort: 8080}]}') +
        resource(
          'TrafficPolicy',
          'retried',
          '{targetRef: {kind: Service, name: retried}, retries: {attempts: 2, on: [5xx], backoff: {base: 5ms, max: 10ms}}}',
        ),
      // Only one of three fails: whoever comes to it comes to another one next.
      exchanges: [
        {
          request: { host: 'retried' },
          answers: [{ status: 500, from: ['reviews-v2'] }],
          times: 30,
          concurrency: 1,
          expect: { backends: ['reviews-v1', 'reviews-v3'] },
        },
      ],
    },
  ],
};
