// One attempt of a request: its place in the queue, its endpoint, its stream, and the time that it has.
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { ClusterRuntime } from '../../cluster/cluster-runtime.ts';
import type { StreamRequester, Waiting } from '../../cluster/stream-requester.ts';
import type { ResponseHead } from '../../exchange/exchange.ts';
import type { HeaderBlock } from '../../exchange/header-block.ts';
import type { ProxyError } from '../../exchange/proxy-error.ts';
import type { UpstreamStream } from '../../exchange/upstream-stream.ts';
import type { AttemptFacts, AttemptKind, BeyondBudget, TraceRef } from '../../telemetry/record.ts';
import type { AttemptTraces } from './attempt-traces.ts';

/** The request that it is an attempt of. */
export interface AttemptOwner {
  readonly hash: number;
  /** The endpoint of its session; given up with the first attempt that fails. */
  readonly preferred: BalancedEndpoint | undefined;
  readonly wantsTunnel: boolean;
  attemptReady(attempt: Attempt, stream: UpstreamStream): void;
  /** There was no stream for it; `picked`: the endpoint that could not be connected to, if there was one. */
  attemptUnserved(attempt: Attempt, error: ProxyError, picked: BalancedEndpoint | undefined): void;
  attemptInformed(attempt: Attempt, head: ResponseHead): void;
  attemptAnswered(attempt: Attempt, head: ResponseHead, isUpgrade: boolean): void;
  attemptBroke(attempt: Attempt, error: ProxyError, isUntouched: boolean): void;
  attemptDrained(): void;
  /** There is about to be another one beside or after the first. Undefined: nobody asks for their spans. */
  traceAttempts(first: Attempt): Pick<AttemptTraces<never>, 'begun' | 'takeBack' | 'over'> | undefined;
  /** Of the one whose answer was taken. */
  answerData(chunk: Buffer): void;
  answerEnded(trailers: HeaderBlock | undefined): void;
}

export class Attempt implements StreamRequester, AttemptFacts {
  readonly kind: AttemptKind;
  readonly hash: number;
  readonly preferred: BalancedEndpoint | undefined;
  readonly wantsTunnel: boolean;
  startMs = 0;
  /** Set for those of several; see `attempt-traces.ts`. */
  trace: TraceRef | undefined;
  number = 1;
  backoffMs = 0;
  beyondBudget: BeyondBudget = '';
  /** HTTP status of its answer, or the code of gRPC below 100; 0 = none came. */
  status = 0;
  /** Response flags of its failure. */
  flags = 0;
  isGivenUp = false;
  /** What its connection spoke; http = there was none. */
  spoken: 'http' | 'http1' | 'http2' = 'http';
  /** When it has taken too long. */
  dueMs = Number.POSITIVE_INFINITY;
  stream: UpstreamStream | undefined;
  /** Where the stream goes to. */
  balanced: BalancedEndpoint | undefined;
  /** Of a WebSocket handshake: the key that this proxy made for its upstream. */
  ownKey = '';
  private readonly owner: AttemptOwner;
  private readonly cluster: ClusterRuntime;
  /** Place in the queue of the cluster, and the endpoint that it was for at first. */
  private waiting: Waiting | undefined;
  private picked: BalancedEndpoint | undefined;
  /** When the request was sent; kept only where the balancer goes by latency. */
  private sentMs = 0;

  constructor(
    owner: AttemptOwner,
    cluster: ClusterRuntime,
    kind: AttemptKind,
    preferred: BalancedEndpoint | undefined,
  ) {
    this.owner = owner;
    this.cluster = cluster;
    this.kind = kind;
    this.hash = owner.hash;
    this.preferred = preferred;
    this.wantsTunnel = owner.wantsTunnel;
  }

  /** Where it goes, or waits to go, as far as is known. */
  get destination(): BalancedEndpoint | undefined {
    return this.balanced ?? this.picked;
  }

  get isHttp2(): boolean {
    return this.stream?.isHttp2 === true;
  }

  /** Told at once, the owner may even have begun another one within the call. */
  begin(avoid: readonly BalancedEndpoint[] | undefined, isFresh: boolean): void {
    const waiting = this.cluster.acquire(this, avoid, isFresh);
    if (waiting !== undefined) this.waiting = waiting;
  }

  endpointPicked(balanced: BalancedEndpoint): void {
    this.picked = balanced;
  }

  /** The endpoint answered, which is one thing that is known of it. */
  noteAnswer(status: number, nowMs: number): void {
    const { balanced, cluster } = this;
    if (balanced === undefined) return;
    cluster.health.responded(balanced, status);
    this.noteLatency(nowMs);
  }

  /** Its proxy answered for an application that takes no connection. */
  noteUnsent(): void {
    if (this.balanced !== undefined) this.cluster.health.appUnreachable(this.balanced);
  }

  /** The endpoint took the request and gave no answer. */
  noteFailure(): void {
    if (this.balanced !== undefined) this.cluster.health.failed(this.balanced);
  }

  /** How long it took at least, also of one that is given up for a faster one. */
  noteLatency(nowMs: number): void {
    if (this.sentMs !== 0) this.balanced?.answered(nowMs - this.sentMs, nowMs);
  }

  noteSent(nowMs: number): void {
    this.sentMs = nowMs;
  }

  /** Nobody wants to hear of it any more. */
  cancel(): void {
    if (this.waiting !== undefined) this.cluster.abandon(this.waiting);
    this.waiting = undefined;
    this.stream?.cancel();
    this.stream = undefined;
  }

  /** Gives the endpoint back; `ok`: nothing is to be said against it. */
  finish(ok: boolean): void {
    this.stream = undefined;
    this.balanced?.finished(ok);
    this.balanced = undefined;
  }

  // ——— of the cluster ———

  streamReady(stream: UpstreamStream, balanced: BalancedEndpoint): void {
    this.waiting = undefined;
    this.balanced = balanced;
    this.stream = stream;
    this.spoken = stream.isHttp2 ? 'http2' : 'http1';
    balanced.started();
    this.owner.attemptReady(this, stream);
  }

  streamFailed(error: ProxyError, picked?: BalancedEndpoint): void {
    this.waiting = undefined;
    this.picked = picked ?? this.picked;
    this.owner.attemptUnserved(this, error, picked);
  }

  // ——— of the upstream ———

  responseInformational(head: ResponseHead): void {
    this.owner.attemptInformed(this, head);
  }

  responseStarted(head: ResponseHead, isUpgrade: boolean): void {
    this.owner.attemptAnswered(this, head, isUpgrade);
  }

  responseData(chunk: Buffer): void {
    this.owner.answerData(chunk);
  }

  responseEnded(trailers: HeaderBlock | undefined): void {
    this.owner.answerEnded(trailers);
  }

  upstreamFailed(error: ProxyError, isUntouched: boolean): void {
    this.owner.attemptBroke(this, error, isUntouched);
  }

  requestDrained(): void {
    this.owner.attemptDrained();
  }
}
