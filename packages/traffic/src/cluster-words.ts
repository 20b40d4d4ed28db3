// How a cluster is called, in sentences for the operator: what `explain` says beside each backend.
import type {
  BreakerConfig,
  Cluster,
  ClusterLimits,
  HashKey,
  HealthCheckConfig,
  LoadBalancerConfig,
  OutlierDetectionConfig,
} from './config.ts';

const PICKS: Readonly<Record<LoadBalancerConfig['type'], string>> = {
  RoundRobin: 'Endpoints take turns, by weight',
  LeastRequest: 'Of two drawn endpoints, the one with fewer requests in flight is taken',
  LeastConnection: 'The endpoint with the fewest requests or connections in flight is taken',
  Random: 'An endpoint is drawn, by weight',
  RingHash: 'The same key goes to the same endpoint, by a ring',
  Maglev: 'The same key goes to the same endpoint, by a table',
  PeakEwma: 'Of two drawn endpoints, the one with the smaller latency for its load is taken',
};

export function clusterWords({ loadBalancer, limits, outlierDetection, healthCheck, breaker }: Cluster): string[] {
  return [
    balancerWords(loadBalancer),
    limitsWords(limits),
    ...(outlierDetection === undefined ? [] : ejectionWords(outlierDetection)),
    ...(healthCheck === undefined ? [] : [probeWords(healthCheck)]),
    ...(breaker === undefined ? [] : [breakerWords(breaker)]),
  ];
}

function balancerWords({ type, hashKeys = [], slowStartMs = 0, panicPercent = 0 }: LoadBalancerConfig): string {
  const keys = hashKeys.length === 0 ? '' : `; the key is ${hashKeys.map(keyWords).join(', else ')}, else it is drawn`;
  const slow = slowStartMs === 0 ? '' : `; one that joins gets its whole share after ${seconds(slowStartMs)}`;
  const panic = panicPercent === 0 ? '' : `; with fewer than ${panicPercent} % available, all are called`;
  return `${PICKS[type]}${keys}${slow}${panic}.`;
}

function limitsWords({ maxConnections, maxPending, maxRequests }: ClusterLimits): string {
  return `At most ${maxRequests} requests are under way at once, over ${maxConnections} connections; ${maxPending} may wait for one, others are answered with 503.`;
}

function keyWords(key: HashKey): string {
  if (key.type === 'source') return 'the address of the caller';
  return key.type === 'query' ? `the query parameter ${key.name}` : `the ${key.type} ${key.name}`;
}

function ejectionWords(config: OutlierDetectionConfig): string[] {
  const { successRate, failurePercentage } = config;
  const reasons = [
    ...inRow(config.consecutive5xx, 'answers from 500 on'),
    ...inRow(config.consecutiveGatewayErrors, 'answers of 502 to 504'),
    ...inRow(config.consecutiveLocalErrors, 'failures without an answer'),
    ...(successRate === undefined ? [] : ['a success rate far below the others']),
    ...(failurePercentage === undefined ? [] : [`${failurePercentage.threshold} % failures in an interval`]),
  ];
  const bound = `at most ${config.maxEjectionPercent} % of the endpoints, but one`;
  return [
    `An endpoint is ejected for ${seconds(config.baseEjectionMs)} and longer after ${reasons.join(', or ')}; ${bound}.`,
  ];
}

function inRow(limit: number, what: string): string[] {
  return limit === 0 ? [] : [`${limit} ${what} in a row`];
}

function probeWords(config: HealthCheckConfig): string {
  const what = { http: 'GET', grpc: 'the gRPC health protocol', tcp: 'a connection' }[config.type];
  const path = config.type === 'http' ? ` ${config.path}` : '';
  const verdict = `${config.unhealthyThreshold} failures in a row take an endpoint out, ${config.healthyThreshold} passes bring it back`;
  return `Endpoints are probed by ${what}${path} each ${seconds(config.intervalMs)}: ${verdict}.`;
}

export function breakerWords(config: BreakerConfig): string {
  const { successRate, windowMs, minRequests, openMs } = config;
  const when = `less than ${Math.round(successRate * 1000) / 10} % of at least ${minRequests} requests in ${seconds(windowMs)} succeed`;
  return `When ${when}, requests are answered with 503 for ${seconds(openMs)} and longer; then ${config.halfOpenRequests} decide.`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
