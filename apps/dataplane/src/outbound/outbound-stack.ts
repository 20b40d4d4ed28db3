// The outbound stack, top to bottom: trace, route, headers, rewrite, cluster, attempts; and the record at the end.
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import {
  type Cluster,
  type ClusterName,
  type ForwardAction,
  INVALID_BACKEND,
  type Mirror,
  type OutboundListener,
  type Route,
  type RouteTable,
  type SessionConfig,
  type VirtualHost,
  type WeightedCluster,
} from '@malha/traffic/config';
import type { Fault } from '@malha/traffic/fault/fault-injector';
import type { FaultRule } from '@malha/traffic/fault/rule';
import { RequestFlags } from '@malha/traffic/flags';
import { rewritePath } from '@malha/traffic/path';
import type { RouteBreakerReport } from '@malha/traffic/route-breakers';
import { compileRouteTable, type RouteDecision, type Router } from '@malha/traffic/router';
import { tokenOf } from '@malha/traffic/session';
import type { ClusterRegistry } from '../cluster/cluster-registry.ts';
import type { ClusterRuntime } from '../cluster/cluster-runtime.ts';
import { respondWithError } from '../exchange/error-response.ts';
import type { Exchange, ExchangeHandler } from '../exchange/exchange.ts';
import { HOST } from '../exchange/known-headers.ts';
import { ProxyError } from '../exchange/proxy-error.ts';
import type { RequestHead } from '../exchange/request-head.ts';
import { dropClientCertificate } from '../filters/client-certificate.ts';
import { applyCors } from '../filters/cors.ts';
import type { Faults } from '../filters/fault/faults.ts';
import { mutateHeaders } from '../filters/header-mutation.ts';
import { dropIntroduction } from '../filters/introduction.ts';
import { answersAsLast } from '../filters/max-forwards.ts';
import { MirroredRequest, MirrorTee } from '../filters/mirror.ts';
import type { Limits } from '../filters/rate-limit/limits.ts';
import { redirect, respondDirectly } from '../filters/redirect.ts';
import type { RequestRecorder } from '../filters/request-recorder.ts';
import type { AttemptSpans } from '../filters/router/attempt-traces.ts';
import { type ForwardEnvironment, Forwarder, type ForwardObserver } from '../filters/router/forwarder.ts';
import { identifyRequest, type TraceSource, traceRequest, traceWithin } from '../filters/tracing.ts';
import { type ConnectionLimit, countRejection, type RejectionReason, type Telemetry } from '../telemetry/record.ts';
import { Destinations } from './destinations.ts';
import { ForwardPlans } from './forward-plans.ts';

/** Of most requests: nothing is allocated for them. */
const NO_COPIES: readonly MirroredRequest[] = [];

export interface OutboundDependencies {
  readonly clusters: ClusterRegistry;
  readonly forwarding: ForwardEnvironment;
  readonly tracing: TraceSource;
  readonly recorder: RequestRecorder;
  readonly telemetry: Telemetry;
  readonly limits: Limits;
  readonly faults: Faults;
}

/** A request whose route and backend are decided. */
interface Carried {
  /** The endpoint of its session. */
  readonly preferred: BalancedEndpoint | undefined;
  readonly route: Route;
  readonly action: ForwardAction;
  readonly weighted: WeightedCluster;
  readonly cluster: ClusterRuntime;
  /** Of what happened before it is carried: a fault that delayed it, a limit that could not be counted. */
  readonly flags: number;
  /** That slows it down. */
  readonly fault: Fault | undefined;
}

export class OutboundStack implements ExchangeHandler, ForwardObserver {
  private readonly dependencies: OutboundDependencies;
  private readonly destinations = new Destinations();
  private readonly plans = new ForwardPlans();
  private table: RouteTable | undefined;
  private router: Router | undefined;
  private samplePercent = 0;
  readonly attemptSpans: AttemptSpans<Forwarder> = {
    newSpanId: () => this.dependencies.tracing.ids.spanId(),
    ended: ({ exchange, cluster }, attempt) => {
      const destination = this.destinations.of(cluster.cluster, attempt.destination?.endpoint);
      this.dependencies.recorder.tellAttempt(exchange, destination, attempt);
    },
  };

  constructor(dependencies: OutboundDependencies) {
    this.dependencies = dependencies;
  }

  /**
   * Compiles what changed; throws with nothing changed. The function that it returns brings it into force: requests
   * that have begun end by the table that they began with.
   */
  prepare(listener: OutboundListener, tables: readonly RouteTable[]): () => void {
    const table = tables.find((candidate) => candidate.name === listener.routeTable);
    const isSame = table === this.table;
    const router = isSame || table === undefined ? undefined : compileRouteTable(table);
    return () => {
      this.samplePercent = listener.tracing.samplePercent;
      if (isSame) return;
      this.table = table;
      this.router = router;
      this.plans.keep(table);
    };
  }

  breakerReports(nowMs: number): readonly RouteBreakerReport[] {
    return this.plans.breakers.reports(nowMs);
  }

  requestStarted(exchange: Exchange): void {
    const { request, notes } = exchange;
    const { tracing } = this.dependencies;
    dropClientCertificate(request.headers);
    dropIntroduction(request.headers);
    notes.requestId = identifyRequest(request.headers, tracing.ids);
    notes.trace = traceRequest(request.headers, this.samplePercent, tracing);
    const decision = this.router?.route(request, tracing.random);
    const called = decision?.virtualHost;
    if (decision?.route === undefined) {
      this.answer(exchange, new ProxyError('noRoute', `${request.authority}${request.path}`), called);
      return;
    }
    const { route } = decision;
    notes.route = route.name;
    const action = decision.weighted?.answer ?? route.action;
    switch (action.type) {
      case 'forward':
        this.forward(exchange, route, action, decision);
        return;
      case 'redirect':
        redirect(exchange, action, route.match);
        this.record(exchange, 0, called);
        return;
      case 'direct':
        respondDirectly(exchange, action);
        this.record(exchange, 0, called);
        return;
    }
  }

  requestRefused(reason: RejectionReason): void {
    countRejection(this.dependencies.telemetry, reason);
  }

  limitMet(event: ConnectionLimit): void {
    this.dependencies.telemetry.counter(event);
  }

  report(forwarder: Forwarder): void {
    const destination = this.destinations.of(forwarder.cluster.cluster, forwarder.endpoint);
    this.dependencies.recorder.tell(forwarder.exchange, destination, forwarder);
  }

  fallBack(failed: Forwarder, name: ClusterName): Forwarder | undefined {
    const { clusters, forwarding, tracing } = this.dependencies;
    const { exchange } = failed;
    const cluster = clusters.get(name);
    if (cluster === undefined) return undefined;
    const next = new Forwarder(exchange, cluster, this.plans.ofFallback(failed.plan), forwarding, this);
    const { trace } = exchange.notes;
    if (trace !== undefined) next.trace = traceWithin(exchange.request.headers, trace, tracing.ids);
    return next;
  }

  private forward(exchange: Exchange, route: Route, action: ForwardAction, decision: RouteDecision): void {
    const called = decision.virtualHost;
    const session = action.session === undefined ? undefined : this.sessionOf(action, action.session, exchange.request);
    const { weighted = decision.weighted, preferred } = session ?? {};
    if (weighted === undefined) {
      this.answer(exchange, new ProxyError('noHealthyUpstream', `${route.name}: all weights are 0`), called);
      return;
    }
    const { cors = action.cors } = weighted;
    if (cors !== undefined && applyCors(exchange, cors)) {
      this.record(exchange, 0, called);
      return;
    }
    if (answersAsLast(exchange)) {
      this.record(exchange, 0, called);
      return;
    }
    const cluster = this.dependencies.clusters.get(weighted.cluster);
    if (cluster === undefined) {
      // The Gateway API wants 500 for a backend that does not exist, for its share of the requests.
      const failure = weighted.cluster === INVALID_BACKEND ? 'invalidBackend' : 'noCluster';
      this.answer(exchange, new ProxyError(failure, `${route.name} -> ${weighted.cluster}`), called);
      return;
    }
    const { protocol } = cluster.cluster;
    if (protocol === 'tcp' || protocol === 'tls') {
      this.answer(exchange, new ProxyError('unsupportedProtocol', `${weighted.cluster} is not for HTTP`), called);
      return;
    }
    const carried = { route, action, weighted, cluster, preferred, flags: 0, fault: undefined };
    if (action.faults === undefined) this.limited(exchange, carried);
    else this.faulted(exchange, action.faults, carried);
  }

  /** Before limits and attempts: neither counts what was made up. */
  private faulted(exchange: Exchange, faults: readonly FaultRule[], carried: Carried): void {
    const { cluster } = carried;
    this.dependencies.faults.inject(exchange, faults, {
      goOn: (fault) =>
        this.limited(exchange, fault === undefined ? carried : { ...carried, flags: RequestFlags.FI, fault }),
      fail: (error) => this.answer(exchange, error, cluster.cluster),
      reset: () => {
        exchange.abortResponse();
        this.record(exchange, RequestFlags.FI, cluster.cluster);
      },
    });
  }

  private limited(exchange: Exchange, carried: Carried): void {
    const { route, action, cluster } = carried;
    if (action.rateLimits === undefined) {
      this.carry(exchange, carried);
      return;
    }
    this.dependencies.limits.admit(exchange, route.name, action.rateLimits, (refusal, flags) => {
      if (refusal === undefined) this.carry(exchange, { ...carried, flags: carried.flags | flags });
      else this.answer(exchange, refusal, cluster.cluster);
    });
  }

  /** The backend and endpoint that the session began with, while both are there. */
  private sessionOf({ clusters }: ForwardAction, config: SessionConfig, request: RequestHead) {
    const token = tokenOf(config, request);
    if (token === undefined) return undefined;
    for (const weighted of clusters) {
      const preferred =
        weighted.weight > 0 ? this.dependencies.clusters.get(weighted.cluster)?.findSession(token) : undefined;
      if (preferred !== undefined) return { weighted, preferred };
    }
    return undefined;
  }

  private carry(exchange: Exchange, { route, action, weighted, cluster, preferred, flags, fault }: Carried): void {
    const { forwarding } = this.dependencies;
    const { request } = exchange;
    if ((request.headers.known & HOST) === 0) request.headers.set('host', cluster.cluster.service.name);
    mutateHeaders(request.headers, action.requestHeaders);
    mutateHeaders(request.headers, weighted.requestHeaders);
    const { rewrite = action.rewrite } = weighted;
    if (rewrite !== undefined) {
      const { host, path } = rewrite;
      if (path !== undefined) request.path = rewritePath(path, route.match.path, request.path);
      if (host !== undefined) request.headers.set('host', host);
    }
    const copies = this.copiesOf(request, action.mirrors, weighted.mirrors);
    const throttle = fault === undefined ? undefined : this.dependencies.faults.throttle(exchange, fault);
    const forwarder = new Forwarder(exchange, cluster, this.plans.of(route.name, action, weighted), forwarding, this);
    forwarder.preferred = preferred;
    forwarder.flags = flags;
    forwarder.start();
    if (copies.length > 0 && !exchange.isRequestEnded && !exchange.isFinished)
      exchange.consumer = new MirrorTee(forwarder, copies);
    throttle?.follow();
    for (const copy of copies) copy.start(action.requestTimeoutMs, exchange.isRequestEnded);
  }

  /** As the request is now; a switch of protocols has no second listener. */
  private copiesOf(
    request: RequestHead,
    ofRoute: readonly Mirror[] | undefined,
    ofBackend: readonly Mirror[] | undefined,
  ): readonly MirroredRequest[] {
    const { clusters, forwarding, tracing } = this.dependencies;
    if ((ofRoute === undefined && ofBackend === undefined) || request.upgrade !== '') return NO_COPIES;
    return [...(ofRoute ?? []), ...(ofBackend ?? [])].flatMap(({ cluster, perMillion }) => {
      const runtime = clusters.get(cluster);
      if (runtime === undefined || tracing.random() * 1_000_000 >= perMillion) return [];
      return [new MirroredRequest(request.clone(), runtime, forwarding)];
    });
  }

  /** `meant`: where the request was to go, as far as that was known. */
  private answer(exchange: Exchange, error: ProxyError, meant: Cluster | VirtualHost | undefined): void {
    respondWithError(exchange, error);
    this.record(exchange, error.flag === '' ? 0 : RequestFlags[error.flag], meant);
  }

  private record(exchange: Exchange, flags: number, meant: Cluster | VirtualHost | undefined): void {
    this.dependencies.recorder.tell(exchange, this.destinations.meant(meant), { flags, attempts: 1, ttfbMs: -1 });
  }
}
