// Runtime configuration: route tables, what their routes match, and what they do with a request.
import type { BreakerConfig } from './cluster-config.ts';
import type { ClusterName } from './cluster-name.ts';
import type { FallbackConfig } from './fallback/rule.ts';
import type { FaultRule } from './fault/rule.ts';
import type { RateLimitRule } from './rate-limit/rule.ts';

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

/** Requests of one session go to one endpoint while it is there, whatever the weights of the backends. */
export interface SessionConfig {
  readonly type: 'cookie' | 'header';
  /** Of a header in lower case. */
  readonly name: string;
  /** Of a cookie; 0 = until the browser ends. */
  readonly maxAgeSeconds: number;
}
