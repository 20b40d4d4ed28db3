// Circuit breakers by success rate: of a service and of a route. What is answered by the proxy reaches no backend.
import { ask, resource, route } from '../src/authoring.ts';
import type { Exchange, MatrixCase, Section } from '../src/case.ts';

const NO_RATE = 'a stock Envoy has breakers by limits only';
const STANDS_STILL = 'its clock stands still';
const QUICK = 'minRequests: 5, open: 60s';

interface Breakers {
  readonly service?: string;
  readonly route?: string;
  /** The rule that the one of the route is for. */
  readonly rule?: string;
}

let services = 0;

/** A breaker stays open while its service is there: each case has one of its own, whose one workload is `reviews-v1`. */
const breaks = (
  name: string,
  breakers: Breakers,
  exchanges: readonly Exchange[],
  leftOut: MatrixCase['leftOut'] = {},
): MatrixCase => {
  const host = `breaking-${services++}`;
  const rules = `[{name: left, matches: [{path: {value: /left}}], backendRefs: [{name: ${host}, port: 80}]}, {name: right, backendRefs: [{name: ${host}, port: 80}]}]`;
  const section = breakers.rule === undefined ? '' : `, sectionName: ${breakers.rule}`;
  const policy = (kind: string, target: string, breaker: string) =>
    resource('TrafficPolicy', `${host}-${kind}`, `{targetRef: ${target}, circuitBreaker: ${breaker}}`);
  const ofRoute = `{group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${host}${section}}`;
  return {
    name: `breaker: ${name}`,
    resources:
      resource('Service', host, '{selector: {app: reviews, version: v1}, ports: [{port: 80, targetPort: 8080}]}') +
      resource(
        'TrafficPolicy',
        `${host}-plain`,
        `{targetRef: {kind: Service, name: ${host}}, retries: {attempts: 0}}`,
      ) +
      route(host, rules, { parent: host }) +
      (breakers.service === undefined ? '' : policy('service', `{kind: Service, name: ${host}}`, breakers.service)) +
      (breakers.route === undefined ? '' : policy('route', ofRoute, breakers.route)),
    exchanges: exchanges.map((exchange) =>
      exchange.request.host === 'reviews' ? { ...exchange, request: { ...exchange.request, host } } : exchange,
    ),
    leftOut: { envoy: NO_RATE, ...leftOut },
  };
};

const failing = (times: number, path = '/', status = 500): Exchange => ({
  ...ask(path, 'reviews-v1', { method: 'POST' }),
  answers: [status],
  times,
  concurrency: 1,
  expect: { status, backend: 'reviews-v1' },
});
const passing = (times: number, path = '/'): Exchange => ({ ...ask(path, 'reviews-v1'), times, concurrency: 1 });
const REJECTED: Exchange = ask('/', 503);
/** Longer than a breaker of these cases is open. */
const WAIT: Exchange = ask('/', 'ratings', { host: 'ratings', answers: [{ delayMs: 400 }] });

export const breakers: Section = {
  name: 'circuit breakers by success rate',
  cases: [
    breaks('of a service opens after failures enough', { service: `{${QUICK}}` }, [failing(5), REJECTED]),
    breaks('of a service is closed before', { service: `{${QUICK}}` }, [failing(4), ask('/', 'reviews-v1')]),
    breaks('is closed while enough requests succeed', { service: `{successRate: 50, ${QUICK}}` }, [
      passing(6),
      failing(7),
      REJECTED,
    ]),
    breaks('errors of the client are successes', { service: `{${QUICK}}` }, [failing(20, '/', 404), passing(1)]),
    breaks('of a service is one for all of its routes', { service: `{${QUICK}}` }, [failing(5), ask('/left', 503)]),
    breaks('of a route opens for that route', { route: `{${QUICK}}` }, [failing(5), REJECTED]),
    breaks('of one rule leaves the other rules alone', { route: `{${QUICK}}`, rule: 'left' }, [
      failing(5, '/left'),
      ask('/left', 503),
      failing(5),
      passing(3),
    ]),
    breaks('of a route has one for each rule', { route: `{${QUICK}}` }, [
      failing(5, '/left'),
      passing(3),
      ask('/left', 503),
    ]),
    breaks('of one service leaves others alone', { service: `{${QUICK}}` }, [
      failing(5),
      REJECTED,
      ask('/', 'ratings', { host: 'ratings' }),
    ]),
    breaks(
      'of a route opens beside a closed one of its service',
      { service: '{minRequests: 100}', route: '{minRequests: 2, open: 60s}' },
      [failing(2), REJECTED],
    ),
    breaks('none without a policy', {}, [failing(4), passing(1)]),
    breaks(
      'closes again when those that decide succeed',
      { service: '{minRequests: 5, open: 200ms, halfOpenRequests: 2}' },
      [failing(5), REJECTED, WAIT, passing(2), failing(4), passing(1)],
      { engine: STANDS_STILL },
    ),
    breaks(
      'opens again when one that decides fails',
      { service: '{minRequests: 5, open: 200ms, halfOpenRequests: 3}' },
      [failing(5), REJECTED, WAIT, passing(1), failing(1), REJECTED],
      { engine: STANDS_STILL },
    ),
  ],
};
