// Carries one request to a cluster and its response back, attempt by attempt, with back-pressure both ways.
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { Endpoint } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { formatGrpcTimeout } from '@malha/traffic/grpc-timeout';
import { NO_HASH, requestHash } from '@malha/traffic/hash-key';
import { type AttemptOutcome, retryAfterMs } from '@malha/traffic/retry';
import { sessionHeader } from '@malha/traffic/session';
import type { ClusterRuntime } from '../../cluster/cluster-runtime.ts';
import type { StreamRequester, Waiting } from '../../cluster/stream-requester.ts';
import { respondWithError } from '../../exchange/error-response.ts';
import type { Exchange, RequestConsumer, ResponseHead } from '../../exchange/exchange.ts';
import type { HeaderBlock } from '../../exchange/header-block.ts';
import { CONTENT_TYPE } from '../../exchange/known-headers.ts';
import { ProxyError } from '../../exchange/proxy-error.ts';
import type { RequestHead } from '../../exchange/request-head.ts';
import type { UpstreamStream } from '../../exchange/upstream-stream.ts';
import { addAccept, addKey, takeAccept } from '../../exchange/websocket-handshake.ts';
import { GRPC_OK, isGrpc, readGrpcStatus } from '../../grpc/grpc-status.ts';
import { grpcTimeoutMs } from '../../grpc/grpc-timeout.ts';
import { MAY_NOT, retryPushback } from '../../grpc/retry-pushback.ts';
import type { OpenStream } from '../../telemetry/open-streams.ts';
import { mutateHeaders } from '../header-mutation.ts';
import { introduce } from '../introduction.ts';
import { BreakerVerdict } from './breaker-verdict.ts';
import { type Deadline, type DeadlineOwner, Deadlines } from './deadlines.ts';
import type { ForwardEnvironment, ForwardPlan } from './forward-plan.ts';
import { ReplayBody } from './replay-body.ts';
import { Retries } from './retries.ts';

export type { ForwardEnvironment, ForwardPlan } from './forward-plan.ts';

/** The stack that started it; one object for all requests. */
export interface ForwardObserver {
  /** At its end, and as often before as it is asked how far it has come. */
  report(forwarder: Forwarder): void;
}

const TOOK_TOO_LONG: Readonly<Record<Exclude<Deadline, 'call' | 'backoff'>, string>> = {
  request: 'the whole request',
  duration: 'all of it',
  attempt: 'one attempt',
  idle: 'silence on the stream',
};

export class Forwarder implements RequestConsumer, StreamRequester, DeadlineOwner, OpenStream {
  readonly exchange: Exchange;
  readonly cluster: ClusterRuntime;
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
  private readonly retries: Retries;
  private readonly deadlines: Deadlines;
  private verdict: BreakerVerdict | undefined;
  private balanced: BalancedEndpoint | undefined;
  /** Endpoints of attempts that failed; another one is tried while there is one. */
  private tried: BalancedEndpoint[] | undefined;
  /** When the attempt's request was sent; kept only where the balancer goes by latency. */
  private sentMs = 0;
  private stream: UpstreamStream | undefined;
  /** Place in the queue of the cluster. */
  private waiting: Waiting | undefined;
  private trailers: HeaderBlock | undefined;
  private isEnded = false;
  private isCounted = false;
  private isRequestPaused = false;
  private isTunnel = false;
  private isResponseEnded = false;
  /** A call of gRPC. */
  private readonly isCall: boolean;
  /** Of a WebSocket handshake: the key that this proxy made for its upstream. */
  private ownKey = '';

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
    this.retries = new Retries(plan.retry, cluster.retryBudget, exchange.request.method, environment);
    this.deadlines = new Deadlines(environment, this);
    this.isCall = isGrpc(this.request);
  }

  get attempts(): number {
    return this.retries.attempts;
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

  /** Limits are shared out among strangers; what comes from beside the proxy is one client. */
  private get client(): string {
    const { client, remoteAddress } = this.exchange.connection;
    return client === undefined ? '' : remoteAddress;
  }

  get wantsTunnel(): boolean {
    return this.request.upgrade !== '';
  }

  start(): void {
    const { exchange, plan, cluster } = this;
    exchange.consumer = this;
    this.isCounted = cluster.requestStarted(this.client);
    if (!this.isCounted) {
      this.finishWith(new ProxyError('overflow', `${cluster.cluster.name}: too many concurrent requests`));
      return;
    }
    this.environment.openStreams.add(this);
    const verdict = BreakerVerdict.ask(plan.breaker, cluster.breaker, exchange.startMs);
    if (verdict === 'rejected') {
      this.environment.count('breaker-rejected');
      this.finishWith(new ProxyError('overflow', `${cluster.cluster.name}: the circuit breaker is open`));
      return;
    }
    this.verdict = verdict;
    if (!this.setDeadlines()) return;
    const { loadBalancer } = cluster.cluster;
    if (loadBalancer.hashKeys !== undefined)
      this.hash = requestHash(loadBalancer.hashKeys, this.request, exchange.connection.remoteAddress);
    this.attempt(false);
    this.deadlines.arm();
  }

  /** False: the client waits no longer, and was told so. */
  private setDeadlines(): boolean {
    const { exchange, plan, deadlines, request } = this;
    const { startMs } = exchange;
    if (plan.requestTimeoutMs > 0 && request.upgrade === '') deadlines.requestMs = startMs + plan.requestTimeoutMs;
    if (plan.maxDurationMs !== undefined) deadlines.durationMs = startMs + plan.maxDurationMs;
    if (plan.streamIdleTimeoutMs > 0) deadlines.watchSilence(plan.streamIdleTimeoutMs, startMs);
    const timeoutMs = grpcTimeoutMs(request);
    if (timeoutMs !== undefined) deadlines.callMs = startMs + timeoutMs;
    if (timeoutMs === 0) this.deadlineExceeded();
    return timeoutMs !== 0;
  }

  // ——— from the client ———

  requestData(chunk: Buffer): void {
    const { stream, body } = this;
    this.deadlines.noteEvent();
    if (this.isEnded) return;
    if (stream === undefined) {
      body.keep(chunk);
      if (body.isFull) this.pauseRequest();
      return;
    }
    if (body.isWhole) {
      if (this.retries.arePossible && !body.isFull) body.keep(chunk);
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
    if (this.deadlines.callMs !== Number.POSITIVE_INFINITY) this.tellDeadline();
    if (this.wantsTunnel && this.spoken === 'http1')
      this.ownKey = addKey(this.request.headers, this.environment.random);
    stream.sendHead(this.request);
    let isOpen = true;
    for (const chunk of this.body.kept) isOpen = stream.sendData(chunk);
    if (this.exchange.isRequestEnded) stream.sendEnd(this.trailers);
    else if (!this.retries.arePossible) this.body.drop();
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
    this.deadlines.noteEvent();
    this.exchange.sendInformational(head);
  }

  responseStarted(head: ResponseHead, isUpgrade: boolean): void {
    const { exchange, plan } = this;
    const { status } = head;
    this.noteAnswer(status);
    const grpcStatus = this.isCall ? readGrpcStatus(head.headers) : GRPC_OK;
    const isSuspect = status >= 500 || grpcStatus !== GRPC_OK || plan.retry.statusCodes.includes(status);
    if (isSuspect && this.retryAnswered({ type: 'response', status, grpcStatus }, head.headers)) return;
    if (isUpgrade && !this.completeHandshake(head.headers)) return;
    this.deadlines.noteEvent();
    this.judge(status < 500);
    this.deadlines.attemptMs = Number.POSITIVE_INFINITY;
    this.ttfbMs = this.environment.monotonic() - exchange.startMs;
    this.body.drop();
    // Streams that last by design are bounded by silence, not by their length.
    if (isUpgrade || isEventStream(head)) this.deadlines.requestMs = Number.POSITIVE_INFINITY;
    for (const mutation of plan.responseHeaders) mutateHeaders(head.headers, mutation);
    this.isTunnel = isUpgrade;
    this.noteGrpcStatus(head.headers);
    if (plan.session !== undefined && this.balanced !== undefined && this.balanced !== this.preferred) {
      const { name, value } = sessionHeader(plan.session, this.balanced.sessionToken);
      head.headers.add(name, value);
    }
    exchange.sendHead(head, isUpgrade);
  }

  /** Undefined = nothing that is the service's doing. */
  private judge(ok: boolean | undefined): void {
    const { verdict, environment } = this;
    if (verdict === undefined) return;
    for (let opened = verdict.tell(ok, environment.monotonic()); opened > 0; opened--)
      environment.count('breaker-opened');
  }

  private noteAnswer(status: number): void {
    const { balanced, cluster } = this;
    if (balanced === undefined) return;
    cluster.health.responded(balanced, status);
    if (this.sentMs === 0) return;
    const nowMs = this.environment.monotonic();
    balanced.answered(nowMs - this.sentMs, nowMs);
  }

  /** False: the upstream switched without having understood, and the request has failed. */
  private completeHandshake(response: HeaderBlock): boolean {
    if (this.ownKey === '') {
      if (this.spoken === 'http2') addAccept(response, this.request.headers);
      return true;
    }
    if (takeAccept(response, this.ownKey)) return true;
    this.giveUp(new ProxyError('malformedResponse', `${this.cluster.cluster.name}: a wrong Sec-WebSocket-Accept`));
    return false;
  }

  responseData(chunk: Buffer): void {
    this.deadlines.noteEvent();
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
    this.retries.attempts++;
    const { attemptTimeoutMs } = this.plan;
    if (attemptTimeoutMs > 0) this.deadlines.attemptMs = this.environment.monotonic() + attemptTimeoutMs;
    // Told at once, it may even have begun another attempt within the call.
    const waiting = this.cluster.acquire(this, this.tried, isFresh);
    if (waiting !== undefined) this.waiting = waiting;
  }

  private retryStale(isRefused: boolean): boolean {
    if (!this.body.isWhole || !this.retries.takeStale(isRefused)) return false;
    this.leaveStream(true);
    this.attempt(true);
    return true;
  }

  /** After an answer, which may say when the endpoint wants to be asked again, or that it does not. */
  private retryAnswered(outcome: AttemptOutcome, headers: HeaderBlock): boolean {
    const pushback = this.isCall ? retryPushback(headers) : undefined;
    if (pushback === MAY_NOT) return false;
    return this.retry(outcome, pushback ?? retryAfterMs(headers.get('retry-after')));
  }

  /** `askedMs`: how long the endpoint wants to be left alone. */
  private retry(outcome: AttemptOutcome, askedMs?: number): boolean {
    const { retries, deadlines, request, exchange } = this;
    const nowMs = this.environment.monotonic();
    const isReplayable = this.body.isWhole && request.upgrade === '' && !exchange.isResponseStarted;
    const leftMs = deadlines.wholeMs - nowMs;
    const delayMs = retries.delayAfter(outcome, { isReplayable, askedMs, leftMs });
    if (delayMs === undefined) {
      if (retries.isExhausted) this.flags |= RequestFlags.URX;
      return false;
    }
    this.leaveStream(false);
    if (delayMs > 0) {
      deadlines.backoffMs = nowMs + delayMs;
      deadlines.attemptMs = Number.POSITIVE_INFINITY;
    } else this.attempt(false);
    deadlines.arm();
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

  // ——— time ———

  deadlinePassed(deadline: Deadline): void {
    if (deadline === 'call' || (deadline === 'request' && this.isCall)) this.deadlineExceeded();
    else if (deadline === 'backoff') this.attempt(false);
    else this.timedOut(TOOK_TOO_LONG[deadline], deadline === 'attempt');
  }

  private timedOut(what: string, mayRetry: boolean): void {
    this.noteFailure();
    if (mayRetry && this.retry({ type: 'timeout' })) return;
    this.giveUp(new ProxyError('requestTimeout', `${this.cluster.cluster.name}: ${what} took too long`));
  }

  private deadlineExceeded(): void {
    this.giveUp(new ProxyError('deadlineExceeded', `${this.cluster.cluster.name}: the call took longer than it may`));
  }

  private giveUp(error: ProxyError): void {
    this.stopWaiting();
    this.stream?.cancel();
    this.stream = undefined;
    this.finishWith(error);
  }

  /** What is left for this attempt: an upstream must not work longer than somebody waits for it. */
  private tellDeadline(): void {
    const dueMs = Math.min(this.deadlines.wholeMs, this.deadlines.attemptMs);
    this.request.headers.set('grpc-timeout', formatGrpcTimeout(dueMs - this.environment.monotonic()));
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
    const { notes } = this.exchange;
    if (this.isCall) notes.grpcStatus = readGrpcStatus(headers);
  }

  private flag(error: ProxyError): void {
    if (error.flag !== '') this.flags |= RequestFlags[error.flag];
  }

  /** Gives back everything that it holds; nothing that comes later changes the request. */
  private release(ok: boolean): void {
    this.isEnded = true;
    this.environment.openStreams.delete(this);
    this.deadlines.end();
    this.retries.release();
    this.balanced?.finished(ok);
    this.balanced = undefined;
    if (this.isCounted) this.cluster.requestFinished(this.client);
    this.stopWaiting();
    this.body.drop();
  }
}

function isEventStream({ headers }: ResponseHead): boolean {
  if ((headers.known & CONTENT_TYPE) === 0) return false;
  return headers.get('content-type')?.startsWith('text/event-stream') === true;
}
