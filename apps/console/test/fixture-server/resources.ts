// Resources and their history in memory: enough of a store for drafts, conflicts, propagation and taking back.
import { parseDocument } from 'yaml';
import type { ChangeDetail, Conflict, ObjectDiff, Propagation, StoredResource } from '../../src/trpc/contract.ts';
import { reviewsSplit } from './mesh.ts';

const reviewsYaml = `# Reviews: who sees which version. Ask reading-team before changing v1.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: reviews
  namespace: bookstore
  labels:
    team: reading
spec:
  parentRefs:
    - group: ""
      kind: Service
      name: reviews
  rules:
    - name: beta-readers
      matches:
        - headers:
            - name: x-beta-reader
              value: "true"
      backendRefs:
        - group: malha.dev
          kind: ServiceVersion
          name: reviews-v2
          port: 9080
    - name: debug-v3
      matches:
        - headers:
            - name: x-debug
              value: v3
      backendRefs:
        - group: malha.dev
          kind: ServiceVersion
          name: reviews-v3
          port: 9080
    - name: default # everything else
      backendRefs:
        - group: malha.dev
          kind: ServiceVersion
          name: reviews-v1
          port: 9080
          weight: 60
        - group: malha.dev
          kind: ServiceVersion
          name: reviews-v2
          port: 9080
          weight: 30
        - group: malha.dev
          kind: ServiceVersion
          name: reviews-v3
          port: 9080
          weight: 10
      timeouts:
        request: 2s
      retry:
        attempts: 2
        codes: [502, 503, 504]
`;

const serviceYaml = (namespace: string, name: string, versions: readonly string[]) => `apiVersion: malha.dev/v1
kind: Service
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  selector:
    app: ${name}
  ports:
    - name: http
      port: 9080
      appProtocol: http
  versions:
${versions.map((version) => `    - name: ${version}\n      labels:\n        version: ${version}`).join('\n')}
`;

const simpleRoute = (
  namespace: string,
  name: string,
  weights: readonly (readonly [string, number])[],
) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  parentRefs:
    - group: ""
      kind: Service
      name: ${name}
  rules:
    - name: default
      backendRefs:
${weights.map(([version, weight]) => `        - group: malha.dev\n          kind: ServiceVersion\n          name: ${name}-${version}\n          port: 9080\n          weight: ${weight}`).join('\n')}
`;

const hour = 3_600_000;
const start = Date.now();

function stored(
  kind: string,
  namespace: string,
  name: string,
  yaml: string,
  revision: number,
  by: string,
): StoredResource {
  return {
    key: `${kind}/${namespace}/${name}`,
    kind,
    namespace,
    name,
    yaml,
    revision,
    updatedAtMs: start - (422 - revision) * 480_000,
    updatedBy: by,
    findings: [],
  };
}

export const store = {
  revision: 421,
  resources: new Map<string, StoredResource>(
    [
      stored('HTTPRoute', 'bookstore', 'reviews', reviewsYaml, 418, 'Inês Carvalho'),
      stored(
        'HTTPRoute',
        'bookstore',
        'catalog',
        simpleRoute('bookstore', 'catalog', [
          ['v1', 3],
          ['v2', 1],
        ]),
        421,
        'Mara Lindqvist',
      ),
      stored('HTTPRoute', 'payments', 'ledger', simpleRoute('payments', 'ledger', [['v4', 1]]), 414, 'Tomás Reis'),
      stored('Service', 'bookstore', 'reviews', serviceYaml('bookstore', 'reviews', ['v1', 'v2', 'v3']), 12, 'admin'),
      stored('Service', 'bookstore', 'catalog', serviceYaml('bookstore', 'catalog', ['v1', 'v2']), 12, 'admin'),
      stored('Service', 'payments', 'ledger', serviceYaml('payments', 'ledger', ['v4']), 12, 'admin'),
    ].map((resource) => [resource.key, resource]),
  ),
};

const seed: readonly (readonly [number, string, string, string, ObjectDiff[]])[] = [
  [
    421,
    'Mara Lindqvist',
    'catalog: v2 10 % → 25 %',
    'HTTPRoute/bookstore/catalog',
    [
      {
        key: 'HTTPRoute/bookstore/catalog',
        op: 'update',
        before: simpleRoute('bookstore', 'catalog', [
          ['v1', 9],
          ['v2', 1],
        ]),
        after: simpleRoute('bookstore', 'catalog', [
          ['v1', 3],
          ['v2', 1],
        ]),
      },
    ],
  ],
  [
    420,
    'Tomás Reis',
    'stripe: connect 1 s, request 2 s',
    'TrafficPolicy/payments/stripe',
    [
      {
        key: 'TrafficPolicy/payments/stripe',
        op: 'update',
        before:
          'apiVersion: malha.dev/v1\nkind: TrafficPolicy\nmetadata:\n  name: stripe\n  namespace: payments\nspec:\n  connection:\n    connectTimeout: 5s\n',
        after:
          'apiVersion: malha.dev/v1\nkind: TrafficPolicy\nmetadata:\n  name: stripe\n  namespace: payments\nspec:\n  connection:\n    connectTimeout: 1s\n',
      },
    ],
  ],
  [419, 'Mara Lindqvist', 'catalog: v2 5 % → 10 %', 'HTTPRoute/bookstore/catalog', []],
  [418, 'Inês Carvalho', 'reviews: beta readers get v2', 'HTTPRoute/bookstore/reviews', []],
  [417, 'Inês Carvalho', 'reviews: v2 20 % → 30 %', 'HTTPRoute/bookstore/reviews', []],
  [414, 'Mara Lindqvist', 'payments: isolation open → group', 'Namespace//payments', []],
  [411, 'Inês Carvalho', 'frontend: keep sessions by cookie', 'RoutePolicy/bookstore/frontend', []],
];

const golden = (errorRate: number, p99Ms: number) => ({
  requestsPerSecond: 20,
  errorRate,
  p50Ms: 182,
  p95Ms: p99Ms * 0.6,
  p99Ms,
  failedPerSecond: 20 * errorRate,
  retriesPerSecond: 0.2,
});

export const history: ChangeDetail[] = seed.map(([revision, author, message, key, diff]) => ({
  revision,
  author,
  message,
  createdAtMs: revision > 415 ? start - (422 - revision) * 480_000 : start - 20 * hour - (415 - revision) * 600_000,
  kind: 'apply',
  objects: [{ key, op: 'update' }],
  propagation: { total: 24, active: 24, p50Ms: 58, p99Ms: 168 },
  diff,
  before: revision === 420 ? golden(0.0018, 690) : golden(0.0004, 118),
  after: revision === 420 ? golden(0.048, 2000) : golden(0.0004, 120),
}));

export const applied = { atMs: start - 60_000, revision: 421 };

export function propagation(revision: number): Propagation {
  const latencies = Array.from({ length: 24 }, (_, index) => Math.round(31 + (index / 23) ** 2.2 * 137));
  const slow = revision > 421 ? 40 : 0;
  const elapsed = Date.now() - applied.atMs;
  const proxies = latencies.map((latencyMs, index) => {
    const isActive = revision <= 421 || elapsed > latencyMs * slow;
    return {
      workload: `bookstore/proxy-${index + 1}`,
      model: 'sidecar',
      state: isActive ? ('active' as const) : ('pending' as const),
      latencyMs: isActive ? latencyMs : null,
      error: null,
    };
  });
  const active = proxies.filter((proxy) => proxy.state === 'active').length;
  return {
    revision,
    startedAtMs: applied.atMs,
    proxies,
    active,
    total: 24,
    p50Ms: active > 12 ? 58 : null,
    p99Ms: active === 24 ? 168 : null,
  };
}

export class StaleDraft extends Error {
  constructor(readonly conflict: Conflict) {
    super(`${conflict.key} was changed by ${conflict.currentAuthor} in r${conflict.currentRevision}`);
  }
}

function readSplit(yaml: string): void {
  const weights = [...yaml.matchAll(/name: reviews-(v\d)\n\s+port: \d+\n\s+weight: (\d+)/g)].map(
    (match) => [match[1], Number(match[2])] as const,
  );
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  for (const [version, weight] of weights)
    if (version === 'v1' || version === 'v2' || version === 'v3') reviewsSplit[version] = (weight / sum) * 100;
}

export function apply(
  author: string,
  message: string,
  yaml: string,
  baseRevisions: Readonly<Record<string, number>>,
): number {
  const value = parseDocument(yaml).toJS() as { kind: string; metadata: { name: string; namespace?: string } };
  const namespace = value.metadata.namespace ?? '';
  const key = `${value.kind}/${namespace}/${value.metadata.name}`;
  const current = store.resources.get(key);
  const base = baseRevisions[key];
  if (current !== undefined && base !== undefined && base !== current.revision) {
    throw new StaleDraft({
      key,
      currentRevision: current.revision,
      currentAuthor: current.updatedBy,
      currentYaml: current.yaml,
      baseYaml: null,
    });
  }
  store.revision += 1;
  applied.atMs = Date.now();
  applied.revision = store.revision;
  store.resources.set(key, {
    key,
    kind: value.kind,
    namespace,
    name: value.metadata.name,
    yaml,
    revision: store.revision,
    updatedAtMs: Date.now(),
    updatedBy: author,
    findings: [],
  });
  if (key === 'HTTPRoute/bookstore/reviews') readSplit(yaml);
  history.unshift({
    revision: store.revision,
    author,
    message,
    createdAtMs: Date.now(),
    kind: 'apply',
    objects: [{ key, op: current === undefined ? 'create' : 'update' }],
    propagation: { total: 24, active: 24, p50Ms: 58, p99Ms: 168 },
    diff: [{ key, op: 'update', before: current?.yaml ?? null, after: yaml }],
    before: golden(0.0004, 118),
    after: null,
  });
  return store.revision;
}
