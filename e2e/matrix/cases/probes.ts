// Active health checks, kind by kind: each row has a service of its own in one revision, and waits for what its probes say.
import { ask, resource } from '../src/authoring.ts';
import type { Exchange, MatrixCase, Section } from '../src/case.ts';

const ALL = ['reviews-v1', 'reviews-v2', 'reviews-v3'];
const STANDS_STILL = 'its clock stands still: nothing is probed';
const QUICK = 'interval: 50ms, timeout: 2s, jitterPercent: 0';

interface Row {
  readonly name: string;
  readonly check: string;
  readonly backends: readonly string[];
  readonly selector?: string;
  readonly protocol?: 'http' | 'grpc';
  readonly loadBalancer?: string;
}

const without = (...backends: readonly string[]): string[] => ALL.filter((each) => !backends.includes(each));

const ROWS: readonly Row[] = [
  {
    name: 'the one whose probe fails is out',
    check: '{http: {path: /out/reviews-v1}}',
    backends: without('reviews-v1'),
  },
  { name: 'another one likewise', check: '{http: {path: /out/reviews-v3}}', backends: without('reviews-v3') },
  {
    name: 'a query is a part of the path',
    check: '{http: {path: "/out/reviews-v3?deep=1&full=2"}}',
    backends: without('reviews-v3'),
  },
  {
    name: 'a status that is not among those expected is a failure',
    check: '{http: {path: /out/reviews-v1, expectedStatuses: [503, 204]}}',
    backends: ['reviews-v1'],
  },
  {
    name: 'two failures in a row take it out as well',
    check: '{http: {path: /out/reviews-v2}, unhealthyThreshold: 2}',
    backends: without('reviews-v2'),
  },
  {
    name: 'five failures in a row take it out as well',
    check: '{http: {path: /out/reviews-v2}, unhealthyThreshold: 5}',
    backends: without('reviews-v2'),
  },
  ...['LeastRequest', 'Random'].map(
    (type): Row => ({
      name: `who fails gets nothing by ${type}`,
      check: '{http: {path: /out/reviews-v2}}',
      backends: without('reviews-v2'),
      loadBalancer: `{type: ${type}}`,
    }),
  ),
  ...['RingHash', 'Maglev'].map(
    (type): Row => ({
      name: `who fails owns no key of ${type}`,
      check: '{http: {path: /out/reviews-v2}}',
      backends: without('reviews-v2'),
      loadBalancer: `{type: ${type}, hashOn: [{header: x-user}]}`,
    }),
  ),
  {
    name: 'a port that does not accept fails by HTTP',
    check: '{http: {path: /}}',
    selector: '{half: "yes"}',
    backends: ['ratings'],
  },
  {
    name: 'a port that does not accept fails by TCP',
    check: '{tcp: {}}',
    selector: '{half: "yes"}',
    backends: ['ratings'],
  },
  {
    name: 'an application of HTTP/2 is probed over HTTP/2',
    check: '{http: {path: /}}',
    selector: '{app: ledger}',
    protocol: 'grpc',
    backends: ['ledger'],
  },
  {
    name: 'with a panic threshold above what is left all are called',
    check: '{http: {path: /out/reviews-v2}}',
    backends: ALL,
    loadBalancer: '{type: RoundRobin, panicThreshold: 80}',
  },
  {
    name: 'with a panic threshold below what is left they are not',
    check: '{http: {path: /out/reviews-v2}}',
    backends: without('reviews-v2'),
    loadBalancer: '{type: RoundRobin, panicThreshold: 60}',
  },
];

const hostOf = (index: number): string => `probed-${index}`;

const RESOURCES = ROWS.map(
  ({ check, selector = '{app: reviews}', protocol = 'http', loadBalancer = '{type: RoundRobin}' }, index) => {
    const host = hostOf(index);
    const thresholds = check.includes('unhealthyThreshold') ? '' : ', unhealthyThreshold: 1';
    return (
      resource(
        'Service',
        host,
        `{selector: ${selector}, ports: [{port: 80, targetPort: 8080, appProtocol: ${protocol}}]}`,
      ) +
      resource(
        'TrafficPolicy',
        host,
        `{targetRef: {kind: Service, name: ${host}}, loadBalancer: ${loadBalancer}, retries: {attempts: 0}, healthCheck: ${check.slice(0, -1)}${thresholds}, ${QUICK}, healthyThreshold: 1}}`,
      )
    );
  },
).join('');

const probed = (host: string, { backends, protocol }: Row): Exchange => ({
  ...ask('/', 'any', {
    host,
    method: 'POST',
    headers: [['x-user', '{n}']],
    ...(protocol === 'grpc' && { protocol: 'h2' as const }),
  }),
  times: 30,
  concurrency: 1,
  eventually: true,
  expect: { backends },
});

export const probes: Section = {
  name: 'probes of health',
  cases: ROWS.map(
    (row, index): MatrixCase => ({
      name: `probes: ${row.name}`,
      resources: RESOURCES,
      exchanges: [probed(hostOf(index), row)],
      leftOut: { engine: STANDS_STILL },
    }),
  ),
};
