// Runtime configuration: a cluster, its endpoints, how one is chosen, judged and probed.
import type { ClusterName } from './cluster-name.ts';

/** `spiffe://<trustDomain>/ns/<namespace>/sa/<serviceAccount>` */
export type SpiffeId = string & { readonly __brand: 'SpiffeId' };

/** Protocol of a port, from its `appProtocol`. */
export type Protocol = 'http' | 'http2' | 'grpc' | 'tcp' | 'tls';

export interface ServiceKey {
  readonly namespace: string;
  readonly name: string;
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
