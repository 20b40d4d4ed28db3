// Timeouts, retries, and what is answered where nobody can.
import { ask, ref, resource, route, to } from '../src/authoring.ts';
import type { Answer, MatrixCase, Section } from '../src/case.ts';

/** A backoff that no test waits for long. */
const QUICK = 'backoff: 5ms';
const retrying = (fields: string) => route('retry', `[{${to('v1')}, retry: {${fields}, ${QUICK}}}]`);
const policy = (spec: string) =>
  resource('TrafficPolicy', 'calls', `{targetRef: {kind: Service, name: reviews}, ${spec}}`);
const NO_RETRIES = policy('retries: {attempts: 0}');
const PLAIN = route('plain', `[{${to('v1')}}]`);
const SLOW: Answer = { delayMs: 900 };

const tries = (
  name: string,
  resources: string,
  answers: readonly Answer[],
  status: number,
  attempts: number,
  method = 'GET',
): MatrixCase => ({
  name: `retry: ${name}`,
  resources,
  exchanges: [{ request: { host: 'reviews', path: '/', method }, answers, expect: { status, attempts } }],
});

const times = (
  name: string,
  resources: string,
  answers: readonly Answer[],
  status: number,
  attempts: number,
  method = 'GET',
) => ({
  ...tries(name, resources, answers, status, attempts, method),
  name: `timeout: ${name}`,
});

const nobody = (name: string, resources: string, status: number, host = 'reviews'): MatrixCase => ({
  name: `nobody: ${name}`,
  resources,
  exchanges: [ask('/', status, { host, method: 'POST' })],
});

const HALF = resource('Service', 'half', '{selector: {half: "yes"}, ports: [{port: 80, targetPort: 8080}]}');
const DOWN = resource('Service', 'down', '{selector: {app: down}, ports: [{port: 80, targetPort: 8080}]}');
const EMPTY = resource('Service', 'empty', '{selector: {app: nobody}, ports: [{port: 80, targetPort: 8080}]}');
const backend = (text: string) => route('backend', `[{backendRefs: [${text}]}]`);

export const resilience: Section = {
  name: 'timeouts, retries and backends that are missing',
  cases: [
    tries('a gateway error of an idempotent request, by default', PLAIN, [503, 200], 200, 2),
    tries('502 and 504 as well', PLAIN, [502, 504, 200], 200, 3),
    tries('the answer of the last attempt is the answer', PLAIN, [503, 502, 504], 504, 3),
    tries('500 is no gateway error', PLAIN, [500, 200], 500, 1),
    tries('an error of the client is an answer', PLAIN, [404, 200], 404, 1),
    tries('a POST that was answered is not sent again', PLAIN, [503, 200], 503, 1, 'POST'),
    tries('a PATCH is not idempotent', PLAIN, [503, 200], 503, 1, 'PATCH'),
    tries('a PUT is idempotent', PLAIN, [503, 200], 200, 2, 'PUT'),
    tries('a DELETE is idempotent', PLAIN, [503, 200], 200, 2, 'DELETE'),
    tries('a HEAD is idempotent', PLAIN, [503, 200], 200, 2, 'HEAD'),
    tries('a connection that breaks before the answer, by default', PLAIN, ['reset', 200], 200, 2),
    tries('a POST whose connection breaks is not sent again', PLAIN, ['reset', 200], 503, 1, 'POST'),
    tries('none when they are off', PLAIN + NO_RETRIES, [503, 200], 503, 1),
    {
      ...tries('a broken connection is 503 when they are off', PLAIN + NO_RETRIES, ['reset', 200], 503, 1),
      leftOut: {
        sidecar:
          'our proxy sends an idempotent request once more when a reused connection breaks before the answer (RFC 9112 §9.3.1)',
      },
    },
    tries('codes of the route', retrying('codes: [500], attempts: 2'), [500, 500, 200], 200, 3),
    tries('codes of the route are no other codes', retrying('codes: [500], attempts: 2'), [501, 200], 501, 1),
    tries('codes of the route, also for a POST', retrying('codes: [500], attempts: 1'), [500, 200], 200, 2, 'POST'),
    tries('a code of the route below 500', retrying('codes: [429], attempts: 1'), [429, 200], 200, 2),
    tries('attempts of the route', retrying('codes: [500], attempts: 1'), [500, 500, 200], 500, 2),
    tries('no attempts at all', retrying('codes: [500], attempts: 0'), [500, 200], 500, 1),
    tries(
      'attempts of the route for the conditions of the service',
      retrying('attempts: 3'),
      [503, 503, 503, 200],
      200,
      4,
    ),
    tries(
      'conditions of the service',
      PLAIN + policy('retries: {attempts: 2, on: [5xx], backoff: {base: 5ms}}'),
      [500, 501, 200],
      200,
      3,
    ),
    tries(
      'conditions of the service leave out others',
      PLAIN + policy('retries: {attempts: 2, on: [connect-failure]}'),
      [503, 200],
      503,
      1,
    ),
    tries(
      'status codes of the service',
      PLAIN + policy('retries: {attempts: 1, on: [retriable-status], statusCodes: [418], backoff: {base: 5ms}}'),
      [418, 200],
      200,
      2,
    ),
    tries(
      'a policy of the route before one of the service',
      PLAIN +
        NO_RETRIES +
        resource(
          'TrafficPolicy',
          'route',
          '{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: plain}, retries: {attempts: 1, backoff: {base: 5ms}}}',
        ),
      [503, 503, 200],
      503,
      2,
    ),
    tries(
      'a policy of the namespace where the service has none',
      PLAIN + resource('TrafficPolicy', 'all', '{targetRef: {kind: Namespace, name: shop}, retries: {attempts: 0}}'),
      [503, 200],
      503,
      1,
    ),
    {
      name: 'retry: a POST to an endpoint that does not listen goes to another one',
      resources: HALF,
      // One after the other: the retry budget allows few at a time.
      exchanges: Array.from({ length: 12 }, () =>
        ask('/', 'ratings', {
          host: 'half',
          method: 'POST',
          body: 'text',
          expect: { saw: { method: 'POST', body: 'text' } },
        }),
      ),
      leftOut: { engine: 'which endpoint a retry takes is decided by the balancer of the data plane' },
    },
    {
      name: 'retry: the body is sent again',
      resources: PLAIN,
      exchanges: [
        ask('/', 'reviews-v1', {
          method: 'PUT',
          body: 'text',
          answers: [503, 200],
          expect: { attempts: 2, saw: { body: 'text' } },
        }),
      ],
    },
    {
      name: 'retry: header changes are made once',
      resources: route(
        'plain',
        `[{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: x-a, value: "1"}]}}], ${to('v1')}}]`,
      ),
      exchanges: [
        ask('/', 'reviews-v1', { answers: [503, 200], expect: { attempts: 2, saw: { headers: { 'x-a': '1' } } } }),
      ],
    },
    {
      name: 'retry: Retry-After is waited for',
      resources: PLAIN,
      exchanges: [
        ask('/', 'reviews-v1', {
          answers: [{ status: 503, headers: { 'retry-after': '1' } }, 200],
          expect: { attempts: 2 },
        }),
      ],
    },
    {
      name: 'retry: Retry-After that is no number of seconds changes nothing',
      resources: PLAIN,
      exchanges: [
        ask('/', 'reviews-v1', {
          answers: [{ status: 503, headers: { 'retry-after': 'soon' } }, 200],
          expect: { attempts: 2 },
        }),
      ],
    },
    {
      name: 'retry: Retry-After beyond the time of the request ends the attempts',
      resources: route('slow', `[{${to('v1')}, timeouts: {request: 2s}}]`),
      exchanges: [
        {
          request: { host: 'reviews' },
          answers: [{ status: 503, headers: { 'retry-after': '5' } }, 200],
          expect: { status: 503, backend: 'reviews-v1', attempts: 1, headers: { 'retry-after': '5' } },
        },
      ],
      leftOut: {
        engine: 'no time passes there',
        envoy: 'Envoy waits until the time of the request is over, and answers 504',
      },
    },
    times('of the whole request', route('slow', `[{${to('v1')}, timeouts: {request: 250ms}}]`), [SLOW], 504, 1),
    times(
      'of the whole request, for a POST',
      route('slow', `[{${to('v1')}, timeouts: {request: 250ms}}]`),
      [SLOW],
      504,
      1,
      'POST',
    ),
    {
      name: 'timeout: the longest duration of a request, whatever its other times',
      resources: route('slow', `[{${to('v1')}, timeouts: {request: 10s}}]`) + policy('timeouts: {maxDuration: 250ms}'),
      exchanges: [{ request: { host: 'reviews' }, answers: [SLOW], expect: { status: 504, attempts: 1 } }],
    },
    times(
      'none when the answer is within the longest duration',
      PLAIN + policy('timeouts: {maxDuration: 10s}'),
      [{ delayMs: 100 }],
      200,
      1,
    ),
    times(
      'none when the answer is in time',
      route('slow', `[{${to('v1')}, timeouts: {request: 10s}}]`),
      [{ delayMs: 100 }],
      200,
      1,
    ),
    times(
      'zero is none',
      route('slow', `[{${to('v1')}, timeouts: {request: 0s}}]`) + policy('timeouts: {request: 200ms}'),
      [{ delayMs: 500 }],
      200,
      1,
    ),
    times('of the service', PLAIN + policy('timeouts: {request: 250ms}, retries: {attempts: 0}'), [SLOW], 504, 1),
    times(
      'of the rule before the service',
      route('slow', `[{${to('v1')}, timeouts: {request: 10s}}]`) + policy('timeouts: {request: 100ms}'),
      [{ delayMs: 400 }],
      200,
      1,
    ),
    times(
      'of one attempt, and another one follows',
      route('slow', `[{${to('v1')}, timeouts: {backendRequest: 250ms}}]`),
      [SLOW, 200],
      200,
      2,
    ),
    times(
      'of one attempt, without retries',
      route('slow', `[{${to('v1')}, timeouts: {backendRequest: 250ms}, retry: {attempts: 0}}]`),
      [SLOW, 200],
      504,
      1,
    ),
    times(
      'of one attempt, a POST is not sent again',
      route('slow', `[{${to('v1')}, timeouts: {backendRequest: 250ms}}]`),
      [SLOW, 200],
      504,
      1,
      'POST',
    ),
    times(
      'the request bounds all attempts',
      route(
        'slow',
        `[{${to('v1')}, timeouts: {request: 600ms, backendRequest: 250ms}, retry: {attempts: 10, ${QUICK}}}]`,
      ),
      [SLOW],
      504,
      3,
    ),
    nobody('a backend that does not exist is 500', backend('{name: nobody, port: 80}'), 500),
    nobody(
      'a version that does not exist is 500',
      backend('{group: malha.dev, kind: ServiceVersion, name: reviews-v9, port: 80}'),
      500,
    ),
    nobody('a port that the backend has not is 500', backend('{name: ratings, port: 99}'), 500),
    nobody('a kind of backend that is not known is 500', backend('{group: example.com, kind: Bucket, name: b}'), 500),
    nobody(
      'a backend of another namespace without a grant is 500',
      backend('{name: archive, namespace: other, port: 80}'),
      500,
    ),
    nobody('a rule without backends is 500', route('none', '[{matches: [{path: {value: /}}]}]'), 500),
    nobody(
      'a filter that is not known is 500, not skipped',
      route(
        'ext',
        `[{filters: [{type: ExtensionRef, extensionRef: {group: example.com, kind: Filter, name: f}}], ${to('v1')}}]`,
      ),
      500,
    ),
    nobody('a service without endpoints is 503', EMPTY, 503, 'empty'),
    nobody('an endpoint that does not listen is 503', DOWN, 503, 'down'),
    nobody(
      'no rule matches is 404',
      route('some', `[{matches: [{path: {type: Exact, value: /some}}], ${to('v1')}}]`),
      404,
    ),
    {
      name: 'nobody: a version whose workloads are all unhealthy is 503',
      resources: backend(ref('v2')),
      unhealthy: ['shop/reviews-v2'],
      exchanges: [ask('/', 503, { method: 'POST' })],
    },
    {
      name: 'unhealthy workloads get nothing, the others take their part',
      resources: backend('{name: reviews, port: 80}'),
      unhealthy: ['shop/reviews-v2'],
      exchanges: [{ ...ask('/', 'any'), times: 120, expect: { share: { 'reviews-v1': 1, 'reviews-v3': 1 } } }],
    },
    {
      name: 'one backend without endpoints fails for its part only',
      resources: EMPTY + backend(`${ref('v1')}, {name: empty, port: 80}`),
      exchanges: [
        { ...ask('/', 'any', { method: 'POST' }), times: 120, expect: { share: { 'reviews-v1': 1, 'status 503': 1 } } },
      ],
    },
  ],
};
