// What protects the calls of the bookstore in one run of the study: nothing, one protection alone, what Malha sets by
// default, everything.

export interface Setting {
  readonly id: string;
  readonly label: string;
  /** Of a TrafficPolicy for the namespace. */
  readonly policy: Sections;
  /** Of one for the troubled service alone, which the others must not be bound by. */
  readonly ofCatalog?: Sections;
  /** Of each attempt at the troubled service. */
  readonly attemptTimeout?: string;
  /** Requests a second that each of its replicas takes. */
  readonly limitPerSecond?: number;
  /** After which a second replica is asked as well. */
  readonly hedgeAfter?: string;
}

type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What has no switch is as wide as it goes. */
const NOTHING: Sections = {
  connection: { maxConnections: 1_000_000, maxPending: 1_000_000, maxRequests: 1_000_000 },
  timeouts: { request: '0s' },
  loadBalancer: { type: 'RoundRobin' },
  retries: { attempts: 0 },
  outlierDetection: { consecutive5xx: 0, consecutiveLocalErrors: 0 },
};
const NO_BUDGET = { percent: 100, minConcurrent: 1_000_000 };
const ATTEMPT_TIMEOUT = '400ms';
const SECOND: Sections = { timeouts: { request: '1s' } };
const BREAKER: Sections = { circuitBreaker: { successRate: 80 } };
/** Twice what its replicas work on at once. */
const REQUESTS: Sections = { connection: { maxRequests: 24 } };
const ADAPTIVE: Sections = { overload: { mode: 'Adaptive' } };
const HEDGE_AFTER = '250ms';
/** What a replica can do. */
const LIMIT_PER_SECOND = 40;

export const SETTINGS: readonly Setting[] = [
  { id: 'nothing', label: 'nothing', policy: NOTHING },
  { id: 'least-request', label: 'least request', policy: { ...NOTHING, loadBalancer: { type: 'LeastRequest' } } },
  { id: 'peak-ewma', label: 'peak EWMA', policy: { ...NOTHING, loadBalancer: { type: 'PeakEwma' } } },
  { id: 'timeout', label: 'timeout 1 s', policy: { ...NOTHING, ...SECOND } },
  {
    id: 'retries-no-budget',
    label: 'retries, no budget',
    policy: { ...NOTHING, retries: { attempts: 2, budget: NO_BUDGET } },
    attemptTimeout: ATTEMPT_TIMEOUT,
  },
  {
    id: 'retries-budget',
    label: 'retries with budget',
    policy: { ...NOTHING, retries: { attempts: 2 } },
    attemptTimeout: ATTEMPT_TIMEOUT,
  },
  {
    id: 'ejection',
    label: 'ejection, timeout 1 s',
    policy: { ...NOTHING, ...SECOND, outlierDetection: { consecutive5xx: 5, consecutiveLocalErrors: 5 } },
  },
  { id: 'breaker', label: 'breaker, timeout 1 s', policy: { ...NOTHING, ...SECOND, ...BREAKER } },
  { id: 'request-limit', label: 'request limit', policy: NOTHING, ofCatalog: REQUESTS },
  { id: 'rate-limit', label: 'local rate limit', policy: NOTHING, limitPerSecond: LIMIT_PER_SECOND },
  { id: 'adaptive', label: 'adaptive concurrency', policy: NOTHING, ofCatalog: ADAPTIVE },
  { id: 'hedging', label: 'hedging', policy: NOTHING, hedgeAfter: HEDGE_AFTER },
  { id: 'defaults', label: 'defaults of Malha', policy: {} },
  { id: 'defaults-adaptive', label: 'defaults and adaptive', policy: {}, ofCatalog: ADAPTIVE },
  {
    id: 'without-breaker',
    label: 'all but the breaker',
    policy: { loadBalancer: { type: 'PeakEwma' }, ...SECOND },
    ofCatalog: { ...REQUESTS, ...ADAPTIVE },
    attemptTimeout: ATTEMPT_TIMEOUT,
    limitPerSecond: LIMIT_PER_SECOND,
    hedgeAfter: HEDGE_AFTER,
  },
  {
    id: 'everything',
    label: 'everything',
    policy: { loadBalancer: { type: 'PeakEwma' }, ...SECOND, ...BREAKER },
    ofCatalog: { ...REQUESTS, ...ADAPTIVE },
    attemptTimeout: ATTEMPT_TIMEOUT,
    limitPerSecond: LIMIT_PER_SECOND,
    hedgeAfter: HEDGE_AFTER,
  },
];

/** All resources of a setting; each is there in every setting, so that the next one replaces it whole. */
export function resourcesOf(setting: Setting): string {
  const { policy, ofCatalog = {}, attemptTimeout, limitPerSecond, hedgeAfter } = setting;
  const malha = 'malha.dev/v1';
  const catalog = { group: 'malha.dev', kind: 'Service', name: 'catalog', port: 80 };
  const timeouts = attemptTimeout === undefined ? {} : { timeouts: { backendRequest: attemptTimeout } };
  const documents = [
    {
      apiVersion: malha,
      kind: 'TrafficPolicy',
      metadata: { name: 'study', namespace: 'bookstore' },
      spec: { targetRef: { kind: 'Namespace', name: 'bookstore' }, ...policy },
    },
    {
      apiVersion: malha,
      kind: 'TrafficPolicy',
      metadata: { name: 'study-catalog', namespace: 'bookstore' },
      spec: { targetRef: { kind: 'Service', name: 'catalog' }, ...ofCatalog },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'catalog', namespace: 'bookstore' },
      spec: { parentRefs: [catalog], rules: [{ name: 'default', backendRefs: [catalog], ...timeouts }] },
    },
    {
      apiVersion: malha,
      kind: 'RoutePolicy',
      metadata: { name: 'study', namespace: 'bookstore' },
      spec: {
        targetRef: { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'catalog' },
        hedging: hedgeAfter === undefined ? { delay: '1s', percent: 0 } : { delay: hedgeAfter },
      },
    },
    {
      apiVersion: malha,
      kind: 'RateLimit',
      metadata: { name: 'study', namespace: 'bookstore' },
      spec: {
        targetRef: { kind: 'Service', name: 'catalog' },
        limits: [
          { name: 'all', requests: limitPerSecond ?? 1_000_000, burst: limitPerSecond === undefined ? 1_000_000 : 8 },
        ],
      },
    },
  ];
  return documents.map((document) => JSON.stringify(document)).join('\n---\n');
}
