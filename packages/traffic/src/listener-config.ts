// Runtime configuration: where a proxy listens, for calls of its workload, to it, and from outside of the mesh.
import type { AuthorizationRules } from './authorization-config.ts';
import type { Protocol, ServiceKey } from './cluster-config.ts';
import type { ClusterName } from './cluster-name.ts';
import type { FaultRule } from './fault/rule.ts';
import type { OverloadConfig, RequestBounds } from './overload/config.ts';
import type { ConnectionLimitRule, RateLimitRule } from './rate-limit/rule.ts';

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
