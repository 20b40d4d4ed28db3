// Carries one request to a cluster and its response back: attempts, retries, timeouts, back-pressure both ways.
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { Breaker } from '@malha/traffic/breaker';
import type { Endpoint, HeaderMutation, RetryPolicy, SessionConfig } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { NO_HASH, requestHash } from '@malha/traffic/hash-key';
import {
  type AttemptOutcome,
  isIdempotentMethod,
  retryAfterMs,
  retryDecision,
  retryDelayMs,
} from '@malha/traffic/retry';
import { admits } from '@malha/traffic/route-breakers';
import { sessionHeader } from '@malha/traffic/session';
import type { ClusterRuntime } from '../../cluster/cluster-runtime.ts';
import type { StreamRequester, Waiting } from '../../cluster/stream-requester.ts';
import { respondWithError } from '../../exchange/error-response.ts';
import type { Exchange, RequestConsumer, ResponseHead } from '../../exchange/exchange.ts';
import type { HeaderBlock } from '../../exchange/header-block.ts';
import { CONTENT_TYPE } from '../../exchange/known-headers.ts';
import { ProxyError } from '../../exchange/proxy-error.ts';
import type { RequestHead } from '../../exchange/request-head.ts';
import { type TimerTarget, type TimerWheel, WheelTimer } from '../../exchange/timer-wheel.ts';
import type { UpstreamStream } from '../../exchange/upstream-stream.ts';
import { readGrpcStatus } from '../../grpc/grpc-status.ts';
import { formatGrpcTimeout, grpcTimeoutMs } from '../../grpc/grpc-timeout.ts';
import type { OpenStream, OpenStreams } from '../../telemetry/open-streams.ts';
import { mutateHeaders } from '../header-mutation.ts';
import { introduce } from '../introduction.ts';
import { ReplayBody } from './replay-body.ts';

/** How one request is to be carried; shared by all requests of a route. */
export interface ForwardPlan {
  /** 0 = no limit, for all three. */
  readonly requestTimeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly streamIdleTimeoutMs: number;
  readonly retry: RetryPolicy;
  /** Of the route alone. */
  readonly breaker?: Breaker | undefined;
  readonly session?: SessionConfig | undefined;
  /** Applied to the response in this order. */
  readonly responseHeaders: readonly HeaderMutation[];
}

export interface ForwardEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  readonly random: () => number;
  /** What the peer's proxy is told of this workload; empty = nothing. */
  readonly introduction: string;
  readonly openStreams: OpenStreams;
  count(
    event: 'breaker-opened' | 'breaker-rejected' | 'retry-budget-exhausted' | 'request-mirrored' | 'mirror-dropped',
  ): void;
}

/** The stack that started it; one object for all requests. */
export interface ForwardObserver {
  /** At its end, and as often before as it is asked how far it has come. */
  report(forwarder: Forwarder): void;
}

export class Forwarder implements RequestConsumer, StreamRequester, TimerTarget, OpenStream {
  readonly exchange: Exchange;
  readonly cluster: ClusterRuntime;
  /** What the stack keeps with this request. */
  attempts = 0;
  flags = 0;
  /** Milliseconds from the start to the response head, -1 before it. */
  ttfbMs = -1;
  endpoint: Endpoint | undefined;
  /** Of the key by which the cluster's balancer picks. */
  hash = NO_HASH;
  /** The endpoint of its session; given up with the first attempt that fails. */
  preferred: BalancedEndpoint | undefined;
  /** What the last attempt's connection spoke; http = there was none. */
  spoken: 'http' | 'http1' | 'http2' = 'http';
  requestBytesTold = 0;
  responseBytesTold = 0;
  private readonly request: RequestHead;
  private readonly plan: ForwardPlan;
  private readonly environment: ForwardEnvironment;
  private readonly observer: ForwardObserver;
  private readonly body = new ReplayBody();
  private balanced: BalancedEndpoint | undefined;
  /** Endpoints of attempts that failed; another one is tried while there is one. */
  private tried: BalancedEndpoint[] | undefined;
  /** When the attempt's request was sent; kept only where the balancer goes by latency. */
  private sentMs = 0;
  private stream: UpstreamStream | undefined;
  /** Place in the queue of the cluster. */
  private waiting: Waiting | undefined;
  private trailers: HeaderBlock | undefined;
  private timer: WheelTimer | undefined;
  /** Of the client's own, for calls of gRPC. */
  private deadlineMs = Number.POSITIVE_INFINITY;
  private requestDueMs = Number.POSITIVE_INFINITY;
  private attemptDueMs = Number.POSITIVE_INFINITY;
  private backoffDueMs = Number.POSITIVE_INFINITY;
  private idleDueMs = Number.POSITIVE_INFINITY;
  private events = 0;
  private eventsSeen = 0;
  private isEnded = false;
  private isCounted = false;
  private isRetryHeld = false;
  private isStaleRetried = false;
  private isRequestPaused = false;
  private isTunnel = false;
  private isResponseEnded = false;
  /** Nothing is to be told to breakers, or it was. */
  private isJudged = true;

  constructor(
    exchange: Exchange,
    cluster: ClusterRuntime,
    plan: ForwardPlan,
    environment: ForwardEnvironment,
    observer: ForwardObserver,
  ) {
    this.exchange = exchange;
    this.request = exchange.request;
    this.cluster = cluster;
    this.plan = plan;
    this.environment = environment;
    this.observer = observer;
  }

  get isProgress(): boolean {
    return !this.isEnded;
  }

  reportProgress(): void {
    const { requestBytes, responseBytes } = this.exchange;
    // Before there is an endpoint, nobody can say whose bytes they are.
    if (this.endpoint === undefined) return;
    if (requestBytes === this.requestBytesTold && responseBytes === this.responseBytesTold) return;
    this.observer.report(this);
    this.requestBytesTold = requestBytes;
    this.responseBytesTold = responseBytes;
  }

  get needsHttp1(): boolean {
    return this.request.upgrade !== '';
  }

  start(): void {
    const { exchange, plan, cluster } = this;
    exchange.consumer = this;
    this.isCounted = cluster.requestStarted();
    if (!this.isCounted) {
      this.finishWith(new ProxyError('overflow', `${cluster.cluster.name}: too many concurrent requests`));
      return;
    }
    this.environment.openStreams.add(this);
    const { startMs } = exchange;
    if (plan.breaker !== undefined || cluster.breaker !== undefined) {
      if (!admits(plan.breaker, cluster.breaker, startMs)) {
        this.environment.count('breaker-rejected');
        this.finishWith(new ProxyError('overflow', `${cluster.cluster.name}: the circuit breaker is open`));
        return;
      }
      this.isJudged = false;
    }
    if (plan.requestTimeoutMs > 0 && exchange.request.upgrade === '')
      this.requestDueMs = startMs + plan.requestTimeoutMs;
    if (plan.streamIdleTimeoutMs > 0) this.idleDueMs = startMs + plan.streamIdleTimeoutMs;
    const timeoutMs = grpcTimeoutMs(this.request);
    if (timeoutMs !== undefined) this.deadlineMs = startMs + timeoutMs;
    if (timeoutMs === 0) {
      this.deadlineExceeded();
      return;
    }
    const { loadBalancer } = cluster.cluster;
    if (loadBalancer.hashKeys !== undefined)
      this.hash = requestHash(loadBalancer.hashKeys, this.request, exchange.connection.remoteAddress);
    this.attempt(false);
    this.armTimer();
  }

  // ——— from the client ———

  requestData(chunk: Buffer): void {
    const { stream, body } = this;
    this.events++;
    if (this.isEnded) return;
    if (stream === undefined) {
      body.keep(chunk);
      if (body.isFull) this.pauseRequest();
      return;
    }
    if (body.isWhole) {
      if (this.canRetry() && !body.isFull) body.keep(chunk);
      else body.drop();
    }
    if (!stream.sendData(chunk)) this.pauseRequest();
  }

  requestEnded(trailers: HeaderBlock | undefined): void {
    this.trailers = trailers;
    this.stream?.sendEnd(trailers);
    if (this.isTunnel && this.isResponseEnded && !this.isEnded) this.tunnelEnded();
  }

  requestAborted(error: ProxyError): void {
    if (this.isEnded) return;
    this.stream?.cancel();
    this.stream = undefined;
    this.judge(undefined);
    this.flag(error);
    this.release(true);
    this.observer.report(this);
  }

  responseDrained(): void {
    this.stream?.resumeResponse();
  }

  // ——— of the cluster ———

  streamReady(stream: UpstreamStream, balanced: BalancedEndpoint): void {
    this.waiting = undefined;
    this.balanced = balanced;
    this.endpoint = balanced.endpoint;
    balanced.started();
    if (this.cluster.cluster.loadBalancer.type === 'PeakEwma') this.sentMs = this.environment.monotonic();
    this.stream = stream;
    this.spoken = stream.isHttp2 === true ? 'http2' : 'http1';
    const { introduction } = this.environment;
    if (introduction !== '') {
      const { endpoint } = balanced;
      introduce(this.request.headers, introduction, {
        cluster: this.cluster.cluster,
        endpoint,
        isReused: stream.isReused,
      });
    }
    if (this.deadlineMs !== Number.POSITIVE_INFINITY) this.tellDeadline();
    stream.sendHead(this.request);
    let isOpen = true;
    for (const chunk of this.body.kept) isOpen = stream.sendData(chunk);
    if (this.exchange.isRequestEnded) stream.sendEnd(this.trailers);
    else if (!this.canRetry()) this.body.drop();
    // Also when it was the stream of an earlier attempt that took no more.
    if (this.isRequestPaused && isOpen) this.requestDrained();
  }

  streamFailed(error: ProxyError, picked?: BalancedEndpoint): void {
    this.waiting = undefined;
    if (picked !== undefined) this.noteTried(picked);
    const isConnect = error.flag === 'UF';
    if (isConnect && this.retry({ type: 'connect-failure' })) return;
    this.finishWith(error);
  }

  // ——— from the upstream ———

  responseInformational(head: ResponseHead): void {
    this.events++;
    this.exchange.sendInformational(head);
  }

  responseStarted(head: ResponseHead, isUpgrade: boolean): void {
    const { exchange, plan } = this;
    const { status } = head;
    this.noteAnswer(status);
    const isSuspect = status >= 500 || plan.retry.statusCodes.includes(status);
    if (isSuspect && this.retry({ type: 'response', status }, retryAfterMs(head.headers.get('retry-after')))) return;
    this.events++;
    this.judge(status < 500);
    this.attemptDueMs = Number.POSITIVE_INFINITY;
    this.ttfbMs = this.environment.monotonic() - exchange.startMs;
    this.body.drop();
    // Streams that last by design are bounded by silence, not by their length.
    if (isUpgrade || isEventStream(head)) this.requestDueMs = Number.POSITIVE_INFINITY;
    for (const mutation of plan.responseHeaders) mutateHeaders(head.headers, mutation);
    this.isTunnel = isUpgrade;
    this.noteGrpcStatus(head.headers);
    if (plan.session !== undefined && this.balanced !== undefined && this.balanced !== this.preferred) {
      const { name, value } = sessionHeader(plan.session, this.balanced.sessionToken);
      head.headers.add(name, value);
    }
    exchange.sendHead(head, isUpgrade);
  }

  /** Tells the breakers what came of it; undefined = nothing that is the service's doing. */
  private judge(ok: boolean | undefined): void {
    if (this.isJudged) return;
    this.isJudged = true;
    for (const breaker of [this.plan.breaker, this.cluster.breaker]) {
      if (ok === undefined) breaker?.abandoned();
      else if (breaker?.ended(ok, this.environment.monotonic()) === true) this.environment.count('breaker-opened');
    }
  }

  private noteAnswer(status: number): void {
    const { balanced, cluster } = this;
    if (balanced === undefined) return;
    cluster.health.responded(balanced, status);
    if (this.sentMs === 0) return;
    const nowMs = this.environment.monotonic();
    balanced.answered(nowMs - this.sentMs, nowMs);
  }

  responseData(chunk: Buffer): void {
    this.events++;
    if (!this.exchange.sendData(chunk)) this.stream?.pauseResponse();
  }

  responseEnded(trailers: HeaderBlock | undefined): void {
    if (this.isEnded) return;
    if (this.isTunnel && !this.exchange.isRequestEnded) {
      this.isResponseEnded = true;
      this.exchange.sendHalfEnd();
      return;
    }
    this.stream = undefined;
    this.release(true);
    if (trailers !== undefined) this.noteGrpcStatus(trailers);
    // Counted before the end is sent: the next request of the connection may begin within that call.
    this.observer.report(this);
    this.exchange.sendEnd(trailers);
  }

  /** The upstream ended first, now the client did. */
  private tunnelEnded(): void {
    this.stream = undefined;
    this.release(true);
    this.exchange.tunnelEnded();
    this.observer.report(this);
  }

  upstreamFailed(error: ProxyError, isUntouched: boolean): void {
    if (this.isEnded) return;
    const isReused = this.stream?.isReused === true;
    const isRefused = error.failure === 'streamRefused';
    if (this.exchange.isResponseStarted || !(isRefused || error.failure === 'upstreamReset')) {
      this.stream = undefined;
      this.finishWith(error);
      return;
    }
    if (isReused && isUntouched && this.retryStale(isRefused)) return;
    this.noteFailure();
    if (this.retry({ type: isRefused ? 'refused-stream' : 'reset' })) return;
    this.stream = undefined;
    this.finishWith(error);
  }

  requestDrained(): void {
    this.isRequestPaused = false;
    this.exchange.resumeRequest();
  }

  private pauseRequest(): void {
    this.isRequestPaused = true;
    this.exchange.pauseRequest();
  }

  // ——— attempts ———

  private attempt(isFresh: boolean): void {
    this.attempts++;
    const { attemptTimeoutMs } = this.plan;
    if (attemptTimeoutMs > 0) this.attemptDueMs = this.environment.monotonic() + attemptTimeoutMs;
    // Told at once, it may even have begun another attempt within the call.
    const waiting = this.cluster.acquire(this, this.tried, isFresh);
    if (waiting !== undefined) this.waiting = waiting;
  }

  /**
   * The peer closed an idle connection just when we used it, or said that it did not look at the request: not a failure
   * of the peer, and not a retry of the policy.
   */
  private retryStale(isRefused: boolean): boolean {
    if (this.isStaleRetried || !this.body.isWhole) return false;
    if (!isRefused && !isIdempotentMethod(this.request.method)) return false;
    this.isStaleRetried = true;
    this.leaveStream(true);
    this.attempts--;
    this.attempt(true);
    return true;
  }

  /** `askedMs`: how long the endpoint wants to be left alone. */
  private retry(outcome: AttemptOutcome, askedMs?: number): boolean {
    const { plan, environment, request, body } = this;
    const { upgrade, method } = request;
    if (plan.retry.attempts === 0) return false;
    const isReplayable = body.isWhole && upgrade === '' && !this.exchange.isResponseStarted;
    const decision = retryDecision(plan.retry, outcome, this.attempts, isIdempotentMethod(method), isReplayable);
    if (!decision.retry) {
      if (decision.reason === 'attempts-exhausted') this.flags |= RequestFlags.URX;
      return false;
    }
    const nowMs = environment.monotonic();
    const leftMs = Math.min(this.requestDueMs, this.deadlineMs) - nowMs;
    const delayMs = retryDelayMs(plan.retry, this.attempts, environment.random, { askedMs, leftMs });
    if (delayMs === undefined) return false;
    if (this.isRetryHeld) this.releaseRetry();
    if (!this.cluster.retryBudget.tryAcquire()) {
      environment.count('retry-budget-exhausted');
      return false;
    }
    this.isRetryHeld = true;
    this.leaveStream(false);
    if (decision.backoffFirst) {
      this.backoffDueMs = nowMs + delayMs;
      this.attemptDueMs = Number.POSITIVE_INFINITY;
      this.armTimer();
    } else {
      this.attempt(false);
      this.armTimer();
    }
    return true;
  }

  private stopWaiting(): void {
    if (this.waiting !== undefined) this.cluster.abandon(this.waiting);
    this.waiting = undefined;
  }

  private noteFailure(): void {
    if (this.balanced !== undefined) this.cluster.health.failed(this.balanced);
  }

  private leaveStream(ok: boolean): void {
    this.stopWaiting();
    this.stream?.cancel();
    this.stream = undefined;
    if (!ok && this.balanced !== undefined) this.noteTried(this.balanced);
    this.balanced?.finished(ok);
    this.balanced = undefined;
  }

  private noteTried(balanced: BalancedEndpoint): void {
    this.preferred = undefined;
    this.tried ??= [];
    if (!this.tried.includes(balanced)) this.tried.push(balanced);
  }

  private canRetry(): boolean {
    return this.plan.retry.attempts > 0 || isIdempotentMethod(this.request.method);
  }

  private releaseRetry(): void {
    this.isRetryHeld = false;
    this.cluster.retryBudget.release();
  }

  // ——— time ———

  timerFired(): void {
    if (this.isEnded) return;
    const nowMs = this.environment.monotonic();
    if (nowMs >= this.deadlineMs) this.deadlineExceeded();
    else if (nowMs >= this.requestDueMs) this.timedOut('the whole request', false);
    else if (nowMs >= this.backoffDueMs) {
      this.backoffDueMs = Number.POSITIVE_INFINITY;
      this.attempt(false);
    } else if (nowMs >= this.attemptDueMs) this.timedOut('one attempt', true);
    else if (nowMs >= this.idleDueMs) {
      if (this.events === this.eventsSeen) this.timedOut('silence on the stream', false);
      this.eventsSeen = this.events;
      this.idleDueMs = nowMs + this.plan.streamIdleTimeoutMs;
    }
    if (!this.isEnded) this.armTimer();
  }

  private timedOut(what: string, mayRetry: boolean): void {
    this.noteFailure();
    if (mayRetry && this.retry({ type: 'timeout' })) return;
    this.giveUp(new ProxyError('requestTimeout', `${this.cluster.cluster.name}: ${what} took too long`));
  }

  private deadlineExceeded(): void {
    this.giveUp(
      new ProxyError('deadlineExceeded', `${this.cluster.cluster.name}: the call took longer than its client waits`),
    );
  }

  private giveUp(error: ProxyError): void {
    this.stopWaiting();
    this.stream?.cancel();
    this.stream = undefined;
    this.finishWith(error);
  }

  /** What is left for this attempt: an upstream must not work longer than somebody waits for it. */
  private tellDeadline(): void {
    const dueMs = Math.min(this.deadlineMs, this.requestDueMs, this.attemptDueMs);
    this.request.headers.set('grpc-timeout', formatGrpcTimeout(dueMs - this.environment.monotonic()));
  }

  private armTimer(): void {
    if (this.isEnded) return;
    const { deadlineMs, requestDueMs, attemptDueMs, backoffDueMs, idleDueMs } = this;
    const dueMs = Math.min(deadlineMs, requestDueMs, attemptDueMs, backoffDueMs, idleDueMs);
    if (dueMs === Number.POSITIVE_INFINITY) return;
    this.timer ??= new WheelTimer(this);
    this.environment.wheel.arm(this.timer, dueMs);
  }

  // ——— the end ———

  private finishWith(error: ProxyError): void {
    if (this.isEnded) return;
    this.judge(error.flag === 'UO' ? undefined : false);
    this.flag(error);
    this.release(false);
    respondWithError(this.exchange, error);
    this.observer.report(this);
  }

  private noteGrpcStatus(headers: HeaderBlock): void {
    const { request, notes } = this.exchange;
    if (request.takesTrailers) notes.grpcStatus = readGrpcStatus(headers);
  }

  private flag(error: ProxyError): void {
    if (error.flag !== '') this.flags |= RequestFlags[error.flag];
  }

  /** Gives back everything that it holds; nothing that comes later changes the request. */
  private release(ok: boolean): void {
    this.isEnded = true;
    this.environment.openStreams.delete(this);
    if (this.timer !== undefined) this.environment.wheel.disarm(this.timer);
    if (this.isRetryHeld) this.releaseRetry();
    this.balanced?.finished(ok);
    this.balanced = undefined;
    if (this.isCounted) this.cluster.requestFinished();
    this.stopWaiting();
    this.body.drop();
  }
}

function isEventStream({ headers }: ResponseHead): boolean {
  if ((headers.known & CONTENT_TYPE) === 0) return false;
  return headers.get('content-type')?.startsWith('text/event-stream') === true;
}
