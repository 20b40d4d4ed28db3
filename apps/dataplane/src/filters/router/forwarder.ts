// Carries one request to a cluster and its response back, attempt by attempt, with back-pressure both ways.
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { ClusterName, Endpoint } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { NO_HASH, requestHash } from '@malha/traffic/hash-key';
import { hedgeDueMs, isGoodAnswer, isHedged } from '@malha/traffic/hedging';
import { OVERLOADED_HEADER } from '@malha/traffic/overload/config';
import { type AttemptOutcome, retryAfterMs } from '@malha/traffic/retry';
import type { ClusterRuntime } from '../../cluster/cluster-runtime.ts';
import { respondWithError } from '../../exchange/error-response.ts';
import type { Exchange, RequestConsumer, ResponseHead } from '../../exchange/exchange.ts';
import type { HeaderBlock } from '../../exchange/header-block.ts';
import type { ProxyError } from '../../exchange/proxy-error.ts';
import type { RequestHead } from '../../exchange/request-head.ts';
import type { UpstreamStream } from '../../exchange/upstream-stream.ts';
import { GRPC_OK, isGrpc, readGrpcStatus } from '../../grpc/grpc-status.ts';
import { MAY_NOT, retryPushback } from '../../grpc/retry-pushback.ts';
import { NOT_OPEN, type OpenStream } from '../../telemetry/open-streams.ts';
import type { TraceRef } from '../../telemetry/record.ts';
import { completeHandshake, dressAnswer, isEventStream } from './answer-head.ts';
import { AnswerKeeper } from './answer-keeper.ts';
import type { Attempt, AttemptOwner } from './attempt.ts';
import { type AttemptSpans, AttemptTraces } from './attempt-traces.ts';
import { Attempts } from './attempts.ts';
import { BreakerVerdict } from './breaker-verdict.ts';
import { boundByCaller } from './deadline-headers.ts';
import { type Deadline, type DeadlineOwner, Deadlines, TOOK_TOO_LONG } from './deadlines.ts';
import { type FailedForward, failureOf, fallBack } from './fallback.ts';
import { breakerIsOpen, callTookTooLong, tookTooLong, tooManyRequests, wrongAccept } from './forward-errors.ts';
import type { ForwardEnvironment, ForwardPlan } from './forward-plan.ts';
import { ReplayBody } from './replay-body.ts';
import { Retries } from './retries.ts';
import { sendRequest } from './send-request.ts';
import { takeUnserved, unservedMark, unservedOutcome } from './unserved.ts';

export type { ForwardEnvironment, ForwardPlan } from './forward-plan.ts';

/** The stack that started it; one object for all requests. */
export interface ForwardObserver {
  /** At its end, and as often before as it is asked how far it has come. */
  report(forwarder: Forwarder): void;
  /** Absent: attempts have no spans of their own. */
  readonly attemptSpans?: AttemptSpans<Forwarder>;
  /** One that carries the same request to another cluster; undefined: this proxy does not know it. */
  fallBack?(forwarder: Forwarder, cluster: ClusterName): Forwarder | undefined;
}

export class Forwarder implements RequestConsumer, AttemptOwner, DeadlineOwner, FailedForward, OpenStream {
  readonly exchange: Exchange;
  readonly cluster: ClusterRuntime;
  flags = 0;
  /** What it counts from: the arrival of the request, or the failure that it makes good. */
  startMs: number;
  /** Of its own span, where it is not that of the exchange. */
  trace: TraceRef | undefined;
  /** Of a failure that the client never saw; 0 = what it saw is what there was. */
  hiddenStatus = 0;
  /** Milliseconds from the start to the response head, -1 before it. */
  ttfbMs = -1;
  /** Of the attempt that was answered, or the last one. */
  endpoint: Endpoint | undefined;
  /** Of the key by which the cluster's balancer picks. */
  hash = NO_HASH;
  preferred: BalancedEndpoint | undefined;
  /** What the last attempt's connection spoke; http = there was none. */
  spoken: 'http' | 'http1' | 'http2' = 'http';
  openIndex = NOT_OPEN;
  requestBytesTold = 0;
  responseBytesTold = 0;
  private readonly request: RequestHead;
  readonly plan: ForwardPlan;
  readonly environment: ForwardEnvironment;
  private readonly observer: ForwardObserver;
  private body = new ReplayBody();
  private readonly retries: Retries;
  private readonly deadlines: Deadlines;
  private readonly inFlight: Attempts;
  private verdict: BreakerVerdict | undefined;
  private isEnded = false;
  private isCounted = false;
  private isTunnel = false;
  private isResponseEnded = false;
  /** The last answer is that of a destination that has enough to do, and not its application's. */
  private isShed = false;
  /** Keeps the answer for when the route fails. */
  private keeper: AnswerKeeper | undefined;
  /** Carries the request on after this one has failed. */
  private successor: Forwarder | undefined;
  /** A call of gRPC. */
  private readonly isCall: boolean;

  constructor(
    exchange: Exchange,
    cluster: ClusterRuntime,
    plan: ForwardPlan,
    environment: ForwardEnvironment,
    observer: ForwardObserver,
  ) {
    this.exchange = exchange;
    this.startMs = exchange.startMs;
    this.request = exchange.request;
    this.cluster = cluster;
    this.plan = plan;
    this.environment = environment;
    this.observer = observer;
    this.isCall = isGrpc(this.request);
    this.retries = new Retries(plan.retry, cluster.retryBudget, exchange.request.method, environment);
    this.deadlines = new Deadlines(environment, this);
    const { retries, deadlines } = this;
    this.inFlight = new Attempts({ owner: this, cluster, plan, environment, deadlines, retries });
  }

  get attempts(): number {
    return this.retries.attempts;
  }

  get hedges(): number {
    return this.retries.hedges;
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
    this.exchange.consumer = this;
    this.begin();
  }

  private begin(): void {
    const { exchange, plan, cluster } = this;
    this.isCounted = cluster.requestStarted(this.client);
    if (!this.isCounted) {
      this.finishWith(tooManyRequests(cluster.cluster));
      return;
    }
    this.environment.openStreams.add(this);
    const verdict = BreakerVerdict.ask(plan.breaker, cluster.breaker, this.startMs);
    if (verdict === 'rejected') {
      this.environment.count('breaker-rejected');
      this.finishWith(breakerIsOpen(cluster.cluster));
      return;
    }
    this.verdict = verdict;
    this.deadlines.begin(plan, this.startMs, this.wantsTunnel);
    if (!boundByCaller(this.deadlines, exchange, plan.callers)) {
      this.deadlineExceeded();
      return;
    }
    const { loadBalancer } = cluster.cluster;
    if (loadBalancer.hashKeys !== undefined)
      this.hash = requestHash(loadBalancer.hashKeys, this.request, exchange.connection.remoteAddress);
    if (plan.hedging !== undefined) this.retries.mayHedge = this.isHedged(plan.hedging);
    this.inFlight.begin('first', false);
    this.deadlines.arm();
  }

  /** A request of a session belongs to one endpoint, and a tunnel cannot be begun twice. */
  private isHedged(hedging: NonNullable<ForwardPlan['hedging']>): boolean {
    if (this.preferred !== undefined || this.wantsTunnel) return false;
    return isHedged(hedging, { method: this.request.method, isCall: this.isCall }, this.environment.random);
  }

  // ——— from the client ———

  requestData(chunk: Buffer): void {
    const { body } = this;
    const stream = this.inFlight.lead?.stream;
    this.deadlines.noteEvent();
    if (this.isEnded) {
      this.successor?.requestData(chunk);
      return;
    }
    if (stream === undefined) {
      body.keep(chunk);
      if (body.isFull) this.pauseRequest();
      return;
    }
    if (body.isWhole) {
      if (this.keepsBody && !body.isFull) body.keep(chunk);
      else body.drop();
    }
    if (!stream.sendData(chunk)) this.pauseRequest();
  }

  requestEnded(trailers: HeaderBlock | undefined): void {
    this.body.trailers = trailers;
    this.successor?.requestEnded(trailers);
    this.inFlight.lead?.stream?.sendEnd(trailers);
    if (this.isTunnel && this.isResponseEnded && !this.isEnded) this.tunnelEnded();
  }

  requestAborted(error: ProxyError): void {
    this.successor?.requestAborted(error);
    if (this.isEnded) return;
    this.judge(undefined);
    this.flag(error);
    this.release(true);
    this.observer.report(this);
  }

  responseDrained(): void {
    this.inFlight.lead?.stream?.resumeResponse();
    this.successor?.responseDrained();
  }

  private pauseRequest(): void {
    this.body.isPaused = true;
    this.exchange.pauseRequest();
  }

  // ——— of an attempt ———

  attemptReady(attempt: Attempt, stream: UpstreamStream): void {
    const { environment, cluster, request, body, isCall, deadlines } = this;
    const leftMs = deadlines.leftMs(attempt.dueMs, environment.monotonic());
    if (leftMs <= 0) {
      // It waited for a connection until its time was over, as the timer is about to say too.
      attempt.cancel();
      return;
    }
    this.endpoint = attempt.balanced?.endpoint;
    this.spoken = attempt.isHttp2 ? 'http2' : 'http1';
    const isOpen = sendRequest(attempt, stream, { request, cluster, environment, body, leftMs, isCall });
    if (this.exchange.isRequestEnded) stream.sendEnd(body.trailers);
    else if (!this.keepsBody) body.drop();
    // Also when it was the stream of an earlier attempt that took no more.
    if (body.isPaused && isOpen) this.attemptDrained();
  }

  traceAttempts(first: Attempt): AttemptTraces<Forwarder> | undefined {
    const { attemptSpans } = this.observer;
    return attemptSpans === undefined ? undefined : AttemptTraces.from(first, this, attemptSpans);
  }

  attemptUnserved(attempt: Attempt, error: ProxyError, picked: BalancedEndpoint | undefined): void {
    attempt.flags = flagsOf(error);
    if (picked !== undefined) this.inFlight.noteTried(picked);
    if (this.inFlight.leaveToOthers(attempt)) return;
    if (error.flag === 'UF' && this.retry({ type: 'connect-failure' })) return;
    this.finishWith(error);
  }

  attemptInformed(_attempt: Attempt, head: ResponseHead): void {
    this.deadlines.noteEvent();
    // Of several attempts nobody knows yet whose final answer follows.
    if (!this.inFlight.isSeveral) this.exchange.sendInformational(head);
  }

  attemptAnswered(attempt: Attempt, head: ResponseHead, isUpgrade: boolean): void {
    const { exchange, plan } = this;
    const { status, headers } = head;
    const nowMs = this.environment.monotonic();
    this.isShed = status === 503 && headers.has(OVERLOADED_HEADER);
    const unserved = takeUnserved(head, attempt.balanced);
    if (unserved === 'connect-failure') attempt.noteUnsent();
    // One that sheds is neither broken nor quick.
    else if (!this.isShed) attempt.noteAnswer(status, nowMs);
    const grpcStatus = this.isCall ? readGrpcStatus(headers) : GRPC_OK;
    attempt.status = grpcStatus === GRPC_OK ? status : grpcStatus;
    const isSuspect = status >= 500 || grpcStatus !== GRPC_OK || plan.retry.statusCodes.includes(status);
    if (isSuspect) {
      if (!isGoodAnswer(plan.retry, status, grpcStatus) && this.inFlight.leaveToOthers(attempt)) return;
      const answer = { type: 'response', status, grpcStatus } as const;
      const outcome = unservedOutcome(unserved, plan.retry, this.request.method) ?? answer;
      if (!this.inFlight.isSeveral && this.retryAnswered(outcome, headers)) return;
      if (fallBack(this, { type: 'answer', status, grpcStatus }, status)) return;
    }
    if (this.isShed) this.flags |= RequestFlags.OM;
    this.inFlight.settle(attempt, nowMs);
    this.endpoint = attempt.balanced?.endpoint;
    if (isUpgrade && !completeHandshake(headers, this.request, attempt)) {
      this.finishWith(wrongAccept(this.cluster.cluster));
      return;
    }
    this.deadlines.noteEvent();
    this.judge(status < 500);
    this.deadlines.answered(isUpgrade || isEventStream(head));
    this.ttfbMs = nowMs - this.startMs;
    this.body.drop();
    this.isTunnel = isUpgrade;
    this.noteGrpcStatus(headers);
    if (plan.fallback?.to.type === 'last-good')
      this.keeper = AnswerKeeper.of(plan.fallback.to.answers, this.request, head);
    dressAnswer(head, plan, attempt);
    exchange.sendHead(head, isUpgrade);
  }

  attemptBroke(attempt: Attempt, error: ProxyError, isUntouched: boolean): void {
    if (this.isEnded) return;
    const isReused = attempt.stream?.isReused === true;
    const isRefused = error.failure === 'streamRefused';
    attempt.flags = flagsOf(error);
    attempt.stream = undefined;
    if (this.exchange.isResponseStarted || !(isRefused || error.failure === 'upstreamReset')) {
      if (this.exchange.isResponseStarted || !this.inFlight.leaveToOthers(attempt)) this.finishWith(error);
      return;
    }
    if (isReused && isUntouched && !this.inFlight.isSeveral && this.body.isWhole)
      if (this.inFlight.retryStale(attempt, isRefused)) return;
    attempt.noteFailure();
    if (this.inFlight.leaveToOthers(attempt)) return;
    if (this.retry({ type: isRefused ? 'refused-stream' : 'reset' })) return;
    this.finishWith(error);
  }

  attemptDrained(): void {
    this.body.isPaused = false;
    this.exchange.resumeRequest();
  }

  answerData(chunk: Buffer): void {
    this.deadlines.noteEvent();
    this.keeper?.data(chunk);
    if (!this.exchange.sendData(chunk)) this.inFlight.lead?.stream?.pauseResponse();
  }

  answerEnded(trailers: HeaderBlock | undefined): void {
    const { lead } = this.inFlight;
    if (this.isEnded) return;
    if (this.isTunnel && !this.exchange.isRequestEnded) {
      this.isResponseEnded = true;
      this.exchange.sendHalfEnd();
      return;
    }
    if (lead !== undefined) lead.stream = undefined;
    this.release(true);
    if (trailers !== undefined) this.noteGrpcStatus(trailers);
    else this.keeper?.end(this.environment.monotonic());
    // Counted before the end is sent: the next request of the connection may begin within that call.
    this.observer.report(this);
    this.exchange.sendEnd(trailers);
  }

  /** The upstream ended first, now the client did. */
  private tunnelEnded(): void {
    const { lead } = this.inFlight;
    if (lead !== undefined) lead.stream = undefined;
    this.release(true);
    this.exchange.tunnelEnded();
    this.observer.report(this);
  }

  // ——— attempts ———

  /** After an answer, which may say when the endpoint wants to be asked again, or that it does not. */
  private retryAnswered(outcome: AttemptOutcome, headers: HeaderBlock): boolean {
    const pushback = this.isCall ? retryPushback(headers) : undefined;
    if (pushback === MAY_NOT) return false;
    return this.retry(outcome, pushback ?? retryAfterMs(headers.get('retry-after')));
  }

  /** Of the only attempt in flight. `askedMs`: how long the endpoint wants to be left alone. */
  private retry(outcome: AttemptOutcome, askedMs?: number): boolean {
    if (this.inFlight.retry(outcome, this.isReplayable, askedMs)) return true;
    if (this.retries.isExhausted) this.flags |= RequestFlags.URX;
    return false;
  }

  private get isReplayable(): boolean {
    return this.body.isWhole && !this.wantsTunnel && !this.exchange.isResponseStarted;
  }

  /** Nothing is answered yet. */
  private hedge(hedging: NonNullable<ForwardPlan['hedging']>): void {
    const { retries, deadlines, environment } = this;
    // As long as the client still sends, it is not the endpoint that is slow.
    if (!this.exchange.isRequestEnded) deadlines.hedgeMs = hedgeDueMs(hedging, retries.hedges, environment.monotonic());
    else if (this.isReplayable && this.inFlight.hedge()) this.flags |= RequestFlags.HG;
  }

  // ——— time ———

  deadlinePassed(deadline: Deadline): void {
    const isBound = deadline === 'request' || deadline === 'duration';
    if (deadline === 'call' || (isBound && this.isCall)) this.deadlineExceeded();
    else if (deadline === 'backoff') this.inFlight.begin('retry', false);
    else if (deadline === 'hedge') {
      if (this.plan.hedging !== undefined) this.hedge(this.plan.hedging);
    } else if (deadline === 'attempt') this.attemptsTimedOut();
    else this.timedOut(TOOK_TOO_LONG[deadline]);
  }

  private attemptsTimedOut(): void {
    for (const attempt of this.inFlight.overdue(this.environment.monotonic())) {
      attempt.noteFailure();
      attempt.flags = RequestFlags.UT;
      if (this.inFlight.leaveToOthers(attempt)) continue;
      if (!this.retry({ type: 'timeout' })) this.giveUp(TOOK_TOO_LONG.attempt);
    }
  }

  private timedOut(what: string): void {
    this.inFlight.lead?.noteFailure();
    this.giveUp(what);
  }

  private giveUp(what: string): void {
    this.finishWith(tookTooLong(this.cluster.cluster, what));
  }

  private deadlineExceeded(): void {
    this.finishWith(callTookTooLong(this.cluster.cluster));
  }

  // ——— the end ———

  private finishWith(error: ProxyError): void {
    if (this.isEnded) return;
    this.judge(error.flag === 'UO' ? undefined : false);
    this.flag(error);
    const failure = failureOf(error);
    if (failure !== undefined && fallBack(this, failure, error.status)) return;
    this.release(false);
    respondWithError(this.exchange, error, this.plan.tellsUnserved ? unservedMark(error, this.exchange) : []);
    this.observer.report(this);
  }

  /** What another attempt, or another backend, would need. */
  private get keepsBody(): boolean {
    return this.retries.arePossible || this.plan.fallback?.to.type === 'backend';
  }

  endedInstead(): void {
    this.judge(false);
    this.flags |= RequestFlags.FB;
    this.release(false);
    this.observer.report(this);
  }

  /** False: the body has not been kept, or there is no such cluster. */
  handOver(cluster: ClusterName, status: number): boolean {
    if (!this.isReplayable) return false;
    const next = this.observer.fallBack?.(this, cluster);
    if (next === undefined) return false;
    this.judge(false);
    this.hiddenStatus = status;
    next.body = this.body;
    next.flags = RequestFlags.FB;
    next.startMs = this.environment.monotonic();
    this.body = new ReplayBody();
    this.successor = next;
    this.release(false);
    this.observer.report(this);
    this.exchange.notes.trace = next.trace;
    next.begin();
    return true;
  }

  /** Undefined = nothing that is the service's doing. */
  private judge(ok: boolean | undefined): void {
    this.verdict?.tell(this.isShed ? undefined : ok, this.environment);
  }

  private noteGrpcStatus(headers: HeaderBlock): void {
    if (!this.isCall) return;
    const status = readGrpcStatus(headers);
    this.exchange.notes.grpcStatus = status;
    const { lead } = this.inFlight;
    if (lead !== undefined && status !== GRPC_OK) lead.status = status;
  }

  private flag(error: ProxyError): void {
    const flags = flagsOf(error);
    this.flags |= flags;
    this.inFlight.flag(flags);
  }

  /** Gives back everything that it holds; nothing that comes later changes the request. */
  private release(ok: boolean): void {
    this.isEnded = true;
    this.environment.openStreams.delete(this);
    this.deadlines.end();
    this.retries.release();
    this.inFlight.end(ok);
    if (this.isCounted) this.cluster.requestFinished(this.client);
    this.body.drop();
  }
}

function flagsOf({ flag }: ProxyError): number {
  return flag === '' ? 0 : RequestFlags[flag];
}
