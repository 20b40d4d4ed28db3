// Fallback: what a client gets where the answer of its rule fails. A stock Envoy knows none of it.
import { ask, resource, route, to } from '../src/authoring.ts';
import type { Answer, Exchange, MatrixCase, Section } from '../src/case.ts';

const NO_FALLBACK = 'a stock Envoy has no such fallback';
const NO_BODIES = 'answers have no bodies there to be kept';

const PLAIN = route('guarded', `[{${to('v1')}}]`);
const NO_RETRIES = resource(
  'TrafficPolicy',
  'calls',
  '{targetRef: {kind: Service, name: reviews}, retries: {attempts: 0}}',
);
const SORRY = resource(
  'DirectResponse',
  'sorry',
  '{status: 200, body: sorry, headers: [{name: x-sorry, value: very}]}',
);
const TO_RATINGS = 'backendRef: {name: ratings, port: 80}';
const TO_SORRY = 'responseRef: {name: sorry}';
const DOWN = resource('Service', 'down', '{selector: {app: down}, ports: [{port: 80, targetPort: 8080}]}');

const policy = (fallback: string, section = '') =>
  resource(
    'RoutePolicy',
    'guarded',
    `{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: guarded${section}}, fallback: {${fallback}}}`,
  );
const guarded = (fallback: string, rules = PLAIN) => rules + NO_RETRIES + SORRY + policy(fallback);

const falls = (
  name: string,
  resources: string,
  exchanges: readonly Exchange[],
  leftOut: MatrixCase['leftOut'] = {},
): MatrixCase => ({ name: `fallback: ${name}`, resources, exchanges, leftOut: { envoy: NO_FALLBACK, ...leftOut } });

const failing = (answers: readonly Answer[], method = 'GET', body?: string): Pick<Exchange, 'request' | 'answers'> => ({
  request: { host: 'reviews', method, ...(body !== undefined && { body }) },
  answers,
});
const sorry = (attempts: number): Exchange['expect'] => ({
  status: 200,
  attempts,
  headers: { 'malha-fallback': 'static', 'x-sorry': 'very' },
});
const ratings: Exchange['expect'] = {
  status: 200,
  backend: 'ratings',
  attempts: 2,
  headers: { 'malha-fallback': 'backend' },
};
const asItIs = (status: number): Exchange['expect'] => ({ status, attempts: 1, headers: { 'malha-fallback': null } });

/** Later attempts of a script are those of the fallback. */
const FAILS: readonly Answer[] = [503, 200];

export const fallbacks: Section = {
  name: 'fallbacks',
  cases: [
    falls('a direct response for a gateway error', guarded(TO_SORRY), [{ ...failing([503]), expect: sorry(1) }]),
    falls('a direct response for 502 and 504', guarded(TO_SORRY), [
      { ...failing([502]), expect: sorry(1) },
      { ...failing([504]), expect: sorry(1) },
    ]),
    falls('none for an answer', guarded(TO_SORRY), [
      { ...failing([200]), expect: asItIs(200) },
      { ...failing([404]), expect: asItIs(404) },
    ]),
    falls('500 is no gateway error', guarded(TO_SORRY), [{ ...failing([500]), expect: asItIs(500) }]),
    falls('500 where it is asked for', guarded(`on: [5xx], ${TO_SORRY}`), [{ ...failing([500]), expect: sorry(1) }]),
    falls('none for what is not asked for', guarded(`on: [timeout], ${TO_SORRY}`), [
      { ...failing([503]), expect: asItIs(503) },
    ]),
    falls('for a connection that breaks', guarded(TO_SORRY), [{ ...failing(['reset'], 'POST'), expect: sorry(1) }]),
    falls(
      'for a backend that does not listen',
      guarded(TO_SORRY, DOWN + route('guarded', '[{backendRefs: [{name: down, port: 80}]}]')),
      [{ ...failing([]), expect: sorry(0) }],
    ),
    falls(
      'for an answer that takes too long',
      guarded(TO_SORRY, route('guarded', `[{${to('v1')}, timeouts: {request: 200ms}}]`)),
      [{ ...failing([{ delayMs: 900 }]), expect: sorry(1) }],
    ),
    falls(
      'none for an answer that takes too long, where it is not asked for',
      guarded(`on: [5xx], ${TO_SORRY}`, route('guarded', `[{${to('v1')}, timeouts: {request: 200ms}}]`)),
      [{ ...failing([{ delayMs: 900 }]), expect: asItIs(504) }],
    ),
    falls('after all retries', PLAIN + SORRY + policy(TO_SORRY), [{ ...failing([503]), expect: sorry(3) }]),
    falls('none when a retry succeeds', PLAIN + SORRY + policy(TO_SORRY), [
      { ...failing([503, 200]), expect: { status: 200, attempts: 2, headers: { 'malha-fallback': null } } },
    ]),
    falls('another backend', guarded(TO_RATINGS), [{ ...failing(FAILS), expect: ratings }]),
    falls('another backend for a POST, with its body', guarded(TO_RATINGS), [
      { ...failing(FAILS, 'POST', 'text'), expect: { ...ratings, saw: { method: 'POST', body: 'text' } } },
    ]),
    falls(
      'another version of the service',
      guarded(`backendRef: {group: malha.dev, kind: ServiceVersion, name: reviews-v2, port: 80}`),
      [{ ...failing(FAILS), expect: { ...ratings, backend: 'reviews-v2' } }],
    ),
    falls('the failure of the other backend is the answer', guarded(TO_RATINGS), [
      {
        ...failing([503, 502]),
        expect: { status: 502, backend: 'ratings', attempts: 2, headers: { 'malha-fallback': 'backend' } },
      },
    ]),
    falls(
      'another backend where the first does not listen',
      guarded(TO_RATINGS, DOWN + route('guarded', '[{backendRefs: [{name: down, port: 80}]}]')),
      [{ ...failing([200]), expect: { ...ratings, attempts: 1 } }],
    ),
    falls(
      'of one rule, no other one',
      route('guarded', `[{name: first, matches: [{path: {value: /first}}], ${to('v1')}}, {${to('v1')}}]`) +
        NO_RETRIES +
        SORRY +
        policy(TO_SORRY, ', sectionName: first'),
      [
        { ...failing([503]), request: { host: 'reviews', path: '/first' }, expect: sorry(1) },
        { ...failing([503]), expect: asItIs(503) },
      ],
    ),
    falls(
      'the last good answer',
      guarded('lastGood: {}'),
      [
        ask('/style', 'reviews-v1', { answers: [{ headers: { 'x-version': '7' } }] }),
        {
          request: { host: 'reviews', path: '/style' },
          answers: [503],
          expect: { status: 200, attempts: 1, headers: { 'malha-fallback': 'last-good', 'x-version': '7' } },
        },
        { request: { host: 'reviews', path: '/other' }, answers: [503], expect: asItIs(503) },
      ],
      { engine: NO_BODIES },
    ),
    falls(
      'no last answer that is for one client',
      guarded('lastGood: {}'),
      [
        ask('/private', 'reviews-v1', { answers: [{ headers: { 'cache-control': 'private' } }] }),
        { request: { host: 'reviews', path: '/private' }, answers: [503], expect: asItIs(503) },
        ask('/own', 'reviews-v1', { headers: [['Cookie', 'a=b']] }),
        { request: { host: 'reviews', path: '/own' }, answers: [503], expect: asItIs(503) },
      ],
      { engine: NO_BODIES },
    ),
    falls(
      'a breaker that is open',
      resource('Service', 'fallen', '{selector: {app: reviews, version: v1}, ports: [{port: 80, targetPort: 8080}]}') +
        resource(
          'TrafficPolicy',
          'fallen',
          '{targetRef: {kind: Service, name: fallen}, retries: {attempts: 0}, circuitBreaker: {minRequests: 2, open: 60s}}',
        ) +
        route('guarded', '[{backendRefs: [{name: fallen, port: 80}]}]', { parent: 'fallen' }) +
        SORRY +
        policy(TO_SORRY),
      [
        { request: { host: 'fallen' }, answers: [503], times: 2, concurrency: 1, expect: sorry(1) },
        { request: { host: 'fallen' }, answers: [200], expect: sorry(0) },
      ],
    ),
  ],
};
