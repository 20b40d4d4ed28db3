// Type URLs of xDS resources, and the order in which a change of several types is safe.
const prefix = 'type.googleapis.com/';

export const LISTENER_TYPE = `${prefix}envoy.config.listener.v3.Listener`;
export const ROUTE_TYPE = `${prefix}envoy.config.route.v3.RouteConfiguration`;
export const CLUSTER_TYPE = `${prefix}envoy.config.cluster.v3.Cluster`;
export const ENDPOINT_TYPE = `${prefix}envoy.config.endpoint.v3.ClusterLoadAssignment`;
export const SECRET_TYPE = `${prefix}envoy.extensions.transport_sockets.tls.v3.Secret`;

/** Make: what is referred to comes before what refers to it. */
export const UPSERT_ORDER = [CLUSTER_TYPE, ENDPOINT_TYPE, SECRET_TYPE, LISTENER_TYPE, ROUTE_TYPE] as const;
/** Break: after all upserts, what refers goes before what is referred to. */
export const REMOVAL_ORDER = [ROUTE_TYPE, LISTENER_TYPE, CLUSTER_TYPE, ENDPOINT_TYPE, SECRET_TYPE] as const;

/** Types of which a subscriber of "*" is served all. */
export const WILDCARD_TYPES: ReadonlySet<string> = new Set([LISTENER_TYPE, CLUSTER_TYPE]);

/** `Listener`, `Cluster`, ... */
export function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}
