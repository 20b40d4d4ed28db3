// Names under which the dialect `malha` puts its own messages into standard resources, and of its fixed resources.

/** Keys of typed metadata. */
export const LISTENER_METADATA = 'malha.listener';
export const GATEWAY_METADATA = 'malha.gateway';
/** Which port of which service a TCP listener is for. */
export const TCP_METADATA = 'malha.tcp';
export const CLUSTER_METADATA = 'malha.cluster';
export const ENDPOINT_METADATA = 'malha.endpoint';
/** Keys in a route's typed_per_filter_config. */
export const RETRY_BUDGET_CONFIG = 'malha.retry_budget';
export const CORS_CONFIG = 'malha.cors';
export const BREAKER_CONFIG = 'malha.breaker';
export const SESSION_CONFIG = 'malha.session';
export const HEDGING_CONFIG = 'malha.hedging';
export const FALLBACK_CONFIG = 'malha.fallback';
export const COHORT_CONFIG = 'malha.cohort';
export const MATCH_CONFIG = 'malha.match';
/** Key in a weighted cluster's typed_per_filter_config: a Route message with what holds for this backend alone. */
export const BACKEND_CONFIG = 'malha.backend';
export const FAULTS_CONFIG = 'malha.faults';
export const RATE_LIMITS_CONFIG = 'malha.rate_limits';
/** Name of the network filter of an inbound filter chain. */
export const INBOUND_FILTER = 'malha.inbound';

export const OUTBOUND_LISTENER = 'outbound';
export const INBOUND_LISTENER = 'inbound';

const GATEWAY_LISTENER = 'gateway|';

/** Name of the listener of one port of a gateway. */
export function gatewayListenerName(port: number): string {
  return `${GATEWAY_LISTENER}${port}`;
}

export function isGatewayListener(name: string): boolean {
  return name.startsWith(GATEWAY_LISTENER);
}

const TCP_LISTENER = 'tcp|';

/** Name of the listener of a declared upstream. */
export function tcpListenerName(port: number): string {
  return `${TCP_LISTENER}${port}`;
}

export function isTcpListener(name: string): boolean {
  return name.startsWith(TCP_LISTENER);
}

/** Secrets: the workload's certificate with its key, and the trust bundle. */
export const IDENTITY_SECRET = 'identity';
export const TRUST_SECRET = 'trust';

/** Key by which Envoy finds a cluster's HTTP options. */
export const HTTP_PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** A regex rewrite that replaces the whole path (without the query) stands for the Gateway API's ReplaceFullPath. */
export const WHOLE_PATH_PATTERN = '^/.*$';

/** Entry of an Envoy's node metadata: the files `{identity, trust}` of its file-based SDS, and the folder `certificates`. */
export const SECRET_FILES_METADATA = 'malha.secret_files';
