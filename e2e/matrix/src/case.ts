// The format of the behaviour matrix: a case is data that every side of the matrix can run.
import type { WorkloadResource } from '@malha/model';

/** Who runs a case: the pure engine, our proxies on real sockets, stock Envoy configured by our control plane. */
export const SIDES = ['engine', 'sidecar', 'envoy'] as const;
export type Side = (typeof SIDES)[number];

export interface Section {
  readonly name: string;
  readonly cases: readonly MatrixCase[];
}

export interface MatrixCase {
  /** Unique over all sections; states the guarantee. */
  readonly name: string;
  /** Resources as a user writes them, added to those of the stage; one with the key of a stage's replaces it. */
  readonly resources?: string;
  /** `shop/front` through its proxy unless said otherwise. */
  readonly caller?: Caller;
  /** Workloads of the stage, `<namespace>/<name>`, that the registry holds for unhealthy. */
  readonly unhealthy?: readonly string[];
  /** Fields of the `spec` of workloads of the stage, such as weight or locality, by `<namespace>/<name>`. */
  readonly workloads?: Readonly<Record<string, Pick<WorkloadResource['spec'], 'weight' | 'locality'>>>;
  /** Sent one after the other. */
  readonly exchanges: readonly Exchange[];
  /** Sides that do not run the case, each with its reason. */
  readonly leftOut?: Readonly<Partial<Record<Side, string>>>;
}

/**
 * `outbound`: an application calls through the proxy of its workload. `inbound`: somebody connects to the proxy of
 * `shop/vault` itself, with a certificate of the identity or in plaintext. `gateway`: a client outside of the mesh
 * connects to a port of an edge proxy, with a server name by TLS: that of `shop/front`, which serves Gateway `shop/edge`,
 * unless said otherwise; `other/visitor` serves `other/porch`.
 * `upstream`: the application of `shop/front` connects to an upstream that it declares, with a server name by TLS; the
 * request is bytes for the proxy, and `closed` a connection that ends without an answer.
 */
export type Caller =
  | { readonly via: 'outbound'; readonly workload: 'shop/front' | 'other/visitor' }
  | { readonly via: 'inbound'; readonly identity: Identity | 'plaintext' }
  | { readonly via: 'upstream'; readonly upstream: keyof typeof UPSTREAM_PORTS; readonly serverName?: string }
  | { readonly via: 'gateway'; readonly port: number; readonly serverName?: string; readonly edge?: EdgeProxy };

/** Workloads whose proxies serve a Gateway. */
export const EDGES = ['shop/front', 'other/visitor'] as const;
export type EdgeProxy = (typeof EDGES)[number];

/** Where the proxy of `shop/front` listens for its upstreams; the services of these names are those of a case. */
export const UPSTREAM_PORTS = { bytes: 15_432, lent: 15_433, sealed: 15_443 } as const;

/** Where clients outside of the mesh are, as the database of the edge proxy says. */
export const OUTSIDE_COUNTRY = 'PT';

export interface Identity {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Another one than the mesh's: the certificate is of a foreign authority. */
  readonly trustDomain?: string;
}

export interface Exchange {
  /** When another one than the case's. */
  readonly caller?: Caller;
  readonly request: CaseRequest;
  readonly expect: Expectation;
  /** What the backends answer to the first, second … attempt; the last one stays. 200 when not given. */
  readonly answers?: readonly Answer[];
  /** How often the request is sent; a `{n}` in its path or in the value of a header is the number of the request. */
  readonly times?: number;
  /** From this exchange on, in place of those of the case. */
  readonly unhealthy?: readonly string[];
  /** Sends back what the answer before gave: a cookie of `set-cookie`, or this header. */
  readonly sendsBack?: 'cookie' | { readonly header: string };
  /** Of so many at a time, 8 when not given. */
  readonly concurrency?: number;
  /** Played again until it comes out as expected, within bounds: for what takes its time, such as probes. */
  readonly eventually?: true;
  /** Answers that are held come when so many of the requests, which are all sent at once, have ended. */
  readonly releaseAfter?: number;
}

export interface CaseRequest {
  readonly method?: string;
  /** Authority as sent. */
  readonly host: string;
  /** Request target as sent; `/` when not given. */
  readonly path?: string;
  /** In this order, names as written. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /**
   * `h2`: HTTP/2 with prior knowledge; `grpc`: a unary call over it, `path` is `/service/method`; `websocket`: an upgrade
   * over HTTP/1.1, whose `body` goes through the tunnel and comes back; `h2-websocket`: the same over HTTP/2 (RFC 8441), where an open tunnel is 101 too;
   * `server-first`, `client-first`: a line of text that is no HTTP, said when the server has greeted, or at once; 200 where it was answered.
   */
  readonly protocol?: 'http/1.1' | 'h2' | 'grpc' | 'websocket' | 'h2-websocket' | 'server-first' | 'client-first';
  /** Port of `vault` that the SNI names; for callers `inbound`. */
  readonly serverPort?: number;
}

/** A status, a connection closed without an answer, or details. */
export type Answer = number | 'reset' | AnswerDetails;

export interface AnswerDetails {
  readonly status?: number;
  readonly delayMs?: number;
  /** The answer waits for `releaseAfter` of its exchange. */
  readonly held?: true;
  /** Of a call of gRPC that fails before any message: its whole answer is one head (Trailers-Only). */
  readonly grpcStatus?: number;
  /** In addition to the stage's. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Only these backends answer so, the others with 200. */
  readonly from?: readonly string[];
}

export interface Expectation {
  /** `closed`: no answer, the connection ends. */
  readonly status?: number | 'closed';
  /** Workload that answered, with `:port` when it is not 8080; null: no backend was asked. */
  readonly backend?: string | null;
  /** The request as the backend that answered saw it. */
  readonly saw?: SeenExpectation;
  /** Response headers; null = absent. Several values are joined by ", ". */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Text of the answer. */
  readonly body?: string;
  /**
   * Backends that got a copy of the request, each with its part of the requests: 1 = of every one. They are not those
   * that answer.
   */
  readonly copies?: Readonly<Record<string, number>>;
  /** Requests that backends saw, without copies. */
  readonly attempts?: number;
  /** Parts of all answers by backend, or by `status <code>` or `grpc <code>` where none answered; needs `times`. */
  readonly share?: Readonly<Record<string, number>>;
  /** How many of the `times` answers have which status, exactly. */
  readonly statuses?: Readonly<Record<number, number>>;
  /** All of the `times` answers come from one backend, whichever it is. */
  readonly oneBackend?: true;
  /** Each of these backends answers some of the requests, and no other one does; needs `times`. */
  readonly backends?: readonly string[];
  /** Policy that denied; not visible from outside, so only where the side can tell. */
  readonly deniedBy?: string;
  /** Policy in mode Shadow that would have denied; as above. */
  readonly shadowDeniedBy?: string;
  /** Code of a gRPC answer. */
  readonly grpcStatus?: number;
}

export interface SeenExpectation {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: string;
}

export const FRONT: Caller = { via: 'outbound', workload: 'shop/front' };
