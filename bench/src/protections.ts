// Resources that arm every protection of the calls to `app` without any of them having to act, and those that switch all off.

/** What has no switch (limits of connections and requests) is as wide as it goes. */
export const BARE_CALLER = `${route('app', '/', '')}---
apiVersion: malha.dev/v1
kind: TrafficPolicy
metadata: {name: bare, namespace: bench}
spec:
  targetRef: {kind: Service, name: app}
  connection: {maxConnections: 1000000, maxPending: 1000000, maxRequests: 1000000}
  timeouts: {request: 0s, streamIdle: 0s}
  loadBalancer: {type: RoundRobin}
  retries: {attempts: 0}
  outlierDetection: {consecutive5xx: 0, consecutiveLocalErrors: 0}
`;

/** The path of the probes is not that of the load: adaptive concurrency lets probes pass uncounted. */
const CALLER_POLICY = `
  connection: {maxConnections: 1024, maxPending: 1024, maxRequests: 1024}
  timeouts: {streamIdle: 5m, maxDuration: 1h}
  loadBalancer: {type: PeakEwma, slowStart: 1s, panicThreshold: 50}
  retries:
    attempts: 2
    on: [connect-failure, refused-stream, reset, gateway-error, retriable-status]
    statusCodes: [409]
    budget: {percent: 20, minConcurrent: 3}
  outlierDetection: {consecutive5xx: 5, consecutiveGatewayErrors: 5, successRate: {}, failurePercentage: {}}
  healthCheck: {http: {path: /healthy}, interval: 1s}
  circuitBreaker: {successRate: 80}`;

/** The limit of adaptive concurrency begins at 20 and is lowered to measure: it must not act on what the load keeps in flight. */
const CALLEE_POLICY = `
  overload: {mode: Adaptive, minConcurrency: 128}
  requests: {maxBytes: 1048576, allowedProtocols: [HTTP, gRPC]}`;

const ROUTE_POLICIES = `${route('app', '/', 'timeouts: {request: 10s, backendRequest: 5s}')}---
apiVersion: malha.dev/v1
kind: TrafficPolicy
metadata: {name: armed-route, namespace: bench}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: app}
  circuitBreaker: {successRate: 50}
---
apiVersion: malha.dev/v1
kind: RoutePolicy
metadata: {name: armed, namespace: bench}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: app}
  hedging: {delay: 4s}
---
${fault('armed', '{kind: Service, name: app}')}`;

/** A bucket for all, for each caller and for each path of a caller, which nobody empties. */
const RATE_LIMITS = `---
apiVersion: malha.dev/v1
kind: RateLimit
metadata: {name: armed, namespace: bench}
spec:
  targetRef: {kind: Service, name: app}
  limits:
    - {name: all, requests: 10000000}
    - {name: addresses, by: [{type: Address}], requests: 10000000}
    - {name: calls, by: [{type: Address}, {type: Path}], requests: 10000000}
`;

export const ARMED_CALLER = `${ROUTE_POLICIES}${trafficPolicy(CALLER_POLICY)}`;

/** Limits that nobody reaches: of rates, requests at a time, and their size. */
export const ARMED_CALLEE = `${trafficPolicy(CALLEE_POLICY)}${RATE_LIMITS}`;

export const ARMED_PAIR = `${ROUTE_POLICIES}${trafficPolicy(CALLER_POLICY + CALLEE_POLICY)}${RATE_LIMITS}`;

/** So many policies for requests that nobody sends: one of a route, with its own retries and breaker, and a fault by turns. */
export function idlePolicies(count: number): string {
  const each = Array.from({ length: Math.ceil(count / 2) }, (_, index) => {
    const name = `idle-${index}`;
    return `${route(name, `/idle/${index}`, '')}---
apiVersion: malha.dev/v1
kind: TrafficPolicy
metadata: {name: ${name}, namespace: bench}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${name}}
  retries: {attempts: 1}
  circuitBreaker: {successRate: 50}
---
${fault(name, `{group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${name}}`)}`;
  });
  return `${route('app', '/', '')}${each.join('')}`;
}

function trafficPolicy(fields: string): string {
  return `---
apiVersion: malha.dev/v1
kind: TrafficPolicy
metadata: {name: armed, namespace: bench}
spec:
  targetRef: {kind: Service, name: app}${fields}
`;
}

function route(name: string, prefix: string, more: string): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: bench}
spec:
  parentRefs: [{group: malha.dev, kind: Service, name: app, port: 80}]
  rules:
    - matches: [{path: {type: PathPrefix, value: ${prefix}}}]
      backendRefs: [{group: malha.dev, kind: Service, name: app, port: 80}]
      ${more}
`;
}

/** Of requests that carry a certain header. */
function fault(name: string, target: string): string {
  return `apiVersion: malha.dev/v1
kind: FaultInjection
metadata: {name: ${name}, namespace: bench}
spec:
  targetRef: ${target}
  match: {headers: [{name: x-trouble, values: ["yes"]}]}
  abort: {percent: 100, httpStatus: 503}
  expiresAfter: 24h
`;
}
