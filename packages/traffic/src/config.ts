// Runtime configuration of one proxy: what policies produce, dialects carry, and the engine runs.
// Everything is plain frozen data; a table is swapped, never changed in place.
import type { ClusterName } from './cluster-name.ts';
import type { FallbackConfig } from './fallback/rule.ts';
import type { FaultRule } from './fault/rule.ts';
import type { OverloadConfig, RequestBounds } from './overload/config.ts';
import type { ConnectionLimitRule, RateLimitRule } from './rate-limit/rule.ts';

export type { ClusterName, FallbackConfig };

/** `spiffe://<trustDomain>/ns/<namespace>/sa/<serviceAccount>` */
export type SpiffeId = string & { readonly __brand: 'SpiffeId' };

/** Protocol of a port, from its `appProtocol`. */
export type Protocol = 'http' | 'http2' | 'grpc' | 'tcp' | 'tls';

/** Everything one workload's proxy needs. The certificate and the trust bundle are not here: they come as secrets. */
export interface MeshConfig {
  readonly outbound: OutboundListener;
  readonly inbound: InboundListener;
  /** Listeners for clients outside of the mesh, by port; absent for all but edge proxies. */
  readonly gateways?: readonly GatewayListener[];
  /** Listeners for bytes that are no HTTP, one for each upstream that the workload declares; absent when there is none. */
  readonly tcp?: readonly TcpListener[];
  readonly routeTables: readonly RouteTable[];
  readonly clusters: readonly Cluster[];
  readonly endpoints: readonly ClusterEndpoints[];
}

/** Listener `outbound`: explicit and transparent calls of the workload. */
export interface OutboundListener {
  /** Name of the route table that serves HTTP calls. */
  readonly routeTable: string;
  readonly tracing: Tracing;
}

/** Parent-based: a sampled parent is always followed, `samplePercent` decides for requests without one. */
export interface Tracing {
  readonly samplePercent: number;
}

/** Listener `inbound`: calls of others to the workload. */
export interface InboundListener {
  readonly ports: readonly InboundPort[];
  readonly tracing: Tracing;
}

/** One port of an edge proxy. */
export type GatewayListener = HttpGatewayListener | TcpGatewayListener;

/** Its servers are told apart by SNI and Host; the most specific hostname wins. */
export interface HttpGatewayListener {
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS';
  /** Name of the route table of all of its servers: each has virtual hosts of its own there. */
  readonly routeTable: string;
  readonly servers: readonly GatewayServer[];
  /** Proxies of the operator in front, whose entries in `X-Forwarded-For` are believed: the last so many. */
  readonly trustedHops: number;
  readonly tracing: Tracing;
}

export interface GatewayServer {
  /** `<namespace>/<gateway>/<listener>` */
  readonly name: string;
  /** `*`, `*.example.com` or `www.example.com` */
  readonly hostname: string;
  /** `<namespace>/<name>` of certificates on the host of the proxy; any may serve a client. Empty for HTTP. */
  readonly certificates: readonly string[];
}

/** Connections of bytes: of `TLS` the server name of the ClientHello chooses the route, of `TCP` there is one for all. */
export interface TcpGatewayListener {
  readonly port: number;
  readonly protocol: 'TLS' | 'TCP';
  /** No two have a server name in common. */
  readonly routes: readonly GatewayTcpRoute[];
}

/** Without clusters: nothing is attached to these names of the listener, and connections are closed. */
export interface GatewayTcpRoute extends TcpRoute {
  /** `<namespace>/<gateway>/<listener>` */
  readonly listener: string;
  /** As for a `GatewayServer`, where TLS ends at the gateway; absent where it is passed on, and for `TCP`. */
  readonly certificates?: readonly string[];
}

export type MtlsMode = 'STRICT' | 'PERMISSIVE' | 'DISABLE';

/** A port on the workload's own address whose connections go to one port of a Service. */
export interface TcpListener {
  /** Where the application connects to. */
  readonly port: number;
  /** `tls`: the ClientHello's server name chooses the route, and nothing is decrypted. */
  readonly protocol: 'tcp' | 'tls';
  /** What was called, for connections that reach no endpoint. */
  readonly service: ServiceKey;
  readonly servicePort: number;
  /** For `tcp` one route of any name. */
  readonly routes: readonly TcpRoute[];
  /** Nothing declares the protocol of the port: connections that begin as HTTP are calls by the table of this name. */
  readonly httpRouteTable?: string;
  /** Of the service, for its connections: of what faults do, delay, reset and bandwidth. */
  readonly faults?: readonly FaultRule[];
}

/** Weights choose for each connection; the share of `INVALID_BACKEND` is closed at once. */
export interface TcpRoute {
  /** `<namespace>/<route>/<rule name or index>`, or `default` where no route is attached. */
  readonly name: string;
  /** Exact, `*.example.com`, or `*` for any and for none; lower case. */
  readonly serverNames: readonly string[];
  readonly clusters: readonly TcpBackend[];
}

export interface TcpBackend {
  readonly cluster: ClusterName;
  readonly weight: number;
}

export interface InboundPort {
  /** Port of the workload that callers and policies name (the Service's targetPort). */
  readonly port: number;
  /** Where the application listens, `host:port`. */
  readonly appAddress: string;
  readonly protocol: Protocol;
  readonly mode: MtlsMode;
  /** SNI names that select this port: `<servicePort>.<service>.<namespace>.mesh`. */
  readonly serverNames: readonly string[];
  /**
   * Nothing declares its protocol, and nothing that is set for it has to see requests: besides HTTP it takes bytes, which
   * a mutual TLS connection without ALPN is.
   */
  readonly takesBytes?: true;
  /** Hosts that select this port for plaintext calls (lower case, without port). */
  readonly hosts: readonly string[];
  /** The service whose name telemetry uses for this port. */
  readonly service: ServiceKey;
  readonly authorization: AuthorizationRules;
  /** Every one that a request falls under must let it pass; absent when there is none. */
  readonly rateLimits?: readonly RateLimitRule[];
  /** Of a port of bytes. */
  readonly connectionLimits?: readonly ConnectionLimitRule[];
  /** Absent = as many requests at a time as come. */
  readonly overload?: OverloadConfig;
  /** Size and kinds of requests; absent = any. */
  readonly requests?: RequestBounds;
}

export interface ServiceKey {
  readonly namespace: string;
  readonly name: string;
}

/** One route table; `virtualHosts` are found by host, longest match first. */
export interface RouteTable {
  readonly name: string;
  /** A port in the Host says nothing: clients of a gateway may have come through another one. */
  readonly ignoresPort?: boolean;
  readonly virtualHosts: readonly VirtualHost[];
}

export interface VirtualHost {
  /** `<service>.<namespace>:<port>` */
  readonly name: string;
  /** Lower case, with and without port: `reviews`, `reviews:9080`, `reviews.bookstore`, … ; `*` matches every host. */
  readonly domains: readonly string[];
  /** In order of precedence (Gateway API): the first match wins. */
  readonly routes: readonly Route[];
}

export interface Route {
  /** `<namespace>/<route>/<rule name or index>`, or `default` where no route is attached. */
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: RouteAction;
}

/** All parts must hold. */
export interface RouteMatch {
  readonly path: PathMatch;
  readonly method?: string;
  readonly headers: readonly ValueMatch[];
  readonly queryParams: readonly ValueMatch[];
  readonly devices?: readonly DeviceClass[];
  /** ISO 3166-1 codes of two capital letters. A request whose country is not known is in none of them. */
  readonly countries?: readonly string[];
  readonly share?: ShareMatch;
}

export type DeviceClass = 'mobile' | 'tablet' | 'desktop' | 'bot';

/** A part of the requests: drawn for each, or by cohort, so that who is in stays in while the share grows. */
export interface ShareMatch {
  /** 0 to 1,000,000. */
  readonly perMillion: number;
  readonly cohort?: CohortKey;
}

/** What keeps requests together: the value of a header (lower-case name) or cookie, or the same for all of the caller's. */
export type CohortKey =
  | { readonly type: 'header' | 'cookie'; readonly name: string }
  | { readonly type: 'fixed'; readonly value: string };

/** `prefix` matches by path elements: `/a` matches `/a` and `/a/b`, not `/ab` (Gateway API PathPrefix). */
export interface PathMatch {
  readonly type: 'exact' | 'prefix' | 'regex';
  readonly value: string;
}

/** `name` is lower case for headers, as given for query parameters. A regex must match the whole value. */
export interface ValueMatch {
  readonly name: string;
  readonly type: 'exact' | 'regex';
  readonly value: string;
}

export type RouteAction = ForwardAction | RedirectAction | DirectResponseAction;

export interface ForwardAction {
  readonly type: 'forward';
  readonly clusters: readonly WeightedCluster[];
  readonly requestHeaders: HeaderMutation;
  readonly responseHeaders: HeaderMutation;
  readonly rewrite?: Rewrite;
  /** Requests of one cohort go to one backend as long as the weights stay. */
  readonly cohort?: CohortKey;
  readonly session?: SessionConfig;
  readonly cors?: CorsPolicy;
  readonly mirrors?: readonly Mirror[];
  readonly rateLimits?: readonly RateLimitRule[];
  /** The first that is for a request acts on it, before anything else. */
  readonly faults?: readonly FaultRule[];
  /** For the requests of this route alone; absent = none. */
  readonly breaker?: BreakerConfig;
  /** 0 = no limit. From the arrival of the request to the end of the response. */
  readonly requestTimeoutMs: number;
  /** 0 = no limit. One attempt. */
  readonly backendRequestTimeoutMs: number;
  readonly streamIdleTimeoutMs: number;
  /** From the arrival of the request to the last byte of either side, also of streams that last by design; absent = no limit. */
  readonly maxDurationMs?: number;
  readonly retry: RetryPolicy;
  /** Absent = one attempt at a time. */
  readonly hedging?: HedgingConfig;
  /** Absent = a failure is answered as it is. */
  readonly fallback?: FallbackConfig;
}

/** A request that is not answered in time goes to another endpoint too; the first good answer is taken. */
export interface HedgingConfig {
  /** How long the attempts so far have before one more begins. */
  readonly delayMs: number;
  /** The first included. */
  readonly maxAttempts: number;
  /** Share of the requests that are hedged, 0 to 1,000,000. */
  readonly perMillion: number;
}

/** Cross-origin requests of browsers. `*` stands alone in a list and means anything. */
export interface CorsPolicy {
  /** `*`, or `scheme://host[:port]`; a `*` within the host stands for any text. */
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  /** How long a browser may keep the answer to a preflight. */
  readonly maxAgeSeconds: number;
  readonly allowCredentials: boolean;
}

/** Copies of requests for another backend, whose answers nobody sees. */
export interface Mirror {
  readonly cluster: ClusterName;
  /** Share of the requests, 0 to 1,000,000. */
  readonly perMillion: number;
}

export interface RedirectAction {
  readonly type: 'redirect';
  readonly status: number;
  readonly scheme?: 'http' | 'https';
  readonly host?: string;
  readonly port?: number;
  readonly path?: PathRewrite;
  readonly responseHeaders: HeaderMutation;
}

/** Stands in `WeightedCluster.cluster` for a backend that does not exist or is not granted: its share gets 500. */
export const INVALID_BACKEND = 'invalid-backend' as ClusterName;

/** `status` 500 with an empty body stands for "backend not found", as the Gateway API asks. */
export interface DirectResponseAction {
  readonly type: 'direct';
  readonly status: number;
  readonly body: string;
  readonly responseHeaders: HeaderMutation;
}

/** Relative weight; 0 gets nothing. `cluster` may be `INVALID_BACKEND`, or unknown to the proxy: 503 with flag NC. */
export interface WeightedCluster {
  readonly cluster: ClusterName;
  readonly weight: number;
  /** After those of the action. */
  readonly requestHeaders: HeaderMutation;
  readonly responseHeaders: HeaderMutation;
  /** In place of that of the action. */
  readonly rewrite?: Rewrite;
  /** In place of that of the action. */
  readonly cors?: CorsPolicy;
  /** Besides those of the action. */
  readonly mirrors?: readonly Mirror[];
  /** The proxy answers this share by itself. */
  readonly answer?: RedirectAction | DirectResponseAction;
}

/** Applied in the order set, add, remove. Names are lower case. */
export interface HeaderMutation {
  readonly set: readonly HeaderValue[];
  readonly add: readonly HeaderValue[];
  readonly remove: readonly string[];
}

export interface HeaderValue {
  readonly name: string;
  readonly value: string;
}

export interface Rewrite {
  readonly host?: string;
  readonly path?: PathRewrite;
}

export interface PathRewrite {
  readonly type: 'full' | 'prefix';
  readonly value: string;
}

export type RetryCondition =
  | 'connect-failure'
  | 'refused-stream'
  | 'reset'
  | 'gateway-error'
  | '5xx'
  | 'retriable-status'
  | GrpcRetryCondition;

/** The status of a gRPC call that failed before any message of its response. */
export type GrpcRetryCondition = 'cancelled' | 'deadline-exceeded' | 'internal' | 'resource-exhausted' | 'unavailable';

export interface RetryPolicy {
  /** Attempts after the first; 0 = never. */
  readonly attempts: number;
  readonly on: readonly RetryCondition[];
  readonly statusCodes: readonly number[];
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  readonly budget: RetryBudgetConfig;
}

/** Retries in flight may be `percent` of active requests, and always `minConcurrent`. */
export interface RetryBudgetConfig {
  readonly percent: number;
  readonly minConcurrent: number;
}

export interface Cluster {
  readonly name: ClusterName;
  readonly service: ServiceKey;
  /** Port of the Service. */
  readonly port: number;
  /** Version of the Service, or empty for all of it. */
  readonly version: string;
  readonly protocol: Protocol;
  readonly connectTimeoutMs: number;
  /** Idle pooled connections are closed after this time. */
  readonly idleTimeoutMs: number;
  readonly limits: ClusterLimits;
  readonly loadBalancer: LoadBalancerConfig;
  /** Absent = no endpoint is ejected for its answers. */
  readonly outlierDetection?: OutlierDetectionConfig;
  /** For all requests to the cluster; absent = none. */
  readonly breaker?: BreakerConfig;
  /** Absent = endpoints are not probed. */
  readonly healthCheck?: HealthCheckConfig;
  /** What a peer must prove, and how it is asked for. */
  readonly tls: UpstreamTls;
}

export interface ClusterLimits {
  readonly maxConnections: number;
  readonly maxPending: number;
  readonly maxRequests: number;
}

export type LoadBalancerType =
  | 'RoundRobin'
  | 'LeastRequest'
  | 'LeastConnection'
  | 'Random'
  | 'RingHash'
  | 'Maglev'
  | 'PeakEwma';

export interface LoadBalancerConfig {
  readonly type: LoadBalancerType;
  /** RingHash and Maglev: the first key that a request has decides; without any, its endpoint is drawn. */
  readonly hashKeys?: readonly HashKey[];
  /** Places of a Maglev table, a prime number; absent = 65,537. */
  readonly tableSize?: number;
  /** How long the share of an endpoint that joins grows to its whole; absent or 0 = at once. Not by RingHash and Maglev. */
  readonly slowStartMs?: number;
  /** With fewer available endpoints than so many percent, all are used. Absent or 0 = only when none is available. */
  readonly panicPercent?: number;
}

/** Each rule is off at 0 (or absent). Times in ms. */
export interface OutlierDetectionConfig {
  /** Answers of 500 and above in a row. */
  readonly consecutive5xx: number;
  /** Answers of 502, 503 and 504 in a row. */
  readonly consecutiveGatewayErrors: number;
  /** Requests without an answer in a row: no connection, reset, timeout. */
  readonly consecutiveLocalErrors: number;
  /** How often the rules below look at all endpoints. */
  readonly intervalMs: number;
  /** Of the first ejection; each further one lasts as much longer. */
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  /** Of the endpoints, rounded down, but one where there are others. 0 = no ejection at all. */
  readonly maxEjectionPercent: number;
  /** Ejected when their success rate is lower than the mean by so many standard deviations. */
  readonly successRate?: {
    readonly minEndpoints: number;
    readonly minRequests: number;
    readonly stdevFactor: number;
  };
  /** Ejected when so many percent of their requests failed. */
  readonly failurePercentage?: {
    readonly minEndpoints: number;
    readonly minRequests: number;
    readonly threshold: number;
  };
}

/** Requests of one session go to one endpoint while it is there, whatever the weights of the backends. */
export interface SessionConfig {
  readonly type: 'cookie' | 'header';
  /** Of a header in lower case. */
  readonly name: string;
  /** Of a cookie; 0 = until the browser ends. */
  readonly maxAgeSeconds: number;
}

/** Breaks when too few requests succeed; a success is an answer below 500. */
export interface BreakerConfig {
  /** 0 to 1. */
  readonly successRate: number;
  readonly windowMs: number;
  /** With fewer in a window nothing is decided. */
  readonly minRequests: number;
  /** How long it is open the first time; doubled while it opens again, up to the maximum. */
  readonly openMs: number;
  readonly openMaxMs: number;
  /** So many requests decide when it is half-open, and all must succeed. */
  readonly halfOpenRequests: number;
}

/** Probes of each endpoint, on connections of their own. */
export type HealthCheckConfig = HealthCheckTiming &
  (
    | {
        readonly type: 'http';
        /** Path and query. */
        readonly path: string;
        /** Empty = the name of the service. */
        readonly host: string;
        /** Empty = 200 to 299. */
        readonly expectedStatuses: readonly number[];
      }
    /** `grpc.health.v1.Health/Check`; the service empty = the server as a whole. */
    | { readonly type: 'grpc'; readonly service: string }
    /** A connection is made, with TLS where the endpoint takes it. */
    | { readonly type: 'tcp' }
  );

export interface HealthCheckTiming {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Up to so many percent of the interval are added to it. */
  readonly jitterPercent: number;
  /** Results in a row that change the verdict. */
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
}

/** `source`: the address of who connected. Names of headers are lower case. */
export type HashKey =
  | { readonly type: 'header' | 'cookie' | 'query'; readonly name: string }
  | { readonly type: 'source' };

export interface UpstreamTls {
  /** `<port>.<service>.<namespace>.mesh` */
  readonly serverName: string;
  /** Any one of these; empty = nobody is accepted. */
  readonly spiffeIds: readonly SpiffeId[];
}

export interface ClusterEndpoints {
  readonly cluster: ClusterName;
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  /** `<namespace>/<workload>` */
  readonly workload: string;
  /** Where to dial: the peer's inbound port, or the application itself for workloads without a proxy. */
  readonly address: string;
  readonly port: number;
  /** Whether the peer's proxy takes mTLS there. */
  readonly tls: boolean;
  readonly version: string;
  /** Relative, at least 1. */
  readonly weight: number;
  readonly healthy: boolean;
  /** 0 (or absent) is used first; the next level takes what the ones before it have too few endpoints for. */
  readonly priority?: number;
}

/** DENY first; with any ALLOW policy the rest is denied. Shadow policies are evaluated and counted, never acted on. */
export interface AuthorizationRules {
  readonly policies: readonly AuthorizationPolicyRules[];
}

export interface AuthorizationPolicyRules {
  /** `<namespace>/<name>`; for the operator, never sent to a client. */
  readonly id: string;
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT';
  readonly mode: 'Enforce' | 'Shadow';
  /** Any rule suffices; none = the policy matches nothing. */
  readonly rules: readonly AuthorizationRule[];
}

/** All given parts must hold; within a part any value suffices; an empty list does not restrict. */
export interface AuthorizationRule {
  /** SPIFFE IDs; a trailing `*` matches by prefix, `*` alone any authenticated peer. */
  readonly principals: readonly string[];
  readonly namespaces: readonly string[];
  /** CIDR. */
  readonly ipBlocks: readonly string[];
  readonly methods: readonly string[];
  /** Exact, or `prefix*`, or `*suffix`. */
  readonly paths: readonly string[];
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
  /** Values as for paths; `*` = present. */
  readonly headers: readonly { readonly name: string; readonly values: readonly string[] }[];
}
