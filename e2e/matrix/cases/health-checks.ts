// Active health checks: endpoints that fail their probes get nothing, whatever they would answer to requests.
import { ask, resource } from '../src/authoring.ts';
import type { Exchange, MatrixCase, Section } from '../src/case.ts';

const ALL = ['reviews-v1', 'reviews-v2', 'reviews-v3'];
const WITHOUT_V2 = ['reviews-v1', 'reviews-v3'];
const STANDS_STILL = 'its clock stands still: nothing is probed';

const policy = (healthCheck: string, service = 'reviews') =>
  resource(
    'TrafficPolicy',
    'probes',
    `{targetRef: {kind: Service, name: ${service}}, loadBalancer: {type: RoundRobin}, retries: {attempts: 0}, healthCheck: ${healthCheck}}`,
  );

/** Long enough for the probes that decide. */
const WAIT: Exchange = ask('/', 'ratings', { host: 'ratings', answers: [{ delayMs: 1_200 }] });

const probed = (name: string, healthCheck: string, backends: readonly string[]): MatrixCase => ({
  name: `health: ${name}`,
  resources: policy(healthCheck),
  exchanges: [WAIT, { ...ask('/', 'any'), times: 30, concurrency: 1, expect: { backends } }],
  leftOut: { engine: STANDS_STILL },
});

const QUICK = 'interval: 100ms, timeout: 500ms, unhealthyThreshold: 2, healthyThreshold: 1';

export const healthChecks: Section = {
  name: 'active health checks',
  cases: [
    probed('whose probe passes is called', `{http: {path: /}, ${QUICK}}`, ALL),
    probed('whose probe fails is not called', `{http: {path: /out/reviews-v2}, ${QUICK}}`, WITHOUT_V2),
    probed('a path may have a query', `{http: {path: "/out/reviews-v2?full=1"}, ${QUICK}}`, WITHOUT_V2),
    probed(
      'a status that is expected passes',
      `{http: {path: /out/reviews-v2, expectedStatuses: [200, 503]}, ${QUICK}}`,
      ALL,
    ),
    probed(
      'a status that is not expected fails',
      `{http: {path: /out/reviews-v2, expectedStatuses: [503]}, ${QUICK}}`,
      ['reviews-v2'],
    ),
    probed('where all fail, all are called', `{http: {path: /out/all}, ${QUICK}}`, ALL),
    probed('a connection is enough for TCP', `{tcp: {}, ${QUICK}}`, ALL),
    {
      name: 'health: an endpoint that does not listen fails by TCP',
      resources:
        resource('Service', 'half', '{selector: {half: "yes"}, ports: [{port: 80, targetPort: 8080}]}') +
        policy(`{tcp: {}, ${QUICK}}`, 'half'),
      exchanges: [WAIT, { ...ask('/', 'ratings', { host: 'half', method: 'POST' }), times: 12, concurrency: 1 }],
      leftOut: { engine: STANDS_STILL },
    },
    {
      name: 'health: a service of gRPC that does not know the health protocol is not serving, and is called all the same when there is no other',
      resources: policy(`{grpc: {service: shop.Ledger}, ${QUICK}}`, 'ledger'),
      exchanges: [
        WAIT,
        ask('/shop.Ledger/Read', 'ledger', { host: 'ledger', protocol: 'grpc', expect: { grpcStatus: 0 } }),
      ],
      leftOut: { engine: STANDS_STILL },
    },
    {
      name: 'health: a service behind a proxy is probed through it',
      resources: policy(`{http: {path: /health}, ${QUICK}}`, 'vault'),
      exchanges: [WAIT, ask('/', 'vault', { host: 'vault' })],
      leftOut: { engine: STANDS_STILL },
    },
  ],
};
