// Ejection, rule by rule: which answers count for which rule, under which balancers, and when too few are left to leave any out.
import { ask, resource } from '../src/authoring.ts';
import type { Answer, Exchange, MatrixCase, Section } from '../src/case.ts';

const ALL = ['reviews-v1', 'reviews-v2', 'reviews-v3'];
const WITHOUT_V2 = ['reviews-v1', 'reviews-v3'];
const REVIEWS = '{app: reviews}';

interface Row {
  readonly name: string;
  readonly outlierDetection: string;
  readonly loadBalancer?: string;
  readonly selector?: string;
  readonly exchanges: readonly Exchange[];
}

/** One after the other: requests in flight would count for an endpoint that is ejected already. */
const send = (answer: Answer, backends: readonly string[], times = 24): Exchange => ({
  ...ask('/', 'any', { method: 'POST', headers: [['x-user', '{n}']] }),
  answers: [answer],
  times,
  concurrency: 1,
  expect: { backends },
});
const failing = (status: number, from: readonly string[] = ['reviews-v2']): Answer => ({ status, from });

const ONE_IS_ENOUGH = '{consecutive5xx: 1}';
const GATEWAY_ERRORS = '{consecutive5xx: 0, consecutiveGatewayErrors: 1}';

const ejects = (outlierDetection: string, rule: string, statuses: readonly number[]): Row[] =>
  statuses.map((status) => ({
    name: `${status} counts for ${rule}`,
    outlierDetection,
    exchanges: [send(failing(status), ALL), send(200, WITHOUT_V2)],
  }));

const keeps = (outlierDetection: string, rule: string, statuses: readonly number[]): Row[] =>
  statuses.map((status) => ({
    name: `${status} does not count for ${rule}`,
    outlierDetection,
    exchanges: [send(failing(status), ALL), send(200, ALL)],
  }));

const BALANCERS = [
  '{type: LeastRequest}',
  '{type: LeastConnection}',
  '{type: Random}',
  '{type: RingHash, hashOn: [{header: x-user}]}',
];

const underBalancers: readonly Row[] = BALANCERS.map((loadBalancer) => ({
  name: `who is out gets nothing by ${loadBalancer.split(/[ ,}]/)[1]}`,
  outlierDetection: ONE_IS_ENOUGH,
  loadBalancer,
  exchanges: [send(failing(500), ALL, 60), send(200, WITHOUT_V2, 60)],
}));

/** One of three is out: two thirds are left. */
const panics = (panicThreshold: number, type: string, backends: readonly string[]): Row => ({
  name: `with a panic threshold of ${panicThreshold} % and two of three left, ${type} calls ${backends.length}`,
  outlierDetection: ONE_IS_ENOUGH,
  loadBalancer: `{type: ${type}, panicThreshold: ${panicThreshold}${type === 'Maglev' ? ', hashOn: [{header: x-user}]' : ''}}`,
  exchanges: [send(failing(500), ALL, 60), send(200, backends, 60)],
});

const ROWS: readonly Row[] = [
  ...ejects(ONE_IS_ENOUGH, 'errors in a row', [500, 501, 502, 503, 504, 505, 599]),
  ...keeps(ONE_IS_ENOUGH, 'errors in a row', [400, 401, 403, 404, 409, 429]),
  ...ejects(GATEWAY_ERRORS, 'errors of a gateway', [502, 503, 504]),
  ...keeps(GATEWAY_ERRORS, 'errors of a gateway', [500, 501, 505, 599]),
  ...underBalancers,
  {
    name: 'as many as the rule says, exactly',
    outlierDetection: '{consecutive5xx: 3}',
    exchanges: [send(failing(500), ALL, 9), send(200, WITHOUT_V2)],
  },
  {
    name: 'one less is no reason',
    outlierDetection: '{consecutive5xx: 3}',
    exchanges: [send(failing(500), ALL, 6), send(200, ALL)],
  },
  {
    name: 'a success begins the count anew',
    outlierDetection: '{consecutive5xx: 3}',
    exchanges: [send(failing(500), ALL, 6), send(200, ALL, 3), send(failing(500), ALL, 6), send(200, ALL)],
  },
  {
    name: 'of two rules the first that is met ejects',
    outlierDetection: '{consecutive5xx: 9, consecutiveGatewayErrors: 2}',
    exchanges: [send(failing(503), ALL, 6), send(200, WITHOUT_V2)],
  },
  {
    name: 'an endpoint that does not accept is out by errors of its own',
    outlierDetection: '{consecutive5xx: 0, consecutiveLocalErrors: 1}',
    selector: '{half: "yes"}',
    exchanges: [send(200, ['none', 'ratings'], 12), send(200, ['ratings'], 12)],
  },
  {
    name: 'a third of three may be out, and no second one',
    outlierDetection: '{consecutive5xx: 1, maxEjectionPercent: 33}',
    exchanges: [send(failing(500), ALL), send(failing(500, WITHOUT_V2), WITHOUT_V2), send(200, WITHOUT_V2)],
  },
  {
    name: 'the only endpoint is never out',
    outlierDetection: ONE_IS_ENOUGH,
    selector: '{app: reviews, version: v2}',
    exchanges: [send(500, ['reviews-v2'], 6), send(200, ['reviews-v2'], 6)],
  },
  ...[0, 30, 50, 66].map((threshold) => panics(threshold, 'RoundRobin', WITHOUT_V2)),
  ...[67, 80, 100].map((threshold) => panics(threshold, 'RoundRobin', ALL)),
  panics(50, 'Random', WITHOUT_V2),
  panics(90, 'Random', ALL),
  panics(50, 'LeastRequest', WITHOUT_V2),
  panics(90, 'LeastRequest', ALL),
  panics(50, 'Maglev', WITHOUT_V2),
  panics(90, 'Maglev', ALL),
];

const hostOf = (index: number): string => `ejected-${index}`;

/** Who is ejected stays so while the service is there: each row has one of its own, and all stand in one revision. */
const RESOURCES = ROWS.map(({ outlierDetection, loadBalancer = '{type: RoundRobin}', selector = REVIEWS }, index) => {
  const host = hostOf(index);
  return (
    resource('Service', host, `{selector: ${selector}, ports: [{port: 80, targetPort: 8080}]}`) +
    resource(
      'TrafficPolicy',
      host,
      `{targetRef: {kind: Service, name: ${host}}, loadBalancer: ${loadBalancer}, retries: {attempts: 0}, outlierDetection: ${outlierDetection}}`,
    )
  );
}).join('');

export const ejectionRules: Section = {
  name: 'ejection, rule by rule',
  cases: ROWS.map(
    ({ name, exchanges }, index): MatrixCase => ({
      name: `ejection: ${name}`,
      resources: RESOURCES,
      exchanges: exchanges.map((each) => ({ ...each, request: { ...each.request, host: hostOf(index) } })),
    }),
  ),
};
