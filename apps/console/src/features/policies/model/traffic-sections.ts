// The form of a TrafficPolicy, section by section; what holds without a field comes from the model's own defaults.
import {
  circuitBreakerDefaults,
  healthCheckDefaults,
  outlierRuleDefaults,
  trafficDefaults,
} from '@malha/model/defaults';
import { formatDuration } from '@malha/model/duration';
import { choice, choices, DURATION, type FieldKind, number, percentOf, type Section, under } from './field.ts';
import { HASH_KEYS, LOCALITY_WEIGHTS } from './lists.ts';
import { LOAD_SECTIONS } from './load-sections.ts';

const traffic = trafficDefaults;
const COUNT_MAX = 1_000_000;
const DEVIATIONS: FieldKind = { type: 'decimal', unit: 'standard deviations', most: 10 };

const lasting = (ms: number) => (ms === 0 ? 'none' : formatDuration(ms));
const often = (count: number) => (count === 0 ? 'off' : String(count));

const timeouts: Section = {
  ...{ id: 'timeouts', title: 'Timeouts', root: ['timeouts'], isOffByDefault: false },
  purpose: 'how long a caller waits at most',
  fields: under('timeouts', [
    {
      ...{ at: 'request', label: 'Request', kind: DURATION, fallback: lasting(traffic.requestTimeoutMs) },
      effect: 'From its arrival to the end of the answer, all attempts together; then the caller gets 504. 0s = none.',
    },
    {
      ...{ at: 'streamIdle', label: 'Silence of a stream', kind: DURATION },
      fallback: lasting(traffic.streamIdleTimeoutMs),
      effect: 'A stream on which neither side says anything for so long is ended.',
    },
    {
      ...{ at: 'maxDuration', label: 'Longest request', kind: DURATION, fallback: lasting(traffic.maxDurationMs) },
      effect: 'Also of streams that last by design: WebSocket, gRPC streams, server-sent events.',
    },
  ]),
};

const retries: Section = {
  ...{ id: 'retries', title: 'Retries', root: ['retries'], isOffByDefault: false },
  purpose: 'what is tried again, and how much of it',
  fields: under('retries', [
    {
      ...{ at: 'attempts', label: 'Further attempts', kind: number('attempts', 0, 10) },
      fallback: String(traffic.retryAttempts),
      effect: 'After the first one. 0 = nothing is tried again.',
    },
    {
      ...{ at: 'on', label: 'After', fallback: traffic.retryOn.join(', ') },
      kind: choices(
        ...['connect-failure', 'refused-stream', 'reset', 'gateway-error', '5xx', 'retriable-status'],
        ...['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable'],
      ),
      effect: 'What may have reached the service is repeated for idempotent methods only.',
    },
    {
      ...{
        at: 'statusCodes',
        label: 'Also on status',
        kind: { type: 'numbers', unit: '400 to 599' },
        fallback: 'none',
      },
      effect: 'Counts where retriable-status is chosen above.',
    },
    {
      ...{ at: 'backoff.base', label: 'First pause', kind: DURATION, fallback: lasting(traffic.retryBackoffBaseMs) },
      effect: 'Before the second attempt, with jitter; doubled before each further one.',
    },
    {
      ...{ at: 'backoff.max', label: 'Longest pause', kind: DURATION, fallback: lasting(traffic.retryBackoffMaxMs) },
      effect: 'The pause grows no further than this; a Retry-After of the service may ask for more.',
    },
    {
      ...{ at: 'budget.percent', label: 'Budget', kind: percentOf('active requests') },
      fallback: `${traffic.retryBudgetPercent} %`,
      effect: 'May be retries: a struggling service is not called more because it struggles.',
    },
    {
      ...{ at: 'budget.minConcurrent', label: 'Always allowed', kind: number('retries at once', 0, COUNT_MAX) },
      fallback: String(traffic.retryBudgetMinConcurrent),
      effect: 'Even where the budget of a few requests is less than one.',
    },
  ]),
};

const connection: Section = {
  ...{ id: 'connection', title: 'Connections and limits', root: ['connection'], isOffByDefault: false },
  purpose: 'how much one caller’s proxy may have open',
  fields: under('connection', [
    {
      ...{ at: 'connectTimeout', label: 'Connect', kind: DURATION, fallback: lasting(traffic.connectTimeoutMs) },
      effect: 'Until a connection stands; then another instance is tried.',
    },
    {
      ...{ at: 'idleTimeout', label: 'Idle connection', kind: DURATION, fallback: lasting(traffic.idleTimeoutMs) },
      effect: 'One that carried nothing for so long is closed.',
    },
    {
      ...{ at: 'maxConnections', label: 'Connections', kind: number('at once', 1, COUNT_MAX) },
      fallback: String(traffic.maxConnections),
      effect: 'Of each proxy of a caller to the service.',
    },
    {
      ...{ at: 'maxPending', label: 'Waiting requests', kind: number('at once', 1, COUNT_MAX) },
      fallback: String(traffic.maxPending),
      effect: 'For a connection; one more fails at once with 503 (UO), so that no queue grows.',
    },
    {
      ...{ at: 'maxRequests', label: 'Active requests', kind: number('at once', 1, COUNT_MAX) },
      fallback: String(traffic.maxRequests),
      effect: 'One more fails at once with 503 (UO). Clients of a gateway share the limit.',
    },
  ]),
};

const breaker: Section = {
  ...{ id: 'circuitBreaker', title: 'Circuit breaker', root: ['circuitBreaker'], isOffByDefault: true },
  purpose: 'a service that fails is left alone for a while',
  fields: under('circuitBreaker', [
    {
      ...{ at: 'successRate', label: 'Opens below', kind: percentOf('requests that succeed') },
      fallback: `${circuitBreakerDefaults.successRatePercent} %`,
      effect: 'Of the target, as one caller’s proxy sees it; then calls fail at once with 503.',
    },
    {
      ...{ at: 'window', label: 'Measured over', kind: DURATION, fallback: lasting(circuitBreakerDefaults.windowMs) },
      effect: 'A window that slides: what is older does not count.',
    },
    {
      ...{ at: 'minRequests', label: 'At least', kind: number('requests', 1, COUNT_MAX) },
      fallback: String(circuitBreakerDefaults.minRequests),
      effect: 'Fewer within the window say nothing.',
    },
    {
      ...{ at: 'open', label: 'Open for', kind: DURATION, fallback: lasting(circuitBreakerDefaults.openMs) },
      effect: 'At first; doubled each time that it opens again without having closed.',
    },
    {
      ...{ at: 'openMax', label: 'At most', kind: DURATION, fallback: lasting(circuitBreakerDefaults.openMaxMs) },
      effect: 'It stays open no longer than this before the service is asked again.',
    },
    {
      ...{ at: 'halfOpenRequests', label: 'Half-open', kind: number('requests', 1, 1000) },
      fallback: String(circuitBreakerDefaults.halfOpenRequests),
      effect: 'Let through to try; all of them have to succeed, then it closes.',
    },
  ]),
};

const ejection: Section = {
  ...{ id: 'outlierDetection', title: 'Ejection', root: ['outlierDetection'], isOffByDefault: false },
  purpose: 'an instance that answers badly gets no requests',
  fields: under('outlierDetection', [
    {
      ...{ at: 'consecutive5xx', label: 'Server errors in a row', kind: number('answers, 0 = off', 0, 1000) },
      fallback: often(traffic.outlierConsecutive5xx),
      effect: 'Answers from 500 on without one that is better between.',
    },
    {
      ...{
        at: 'consecutiveGatewayErrors',
        label: 'Gateway errors in a row',
        kind: number('answers, 0 = off', 0, 1000),
      },
      fallback: often(traffic.outlierConsecutiveGatewayErrors),
      effect: 'Answers of 502, 503 and 504.',
    },
    {
      ...{ at: 'consecutiveLocalErrors', label: 'No answer in a row', kind: number('requests, 0 = off', 0, 1000) },
      fallback: often(traffic.outlierConsecutiveLocalErrors),
      effect: 'Resets, timeouts and connections that did not come to be.',
    },
    {
      ...{ at: 'successRate.stdevFactor', label: 'Below the others', kind: DEVIATIONS },
      fallback: 'off',
      effect: `By success rate, judged over ${outlierRuleDefaults.successRate.minEndpoints} instances with ${outlierRuleDefaults.successRate.minRequests} requests each, at least.`,
    },
    {
      ...{ at: 'failurePercentage.threshold', label: 'Failures', kind: number('% of its requests', 1, 100) },
      fallback: 'off',
      effect: `Within an interval, of an instance with ${outlierRuleDefaults.failurePercentage.minRequests} requests at least.`,
    },
    {
      ...{ at: 'interval', label: 'Looked at every', kind: DURATION, fallback: lasting(traffic.outlierIntervalMs) },
      effect: 'For the two rules above; and as often an ejection’s length shrinks again.',
    },
    {
      ...{ at: 'baseEjection', label: 'Out for', kind: DURATION, fallback: lasting(traffic.outlierBaseEjectionMs) },
      effect: 'At first; longer each time. It returns on probation: its first failure ejects it again.',
    },
    {
      ...{ at: 'maxEjection', label: 'At most', kind: DURATION, fallback: lasting(traffic.outlierMaxEjectionMs) },
      effect: 'No ejection lasts longer.',
    },
    {
      ...{ at: 'maxEjectionPercent', label: 'Share that may be out', kind: number('% of the instances', 0, 100) },
      fallback: `${traffic.outlierMaxEjectionPercent} %`,
      effect: 'But always one, where there are others.',
    },
  ]),
};

const health: Section = {
  ...{ id: 'healthCheck', title: 'Health checks', root: ['healthCheck'], isOffByDefault: true },
  purpose: 'instances are asked before they get requests',
  fields: under('healthCheck', [
    {
      ...{
        at: 'http.path',
        label: 'HTTP path',
        kind: { type: 'text', unit: 'like /healthz' },
        fallback: 'no HTTP check',
      },
      effect: 'Asked with GET over a connection of its own; one kind of check at most.',
    },
    {
      ...{ at: 'http.expectedStatuses', label: 'Well are', kind: { type: 'numbers', unit: 'status codes' } },
      fallback: '200 to 299',
      effect: 'Any other answer counts as a failure.',
    },
    {
      ...{ at: 'grpc.service', label: 'gRPC service', kind: { type: 'text', unit: 'name' }, fallback: 'no gRPC check' },
      effect: 'Asked by the standard health service of gRPC.',
    },
    {
      ...{ at: 'tcp', label: 'TCP', kind: { type: 'present' }, fallback: 'no TCP check' },
      effect: 'Well is who takes a connection.',
    },
    {
      ...{ at: 'interval', label: 'Every', kind: DURATION, fallback: lasting(healthCheckDefaults.intervalMs) },
      effect: 'From the end of one check to the next.',
    },
    {
      ...{ at: 'timeout', label: 'Answer within', kind: DURATION, fallback: lasting(healthCheckDefaults.timeoutMs) },
      effect: 'Later counts as a failure.',
    },
    {
      ...{ at: 'jitterPercent', label: 'Jitter', kind: number('% of the interval', 0, 100) },
      fallback: `${healthCheckDefaults.jitterPercent} %`,
      effect: 'Added at random, so that proxies do not ask all at once.',
    },
    {
      ...{ at: 'unhealthyThreshold', label: 'Out after', kind: number('failures in a row', 1, 100) },
      fallback: String(healthCheckDefaults.unhealthyThreshold),
      effect: 'Then it gets no requests.',
    },
    {
      ...{ at: 'healthyThreshold', label: 'Back after', kind: number('successes in a row', 1, 100) },
      fallback: String(healthCheckDefaults.healthyThreshold),
      effect: 'Then it gets its share again.',
    },
  ]),
};

const balancer: Section = {
  ...{ id: 'loadBalancer', title: 'Balancing', root: ['loadBalancer'], isOffByDefault: false },
  purpose: 'which instance gets a request',
  fields: under('loadBalancer', [
    {
      ...{ at: 'type', label: 'Instance by', fallback: traffic.loadBalancer },
      kind: choice(
        ...['RoundRobin', 'LeastRequest', 'LeastConnection', 'Random'],
        ...['RingHash', 'Maglev', 'SourceIp', 'PeakEwma'],
      ),
      effect: 'RingHash and Maglev send the same key to the same instance; PeakEwma avoids what is slow.',
    },
    {
      ...{ at: 'hashOn', label: 'Key', kind: HASH_KEYS, fallback: 'none' },
      effect: 'Of RingHash and Maglev: the first that a request has decides.',
    },
    {
      ...{ at: 'slowStart', label: 'Slow start', kind: DURATION, fallback: lasting(traffic.slowStartMs) },
      effect: 'An instance that joins gets its whole share only after so long.',
    },
    {
      ...{ at: 'panicThreshold', label: 'Panic below', kind: number('% available', 0, 100) },
      fallback: `${traffic.panicPercent} %`,
      effect: 'Of the instances: then all are called, the bad ones too. 0 = only when none is available.',
    },
    {
      ...{ at: 'locality.mode', label: 'Locality', kind: choice('Off', 'Failover', 'Weighted') },
      fallback: traffic.localityMode,
      effect: 'Failover prefers the caller’s zone, then its region; Weighted gives each its part.',
    },
    {
      ...{ at: 'locality.weights', label: 'Weights', kind: LOCALITY_WEIGHTS, fallback: 'none' },
      effect: 'Of Weighted: the part of the requests for each region or zone.',
    },
    {
      ...{ at: 'tableSize', label: 'Size of the table', kind: number('a prime number', 3, 5_000_011) },
      fallback: '65537',
      effect: 'Of Maglev: more places spread keys more evenly and cost more memory.',
    },
  ]),
};

export const TRAFFIC_SECTIONS: readonly Section[] = [
  timeouts,
  retries,
  connection,
  breaker,
  ejection,
  health,
  balancer,
  ...LOAD_SECTIONS,
];
