// Capability table: which feature each dialect and deployment model enforces. Encoders, console, docs and analysis read it.
import type { DeploymentModel } from './schema/workload.ts';

export type Dialect = 'malha' | 'envoy' | 'grpc';

/** `enforced`: carried out; `planned`: accepted with finding MALHA1033; `impossible`: the client cannot do it. */
export type Enforcement = 'enforced' | 'planned' | 'impossible';

export interface Capability {
  /** Stable name, `<area>.<feature>`. */
  readonly feature: string;
  readonly title: string;
  readonly dialects: Readonly<Record<Dialect, Enforcement>>;
}

function row<const F extends string>(
  feature: F,
  title: string,
  dialects: readonly [Enforcement, Enforcement, Enforcement],
) {
  const [malha, envoy, grpc] = dialects;
  return { feature, title, dialects: { malha, envoy, grpc } } as const;
}

const ON = 'enforced';
const PLANNED = 'planned';
const NEVER = 'impossible';

/** Columns: our proxy, a stock Envoy, a proxyless gRPC client. */
const table = [
  row('match.path', 'Match by exact path or prefix', [ON, ON, PLANNED]),
  row('match.path-regex', 'Match by regular expression of the path', [ON, ON, PLANNED]),
  row('match.method', 'Match by method', [ON, ON, NEVER]),
  row('match.grpc-method', 'Match by gRPC service and method (GRPCRoute)', [ON, ON, PLANNED]),
  row('match.headers', 'Match by headers', [ON, ON, PLANNED]),
  row('match.query', 'Match by query parameters', [ON, ON, NEVER]),
  row('match.callers', 'Match by identity or labels of the caller', [ON, ON, PLANNED]),
  row('match.percent', 'Match a percentage of requests', [ON, ON, PLANNED]),
  row('match.percent-cohort', 'Match a sticky percentage by header or cookie', [ON, PLANNED, PLANNED]),
  row('match.devices', 'Match by device class', [ON, ON, NEVER]),
  row('match.countries', 'Match by country of a client of a gateway', [ON, PLANNED, NEVER]),
  row('route.weights', 'Weighted backends', [ON, ON, PLANNED]),
  row('route.cohort', 'Sticky split by header, cookie or caller', [ON, ON, PLANNED]),
  row('route.cohort-claim', 'Sticky split by a claim of a token', [PLANNED, PLANNED, PLANNED]),
  row('route.session-persistence', 'Session persistence by cookie or header', [ON, ON, PLANNED]),
  row('route.session-over-split', 'Sessions over the weighted backends of a route', [ON, NEVER, NEVER]),
  row('filter.request-headers', 'Change request headers', [ON, ON, NEVER]),
  row('filter.response-headers', 'Change response headers', [ON, ON, NEVER]),
  row('filter.backend-headers', 'Change headers for one backend', [ON, ON, NEVER]),
  row('filter.redirect', 'Redirect', [ON, ON, NEVER]),
  row('filter.rewrite', 'Rewrite host or path', [ON, ON, NEVER]),
  row('filter.backend-rewrite', 'Redirect or rewrite for one backend', [ON, ON, NEVER]),
  row('filter.mirror', 'Mirror requests', [ON, ON, NEVER]),
  row('filter.cors', 'Cross-origin resource sharing', [ON, ON, NEVER]),
  row('filter.backend-mirror', 'Mirror or cross-origin rules of one backend', [ON, ON, NEVER]),
  row('filter.external-auth', 'External authorization', [PLANNED, PLANNED, NEVER]),
  row('filter.direct-response', 'Direct response (ExtensionRef to DirectResponse)', [ON, ON, NEVER]),
  row('filter.extension', 'Extension filters of other kinds', [PLANNED, PLANNED, NEVER]),
  row('timeout.request', 'Request timeout', [ON, ON, PLANNED]),
  row('timeout.backend-request', 'Timeout of one attempt', [ON, ON, NEVER]),
  row('timeout.stream-idle', 'Stream idle timeout', [ON, ON, NEVER]),
  row('timeout.max-duration', 'Maximum duration of a request or stream', [ON, ON, NEVER]),
  row('timeout.grpc-deadline', 'Deadline of a gRPC call (grpc-timeout)', [ON, ON, PLANNED]),
  row('timeout.propagated', 'Time that is left goes on to the next hop', [ON, PLANNED, NEVER]),
  row('timeout.connect', 'Connect timeout', [ON, ON, PLANNED]),
  row('retry.conditions', 'Retries', [ON, ON, PLANNED]),
  row('retry.grpc-status', 'Retries by the status of a gRPC call', [ON, ON, PLANNED]),
  row('retry.hedging', 'Hedging: another endpoint is asked too while one is slow', [ON, ON, NEVER]),
  row('fallback.backend', 'Fallback to another backend', [ON, NEVER, NEVER]),
  row('fallback.static', 'Fallback to a direct response', [ON, PLANNED, NEVER]),
  row('fallback.last-good', 'Fallback to the last good answer', [ON, NEVER, NEVER]),
  row('retry.budget', 'Retry budget', [ON, ON, NEVER]),
  row('retry.lost', 'What dies with an endpoint is sent again beyond the budget', [ON, NEVER, NEVER]),
  row('balancer.round-robin', 'Round robin', [ON, ON, PLANNED]),
  row('balancer.least-request', 'Least request', [ON, ON, NEVER]),
  row('balancer.random', 'Random', [ON, ON, NEVER]),
  row('balancer.least-connection', 'Least connection', [ON, NEVER, NEVER]),
  row('balancer.peak-ewma', 'Peak EWMA', [ON, NEVER, NEVER]),
  row('balancer.ring-hash', 'Ring hash', [ON, ON, PLANNED]),
  row('balancer.maglev', 'Maglev', [ON, ON, NEVER]),
  row('balancer.source-ip', 'Hash of the source address', [ON, ON, NEVER]),
  row('balancer.slow-start', 'Slow start', [ON, PLANNED, NEVER]),
  row('balancer.locality', 'Failover and weights by locality', [ON, ON, PLANNED]),
  row('balancer.panic', 'Panic threshold', [ON, ON, NEVER]),
  row('limits.connections', 'Limits of connections, pending and requests', [ON, ON, PLANNED]),
  row('outlier.consecutive', 'Ejection after consecutive errors', [ON, ON, PLANNED]),
  row('outlier.success-rate', 'Ejection by success rate', [ON, ON, PLANNED]),
  row('outlier.failure-percentage', 'Ejection by failure percentage', [ON, ON, PLANNED]),
  row('health.active', 'Active health checks (HTTP, gRPC, TCP)', [ON, ON, NEVER]),
  row('breaker.success-rate', 'Circuit breaker by success rate, of a service or a route', [ON, NEVER, NEVER]),
  row('overload.adaptive', 'Adaptive concurrency at the destination', [ON, ON, NEVER]),
  row('overload.queue', 'Short queue and load shedding by priority', [ON, NEVER, NEVER]),
  row('overload.priority', 'Priority of the requests of a route (RoutePolicy)', [ON, ON, NEVER]),
  row('requests.max-bytes', 'Limit of the size of requests', [ON, ON, NEVER]),
  row('requests.max-bytes-grpc', 'Limit of the size of calls of gRPC', [ON, NEVER, NEVER]),
  row('requests.protocols', 'Allowed protocols of a service', [ON, ON, NEVER]),
  row('mtls.modes', 'mTLS modes of inbound ports', [ON, ON, NEVER]),
  row('mtls.identity', 'Check of the identity of the peer', [ON, ON, PLANNED]),
  row('rate-limit.local', 'Rate limits counted by each proxy', [ON, ON, NEVER]),
  row('rate-limit.keys', 'Rate limits by identity, address, path or header', [ON, ON, NEVER]),
  row('rate-limit.connections', 'Rate of new TCP connections', [ON, ON, NEVER]),
  row('rate-limit.quota-headers', 'RateLimit headers for clients', [ON, NEVER, NEVER]),
  row('rate-limit.global', 'Rate limits counted for all proxies', [ON, ON, NEVER]),
  row('fault.delay', 'Faults: delay', [ON, ON, NEVER]),
  row('fault.abort', 'Faults: an error instead of an answer', [ON, ON, NEVER]),
  row('fault.reset', 'Faults: the connection breaks off', [ON, NEVER, NEVER]),
  row('fault.response-bandwidth', 'Faults: answers come slowly', [ON, ON, NEVER]),
  row('fault.request-bandwidth', 'Faults: requests are sent slowly', [ON, NEVER, NEVER]),
  row('fault.connections', 'Faults of TCP connections', [ON, NEVER, NEVER]),
  row('fault.expiry', 'Faults end by the clock of the proxy', [ON, NEVER, NEVER]),
  row('fault.stop', 'Faults stop by the counts of the proxy', [ON, NEVER, NEVER]),
  row('authorization.enforce', 'ALLOW and DENY', [ON, ON, PLANNED]),
  row('authorization.audit', 'AUDIT and Shadow', [ON, PLANNED, NEVER]),
  row('gateway.http', 'Gateway listeners HTTP', [ON, ON, NEVER]),
  row('gateway.https', 'Gateway listeners HTTPS', [ON, ON, NEVER]),
  row('gateway.tls', 'Gateway listeners TLS', [ON, ON, NEVER]),
  row('gateway.tcp', 'Gateway listeners TCP', [ON, ON, NEVER]),
  row('gateway.udp', 'Gateway listeners UDP', [PLANNED, PLANNED, NEVER]),
  row('gateway.addresses', 'Addresses of a Gateway', [PLANNED, PLANNED, NEVER]),
  row('tcp.route', 'TCP by declared upstreams and TCPRoute', [ON, ON, NEVER]),
  row('tcp.detection', 'Protocol found out at an upstream without appProtocol', [ON, ON, NEVER]),
  row('tls.passthrough', 'TLS passed on by server name (TLSRoute)', [ON, ON, NEVER]),
  row('tracing.sampling', 'Trace sampling', [ON, PLANNED, NEVER]),
] as const satisfies readonly Capability[];

export type Feature = (typeof table)[number]['feature'];

export const capabilities: readonly (Capability & { readonly feature: Feature })[] = table;

const byFeature = new Map<string, Capability>(table.map((capability) => [capability.feature, capability]));

/** Models whose workloads no proxy or library of the mesh serves. */
const UNSERVED: ReadonlySet<DeploymentModel> = new Set<DeploymentModel>(['none', 'node', 'sdk']);

/** The dialect in which a workload of the model gets its configuration; undefined when it gets none. */
export function dialectOf(model: DeploymentModel): Dialect | undefined {
  if (UNSERVED.has(model)) return undefined;
  if (model === 'envoy') return 'envoy';
  return model === 'proxyless' ? 'grpc' : 'malha';
}

export function enforcementOf(feature: Feature, dialect: Dialect): Enforcement {
  return byFeature.get(feature)?.dialects[dialect] ?? 'impossible';
}

/** Whether workloads of the model carry the feature out. */
export function isEnforced(feature: Feature, model: DeploymentModel): boolean {
  const dialect = dialectOf(model);
  return dialect !== undefined && enforcementOf(feature, dialect) === 'enforced';
}
