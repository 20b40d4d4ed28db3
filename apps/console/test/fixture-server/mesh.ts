// The mesh of the mock-ups: who calls whom, how fast, what fails.
import type {
  NodeBadge,
  Overview,
  ServiceDetail,
  ServiceRow,
  Topology,
  TopologyEdge,
  TopologyNode,
  TopologyView,
} from '../../src/trpc/contract.ts';
import { goldenOf, type Shape, seriesOf } from './series.ts';

interface ServiceFixture {
  readonly namespace: string;
  readonly name: string;
  readonly kind?: TopologyNode['kind'];
  readonly health: ServiceRow['health'];
  readonly shape: Shape;
  readonly versions: readonly { name: string; instances: number; share: number }[];
  readonly ejected?: number;
  readonly note: string | null;
  readonly badges: readonly NodeBadge[];
}

const shape = (
  seed: number,
  rps: number,
  errors: number,
  p50: number,
  p95: number,
  p99: number,
  errorsBefore = errors,
) => ({
  seed,
  rps,
  errors,
  errorsBefore,
  p50,
  p95,
  p99,
});

export const reviewsSplit = { v1: 60, v2: 30, v3: 10 };

const services = (): readonly ServiceFixture[] => [
  {
    namespace: 'bookstore',
    name: 'ingress',
    health: 'ok',
    shape: shape(1, 412, 0.0027, 41, 148, 486, 0.0004),
    versions: [{ name: 'v1', instances: 1, share: 1 }],
    note: null,
    badges: [],
  },
  {
    namespace: 'bookstore',
    name: 'frontend',
    health: 'ok',
    shape: shape(2, 412, 0.0027, 41, 148, 486, 0.0004),
    versions: [{ name: 'v3', instances: 2, share: 1 }],
    note: null,
    badges: [],
  },
  {
    namespace: 'bookstore',
    name: 'catalog',
    health: 'ok',
    shape: shape(3, 426, 0.0002, 14, 36, 70),
    versions: [
      { name: 'v1', instances: 3, share: 0.749 },
      { name: 'v2', instances: 1, share: 0.251 },
    ],
    note: null,
    badges: ['route', 'canary'],
  },
  {
    namespace: 'bookstore',
    name: 'reviews',
    health: 'ok',
    shape: shape(4, 184, 0.0006, 24, 62, 118),
    versions: [
      { name: 'v1', instances: 3, share: reviewsSplit.v1 / 100 },
      { name: 'v2', instances: 2, share: reviewsSplit.v2 / 100 },
      { name: 'v3', instances: 1, share: reviewsSplit.v3 / 100 },
    ],
    note: null,
    badges: ['route'],
  },
  {
    namespace: 'bookstore',
    name: 'ratings',
    health: 'warn',
    shape: shape(5, 78, 0.0011, 7, 18, 41),
    versions: [{ name: 'v1', instances: 2, share: 1 }],
    ejected: 1,
    note: '1 of 2 endpoints ejected',
    badges: [],
  },
  {
    namespace: 'bookstore',
    name: 'cart',
    health: 'ok',
    shape: shape(6, 118, 0, 5, 14, 29),
    versions: [{ name: 'v2', instances: 2, share: 1 }],
    note: null,
    badges: [],
  },
  {
    namespace: 'bookstore',
    name: 'checkout',
    health: 'err',
    shape: shape(7, 22, 0.044, 190, 1240, 2210, 0.0017),
    versions: [{ name: 'v1', instances: 2, share: 1 }],
    note: 'Passes on errors of payments/ledger',
    badges: [],
  },
  {
    namespace: 'payments',
    name: 'ledger',
    health: 'err',
    shape: shape(8, 22, 0.044, 185, 1220, 2180, 0.0017),
    versions: [{ name: 'v4', instances: 2, share: 1 }],
    note: 'Answers 504 when Stripe does not',
    badges: ['route'],
  },
  {
    namespace: 'payments',
    name: 'fraud',
    health: 'ok',
    shape: shape(9, 22, 0, 12, 38, 64),
    versions: [{ name: 'v1', instances: 2, share: 1 }],
    note: null,
    badges: [],
  },
  {
    namespace: '',
    name: 'api.stripe.example',
    kind: 'external',
    health: 'err',
    shape: shape(10, 20, 0.048, 182, 1180, 2000, 0.0018),
    versions: [],
    note: 'Times out',
    badges: [],
  },
];

const calls: readonly (readonly [string, string, number, Partial<Shape>])[] = [
  ['bookstore/ingress', 'bookstore/frontend', 412, {}],
  ['bookstore/frontend', 'bookstore/catalog', 386, { p95: 38 }],
  ['bookstore/frontend', 'bookstore/reviews', 184, {}],
  ['bookstore/frontend', 'bookstore/cart', 96, {}],
  ['bookstore/frontend', 'bookstore/checkout', 22, {}],
  ['bookstore/reviews', 'bookstore/ratings', 78, {}],
  ['bookstore/cart', 'bookstore/catalog', 40, { p95: 22, errors: 0.0001 }],
  ['bookstore/checkout', 'bookstore/cart', 22, { p95: 12 }],
  ['bookstore/checkout', 'payments/ledger', 22, {}],
  ['payments/ledger', 'payments/fraud', 22, {}],
  ['payments/ledger', '/api.stripe.example', 20, {}],
];

const idOf = (service: ServiceFixture) => `${service.namespace}/${service.name}`;

function rowOf(service: ServiceFixture, tick: number, seconds: number): ServiceRow {
  const golden = goldenOf(service.shape, tick);
  const series = seriesOf(service.shape, tick * 2000, seconds);
  const instances = service.versions.reduce((sum, version) => sum + version.instances, 0);
  return {
    namespace: service.namespace,
    name: service.name,
    health: service.health,
    golden,
    versions: service.versions.map((version) => ({
      ...version,
      requestsPerSecond: golden.requestsPerSecond * version.share,
    })),
    instances,
    healthyInstances: instances - (service.ejected ?? 0),
    mtls: 'strict',
    spark: series.errorRate,
    sparkRps: series.requestsPerSecond,
    note: service.note,
  };
}

const isIn = (namespace: string, namespaces: readonly string[] | undefined) =>
  namespaces === undefined || namespaces.length === 0 || namespaces.includes(namespace);

export function serviceRows(seconds: number, namespaces?: readonly string[]): ServiceRow[] {
  const tick = Math.floor(Date.now() / 2000);
  const order = { err: 0, warn: 1, unknown: 2, ok: 3 };
  return services()
    .filter((service) => service.kind !== 'external' && isIn(service.namespace, namespaces))
    .map((service) => rowOf(service, tick, seconds))
    .sort((a, b) => order[a.health] - order[b.health] || b.golden.errorRate - a.golden.errorRate);
}

export function overview(seconds: number, namespaces?: readonly string[]): Overview {
  const total = shape(2, 1304, 0.0027, 41, 148, 486, 0.0004);
  const now = Date.now();
  return {
    golden: goldenOf(total, Math.floor(now / 2000)),
    series: seriesOf(total, now, seconds),
    services: serviceRows(seconds, namespaces),
    problems: [
      {
        severity: 'err',
        title: 'payments/ledger → api.stripe.example fails for 4.8 % of requests',
        detail: 'Began 34 s after r420 cut its connect timeout to 1 s. checkout and frontend only pass the errors on.',
        link: '/topology?select=payments%2Fledger~%2Fapi.stripe.example',
        sinceMs: now - seconds * 400,
        revision: 420,
      },
      {
        severity: 'warn',
        title: 'bookstore/ratings runs on 1 of 2 endpoints',
        detail: '5 server errors in a row on ratings-7c4d-x2. Back in the pool in 30 s, if it answers.',
        link: '/services/bookstore/ratings?tab=workloads',
        sinceMs: now - 300_000,
      },
    ],
  };
}

export function serviceDetail(namespace: string, name: string, seconds: number): ServiceDetail | null {
  const service = services().find((candidate) => candidate.namespace === namespace && candidate.name === name);
  if (service === undefined) return null;
  const tick = Math.floor(Date.now() / 2000);
  const id = idOf(service);
  const peer = (peerId: string, rps: number, over: Partial<Shape>) => {
    const [peerNamespace = '', peerName = ''] = peerId.split('/');
    return {
      namespace: peerNamespace,
      name: peerName,
      golden: goldenOf({ ...service.shape, rps, ...over }, tick),
      mtls: peerNamespace !== '',
    };
  };
  return {
    row: rowOf(service, tick, seconds),
    series: seriesOf(service.shape, Date.now(), seconds),
    byVersion: service.versions.map((version, index) => {
      const own = {
        ...service.shape,
        rps: service.shape.rps * version.share,
        seed: service.shape.seed + index * 20,
        p99: service.shape.p99 * (1 - index * 0.08),
      };
      return { name: version.name, golden: goldenOf(own, tick), series: seriesOf(own, Date.now(), seconds) };
    }),
    callers: calls.filter(([, target]) => target === id).map(([source, , rps, over]) => peer(source, rps, over)),
    callees: calls.filter(([source]) => source === id).map(([, target, rps, over]) => peer(target, rps, over)),
    codes: [
      { status: 200, perSecond: service.shape.rps * (0.94 - service.shape.errors) },
      { status: 304, perSecond: service.shape.rps * 0.05 },
      { status: 404, perSecond: service.shape.rps * 0.01 },
      ...(service.shape.errors > 0 ? [{ status: 504, perSecond: service.shape.rps * service.shape.errors }] : []),
    ],
    workloads: service.versions.flatMap((version) =>
      Array.from({ length: version.instances }, (_, index) => ({
        name: `${name}-${version.name}-${index + 1}`,
        version: version.name,
        healthy: !(service.ejected === 1 && index === 1),
        golden: goldenOf(
          { ...service.shape, rps: (service.shape.rps * version.share) / version.instances, seed: index + 3 },
          tick,
        ),
      })),
    ),
    policies: [
      { key: `HTTPRoute/${namespace}/${name}`, why: 'its parent is this service' },
      { key: `TrafficPolicy/${namespace}/${name}`, why: 'names this service' },
      { key: `AuthorizationPolicy/${namespace}/${name}-readers`, why: 'names this service' },
      { key: `PeerAuthentication/${namespace}/${namespace}`, why: `all of ${namespace}` },
    ],
  };
}

function nodeOf(service: ServiceFixture, tick: number): TopologyNode {
  const golden = goldenOf(service.shape, tick);
  return {
    id: idOf(service),
    namespace: service.namespace,
    service: service.name,
    kind: service.kind ?? 'service',
    health: service.health,
    requestsPerSecond: golden.requestsPerSecond,
    errorRate: golden.errorRate,
    p95Ms: golden.p95Ms,
    versions: service.versions.map((version) => ({
      name: version.name,
      share: version.share,
      requestsPerSecond: golden.requestsPerSecond * version.share,
    })),
    badges: service.badges,
  };
}

/** A service's node split by version or by instance, with its calls divided by share. */
function parts(
  service: ServiceFixture,
  view: TopologyView,
): readonly { id: string; share: number; version?: string; workload?: string }[] {
  if (view === 'service' || service.versions.length === 0) return [{ id: idOf(service), share: 1 }];
  if (view === 'version')
    return service.versions.map((version) => ({
      id: `${idOf(service)}@${version.name}`,
      share: version.share,
      version: version.name,
    }));
  return service.versions.flatMap((version) =>
    Array.from({ length: version.instances }, (_, index) => {
      const workload = `${service.name}-${version.name}-${index + 1}`;
      return {
        id: `${service.namespace}/${workload}`,
        share: version.share / version.instances,
        version: version.name,
        workload,
      };
    }),
  );
}

export function topology(view: TopologyView, namespaces?: readonly string[]): Topology {
  const tick = Math.floor(Date.now() / 2000);
  const shown = services().filter((service) => service.namespace === '' || isIn(service.namespace, namespaces));
  const byId = new Map(shown.map((service) => [idOf(service), service]));
  const nodes = shown.flatMap((service) =>
    parts(service, view).map((part) => {
      const node = nodeOf(service, tick);
      const requestsPerSecond = node.requestsPerSecond * part.share;
      if (view === 'service') return node;
      return {
        ...node,
        id: part.id,
        requestsPerSecond,
        versions: [],
        badges: [],
        ...(part.version !== undefined && { version: part.version }),
        ...(part.workload !== undefined && { workload: part.workload }),
      };
    }),
  );
  const edges: TopologyEdge[] = calls.flatMap(([from, to, rps, over]) => {
    const source = byId.get(from);
    const target = byId.get(to);
    if (source === undefined || target === undefined) return [];
    return parts(source, view).flatMap((a) =>
      parts(target, view).map((b) => {
        const own = { ...target.shape, rps: rps * a.share * b.share, ...over, ...(over.p95 === undefined ? {} : {}) };
        return {
          id: `${a.id}~${b.id}`,
          source: a.id,
          target: b.id,
          protocol: target.kind === 'external' ? 'http1' : 'http2',
          protocols: [{ protocol: target.kind === 'external' ? 'http1' : 'http2', share: 1 }],
          mtls: target.kind !== 'external',
          golden: goldenOf(
            {
              ...own,
              rps: rps * a.share * b.share,
              errors: from === 'bookstore/checkout' && to === 'bookstore/cart' ? 0 : (over.errors ?? own.errors),
            },
            tick,
          ),
          share: view === 'version' && target.versions.length > 1 ? b.share : null,
          versions: [],
          flags:
            target.shape.errors > 0.01
              ? [
                  { flag: 'UT', share: 0.96 },
                  { flag: 'UF', share: 0.04 },
                ]
              : [],
        };
      }),
    );
  });
  return { atMs: Date.now(), nodes, edges, totals: { requests: 391_200, retries: 372, failures: 1_056 } };
}
