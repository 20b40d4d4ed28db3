// Outlier detection: an endpoint that fails gets nothing for a while, and one failing endpoint is nobody else's failure.
import { ask, resource } from '../src/authoring.ts';
import type { Answer, Exchange, MatrixCase, Section } from '../src/case.ts';

const ALL = ['reviews-v1', 'reviews-v2', 'reviews-v3'];
const WITHOUT_V2 = ['reviews-v1', 'reviews-v3'];

const policy = (outlierDetection: string, balancer = 'RoundRobin') =>
  resource(
    'TrafficPolicy',
    'ejection',
    `{targetRef: {kind: Service, name: reviews}, loadBalancer: {type: ${balancer}}, retries: {attempts: 0}, outlierDetection: ${outlierDetection}}`,
  );

/** One after the other: requests in flight would count for an endpoint that is ejected already. */
const send = (answer: Answer, backends: readonly string[], times = 30): Exchange => ({
  ...ask('/', 'any', { method: 'POST' }),
  answers: [answer],
  times,
  concurrency: 1,
  expect: { backends },
});
const failing = (status: number, from: readonly string[] = ['reviews-v2']): Answer => ({ status, from });

const ejects = (name: string, outlierDetection: string, status: number): MatrixCase => ({
  name: `ejection: ${name}`,
  resources: policy(outlierDetection),
  exchanges: [send(failing(status), ALL), send(200, WITHOUT_V2)],
});

const keeps = (name: string, outlierDetection: string, status: number, times = 30): MatrixCase => ({
  name: `ejection: ${name}`,
  resources: policy(outlierDetection),
  exchanges: [send(failing(status), ALL, times), send(200, ALL)],
});

/** An interval passes while the second exchange runs. */
const sweeps = (name: string, rule: string): MatrixCase => ({
  name: `ejection: ${name}`,
  resources: policy(`{consecutive5xx: 0, consecutiveLocalErrors: 0, interval: 300ms, baseEjection: 77s, ${rule}}`),
  exchanges: [
    send(failing(500), ALL, 60),
    { ...ask('/', 'any', { host: 'ratings' }), answers: [{ delayMs: 700 }], expect: {} },
    send(200, WITHOUT_V2),
  ],
  leftOut: { engine: 'its clock stands still' },
});

export const ejection: Section = {
  name: 'ejection of failing endpoints',
  cases: [
    ejects('five errors in a row by default', '{baseEjection: 61s}', 500),
    ejects('an error of a gateway counts as well', '{baseEjection: 62s}', 503),
    ejects('any status from 500 on', '{baseEjection: 63s}', 599),
    ejects('a number of the policy', '{consecutive5xx: 2, baseEjection: 64s}', 500),
    ejects('one is enough where the policy says so', '{consecutive5xx: 1, baseEjection: 65s}', 500),
    ejects(
      'errors of a gateway by a rule of their own',
      '{consecutive5xx: 0, consecutiveGatewayErrors: 3, baseEjection: 66s}',
      502,
    ),
    ejects('504 is an error of a gateway', '{consecutive5xx: 0, consecutiveGatewayErrors: 3, baseEjection: 67s}', 504),
    keeps('an error of the client is none', '{consecutive5xx: 1, baseEjection: 68s}', 404),
    keeps('500 is no error of a gateway', '{consecutive5xx: 0, consecutiveGatewayErrors: 3, baseEjection: 69s}', 500),
    keeps('less than the number is no reason', '{consecutive5xx: 11, baseEjection: 70s}', 500),
    keeps('off', '{consecutive5xx: 0, consecutiveLocalErrors: 0}', 500, 60),
    keeps('no endpoint when none may be ejected', '{consecutive5xx: 1, maxEjectionPercent: 0}', 500, 60),
    {
      name: 'ejection: not more endpoints than the bound, but one',
      resources: policy('{consecutive5xx: 1, maxEjectionPercent: 10, baseEjection: 71s}'),
      exchanges: [
        send(failing(500), ALL),
        send(200, WITHOUT_V2),
        send(failing(500, WITHOUT_V2), WITHOUT_V2),
        send(200, WITHOUT_V2),
      ],
    },
    {
      name: 'ejection: as many as the bound says',
      resources: policy('{consecutive5xx: 1, maxEjectionPercent: 70, baseEjection: 72s}'),
      exchanges: [send(failing(500, WITHOUT_V2), ALL), send(200, ['reviews-v2'])],
    },
    {
      name: 'ejection: all may be ejected, and then all are called',
      resources: policy('{consecutive5xx: 1, maxEjectionPercent: 100, baseEjection: 73s}'),
      exchanges: [send(500, ALL), send(200, ALL)],
    },
    {
      name: 'ejection: it comes back',
      resources: policy('{consecutive5xx: 1, interval: 100ms, baseEjection: 300ms}'),
      exchanges: [
        send(failing(500), ALL, 6),
        // The answers take longer than the ejection.
        send({ delayMs: 60 }, ALL, 30),
      ],
      leftOut: { engine: 'its clock stands still' },
    },
    sweeps(
      'a part of failures, at the end of an interval',
      'failurePercentage: {threshold: 50, minEndpoints: 3, minRequests: 5}',
    ),
    sweeps('a success rate far below the others', 'successRate: {minEndpoints: 3, minRequests: 5, stdevFactor: 1}'),
    {
      name: 'ejection: another service has its own',
      resources: policy('{consecutive5xx: 1, baseEjection: 75s}'),
      exchanges: [
        send(failing(500), ALL),
        {
          ...ask('/', 'ratings', { host: 'ratings', method: 'POST' }),
          answers: [500],
          times: 5,
          concurrency: 1,
          expect: { status: 500 },
        },
        ask('/', 'ratings', { host: 'ratings' }),
        send(200, WITHOUT_V2),
      ],
    },
    {
      name: 'ejection: keys of an ejected endpoint go to the others',
      resources: resource(
        'TrafficPolicy',
        'ejection',
        '{targetRef: {kind: Service, name: reviews}, loadBalancer: {type: Maglev, hashOn: [{header: x-user}]}, retries: {attempts: 0}, outlierDetection: {consecutive5xx: 1, baseEjection: 76s}}',
      ),
      exchanges: [failing(500), 200].map((answer, index) => ({
        ...ask('/', 'any', { method: 'POST', headers: [['x-user', '{n}']] }),
        answers: [answer],
        times: 60,
        concurrency: 1,
        expect: { backends: index === 0 ? ALL : WITHOUT_V2 },
      })),
    },
  ],
};
