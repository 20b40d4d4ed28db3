// One served port of the workload at run time: its authorization, its application, and what telemetry calls it.
import { type Authorizer, compileAuthorization } from '@malha/traffic/authorization';
import { forUndeclaredBytes, withoutHttpRules } from '@malha/traffic/authorization-layer4';
import type { Cluster, ClusterName, InboundPort } from '@malha/traffic/config';
import { type ClusterEnvironment, ClusterRuntime } from '../cluster/cluster-runtime.ts';
import type { ForwardPlan } from '../filters/router/forwarder.ts';

/**
 * Shorter than the keep-alive of common application servers (gunicorn 2 s, Node and uvicorn 5 s), so that a request
 * does not cross with their closing; a server that states its own timeout is followed.
 */
const APP_IDLE_TIMEOUT_MS = 1500;
const APP_CONNECT_TIMEOUT_MS = 5000;

/** The caller's proxy bounds requests and retries; this side only guards against streams that nobody uses. */
const FORWARD_PLAN: ForwardPlan = {
  requestTimeoutMs: 0,
  attemptTimeoutMs: 0,
  streamIdleTimeoutMs: 3_600_000,
  retry: {
    attempts: 0,
    on: [],
    statusCodes: [],
    backoffBaseMs: 0,
    backoffMaxMs: 0,
    // For requests on connections that the application closed just then.
    budget: { percent: 0, minConcurrent: 3 },
  },
  callers: 'peers',
  tellsUnserved: true,
  responseHeaders: [],
};

export class InboundPortRuntime {
  readonly config: InboundPort;
  readonly authorizer: Authorizer;
  /** For connections that are no HTTP. */
  readonly connectionAuthorizer: Authorizer;
  readonly app: ClusterRuntime;
  /** Port of the service as callers name it, from the server names. */
  readonly servicePorts: ReadonlySet<number>;
  readonly plan = FORWARD_PLAN;

  constructor(config: InboundPort, app: ClusterRuntime) {
    this.config = config;
    this.app = app;
    this.authorizer = compileAuthorization(config.authorization);
    const forBytes = config.takesBytes ? forUndeclaredBytes : withoutHttpRules;
    this.connectionAuthorizer = compileAuthorization(forBytes(config.authorization));
    this.servicePorts = new Set(config.serverNames.map(servicePortOf));
  }

  /** Bytes that no codec of ours looks at. */
  get isRaw(): boolean {
    return this.config.protocol === 'tcp' || this.config.protocol === 'tls';
  }

  /** Bytes, be it beside HTTP. */
  get takesBytes(): boolean {
    return this.isRaw || this.config.takesBytes === true;
  }
}

/** The application of a port as a cluster of one plaintext endpoint. */
export function appCluster(port: InboundPort, environment: ClusterEnvironment): ClusterRuntime {
  const cluster: Cluster = {
    name: `inbound|${port.port}` as ClusterName,
    service: port.service,
    port: port.port,
    version: '',
    protocol: port.protocol,
    connectTimeoutMs: APP_CONNECT_TIMEOUT_MS,
    idleTimeoutMs: APP_IDLE_TIMEOUT_MS,
    limits: { maxConnections: 10_000, maxPending: 10_000, maxRequests: 100_000 },
    loadBalancer: { type: 'RoundRobin' },
    tls: { serverName: '', spiffeIds: [] },
  };
  const runtime = new ClusterRuntime(cluster, environment);
  const { host, port: appPort } = splitAddress(port.appAddress);
  runtime.updateEndpoints([
    { workload: 'app', address: host, port: appPort, tls: false, version: '', weight: 1, healthy: true },
  ]);
  return runtime;
}

/** `9080.reviews.bookstore.mesh` -> 9080 */
export function servicePortOf(serverName: string): number {
  const dot = serverName.indexOf('.');
  return Number(dot === -1 ? serverName : serverName.slice(0, dot));
}

function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
