// Copies of a request for another backend. Nobody waits for them and nobody sees what becomes of them: a copy that cannot
// keep up is given up, and the request itself never notices.
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import { NO_HASH } from '@malha/traffic/hash-key';
import type { ClusterRuntime } from '../cluster/cluster-runtime.ts';
import type { StreamRequester, Waiting } from '../cluster/stream-requester.ts';
import type { RequestConsumer } from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import type { ProxyError } from '../exchange/proxy-error.ts';
import type { RequestHead } from '../exchange/request-head.ts';
import { type TimerTarget, type TimerWheel, WheelTimer } from '../exchange/timer-wheel.ts';
import type { UpstreamStream } from '../exchange/upstream-stream.ts';

/** Of a body, while its copy has no connection yet. */
const HELD_BYTES_MAX = 65_536;
/** For a route without a request timeout. */
const TIMEOUT_MS = 15_000;

export interface MirrorEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  count(event: 'request-mirrored' | 'mirror-dropped'): void;
}

export class MirroredRequest implements StreamRequester, TimerTarget {
  readonly hash = NO_HASH;
  private readonly request: RequestHead;
  private readonly cluster: ClusterRuntime;
  private readonly environment: MirrorEnvironment;
  private readonly timer = new WheelTimer(this);
  private waiting: Waiting | undefined;
  private stream: UpstreamStream | undefined;
  private balanced: BalancedEndpoint | undefined;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private isRequestEnded = false;
  private trailers: HeaderBlock | undefined;
  private isOver = false;

  constructor(request: RequestHead, cluster: ClusterRuntime, environment: MirrorEnvironment) {
    this.request = request;
    this.cluster = cluster;
    this.environment = environment;
  }

  /** `timeoutMs` 0 = that of the mirror itself. */
  start(timeoutMs: number, isRequestEnded: boolean): void {
    const { environment, cluster } = this;
    this.isRequestEnded = isRequestEnded;
    if (!cluster.requestStarted()) {
      environment.count('mirror-dropped');
      this.isOver = true;
      return;
    }
    environment.wheel.arm(this.timer, environment.monotonic() + (timeoutMs > 0 ? timeoutMs : TIMEOUT_MS));
    const waiting = cluster.acquire(this, undefined, false);
    if (waiting !== undefined) this.waiting = waiting;
  }

  // ——— the request, as it passes ———

  data(chunk: Buffer): void {
    if (this.isOver) return;
    if (this.stream === undefined) {
      this.held.push(chunk);
      this.heldBytes += chunk.length;
      if (this.heldBytes > HELD_BYTES_MAX) this.drop();
    } else if (!this.stream.sendData(chunk)) this.drop();
  }

  end(trailers: HeaderBlock | undefined): void {
    this.isRequestEnded = true;
    this.trailers = trailers;
    this.stream?.sendEnd(trailers);
  }

  /** The request itself broke off. */
  drop(): void {
    if (this.isOver) return;
    this.environment.count('mirror-dropped');
    this.stream?.cancel();
    this.release(true);
  }

  // ——— of the cluster and the stream ———

  streamReady(stream: UpstreamStream, balanced: BalancedEndpoint): void {
    this.waiting = undefined;
    this.balanced = balanced;
    balanced.started();
    this.stream = stream;
    stream.sendHead(this.request);
    const { held } = this;
    this.held = [];
    for (const chunk of held) stream.sendData(chunk);
    if (this.isRequestEnded) stream.sendEnd(this.trailers);
    this.environment.count('request-mirrored');
  }

  streamFailed(_error: ProxyError): void {
    this.waiting = undefined;
    if (this.isOver) return;
    this.environment.count('mirror-dropped');
    this.release(false);
  }

  responseInformational(): void {}
  responseStarted(): void {}
  responseData(): void {}
  requestDrained(): void {}

  responseEnded(): void {
    this.release(true);
  }

  upstreamFailed(): void {
    this.release(false);
  }

  timerFired(): void {
    this.drop();
  }

  private release(ok: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stream = undefined;
    this.held = [];
    this.environment.wheel.disarm(this.timer);
    if (this.waiting !== undefined) this.cluster.abandon(this.waiting);
    this.waiting = undefined;
    this.balanced?.finished(ok);
    this.cluster.requestFinished();
  }
}

/** Passes a request's body on to its consumer and to its copies. */
export class MirrorTee implements RequestConsumer {
  private readonly consumer: RequestConsumer;
  private readonly copies: readonly MirroredRequest[];

  constructor(consumer: RequestConsumer, copies: readonly MirroredRequest[]) {
    this.consumer = consumer;
    this.copies = copies;
  }

  requestData(chunk: Buffer): void {
    for (const copy of this.copies) copy.data(chunk);
    this.consumer.requestData(chunk);
  }

  requestEnded(trailers: HeaderBlock | undefined): void {
    for (const copy of this.copies) copy.end(trailers);
    this.consumer.requestEnded(trailers);
  }

  requestAborted(error: ProxyError): void {
    for (const copy of this.copies) copy.drop();
    this.consumer.requestAborted(error);
  }

  responseDrained(): void {
    this.consumer.responseDrained();
  }
}
