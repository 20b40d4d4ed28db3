// One question to the service that counts global limits: a unary call of gRPC over the proxy's own clusters, so that mutual
// TLS, balancing and connection pools are those of every other call. It ends by its deadline, whatever the service does.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import { NO_HASH } from '@malha/traffic/hash-key';
import { type DescriptorEntry, LIMIT_DOMAIN } from '@malha/traffic/rate-limit/descriptor';
import {
  RateLimitResponse_Code as Code,
  RateLimitRequestSchema,
  RateLimitResponseSchema,
} from '@malha/xds/generated/envoy/service/ratelimit/v3/rls_pb';
import type { ClusterRuntime } from '../../../cluster/cluster-runtime.ts';
import type { StreamRequester, Waiting } from '../../../cluster/stream-requester.ts';
import type { ResponseHead } from '../../../exchange/exchange.ts';
import { HeaderBlock } from '../../../exchange/header-block.ts';
import { RequestHead } from '../../../exchange/request-head.ts';
import { type TimerTarget, type TimerWheel, WheelTimer } from '../../../exchange/timer-wheel.ts';
import type { UpstreamStream } from '../../../exchange/upstream-stream.ts';
import { GRPC_OK, readGrpcStatus } from '../../../grpc/grpc-status.ts';

const METHOD = '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit';
/** Compressed flag and length of a message of gRPC. */
const PREFIX_BYTES = 5;
const ANSWER_BYTES_MAX = 64 * 1024;

export interface CounterEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
}

/** What the service says of one descriptor. */
export interface CounterStatus {
  readonly isOver: boolean;
  readonly remaining: number;
  /** Until there is a token, or until all are. */
  readonly resetMs: number;
}

/** In the order of the descriptors; undefined: no answer in time, or none that can be read. */
export type CounterAnswer = (statuses: readonly CounterStatus[] | undefined) => void;

export class CounterCall implements StreamRequester, TimerTarget {
  readonly hash = NO_HASH;
  private readonly cluster: ClusterRuntime;
  private readonly environment: CounterEnvironment;
  private readonly answered: CounterAnswer;
  private readonly timer = new WheelTimer(this);
  private readonly body: Buffer;
  private readonly count: number;
  private waiting: Waiting | undefined;
  private stream: UpstreamStream | undefined;
  private balanced: BalancedEndpoint | undefined;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private grpcStatus = -1;
  private isOver = false;

  constructor(
    cluster: ClusterRuntime,
    descriptors: readonly (readonly DescriptorEntry[])[],
    environment: CounterEnvironment,
    answered: CounterAnswer,
  ) {
    this.cluster = cluster;
    this.environment = environment;
    this.answered = answered;
    this.count = descriptors.length;
    this.body = framed(descriptors);
  }

  start(timeoutMs: number): void {
    const { environment, cluster } = this;
    if (!cluster.requestStarted()) {
      this.isOver = true;
      this.answered(undefined);
      return;
    }
    environment.wheel.arm(this.timer, environment.monotonic() + timeoutMs);
    const waiting = cluster.acquire(this, undefined, false);
    if (waiting !== undefined) this.waiting = waiting;
  }

  /** Nobody wants to know any more. */
  cancel(): void {
    if (this.isOver) return;
    this.stream?.cancel();
    this.release(true);
  }

  streamReady(stream: UpstreamStream, balanced: BalancedEndpoint): void {
    this.waiting = undefined;
    this.balanced = balanced;
    balanced.started();
    this.stream = stream;
    const { namespace, name } = this.cluster.cluster.service;
    const authority = `${name}.${namespace}`;
    const headers = HeaderBlock.fromList(['host', authority, 'content-type', 'application/grpc', 'te', 'trailers']);
    stream.sendHead(new RequestHead('POST', authority, METHOD, headers, this.body.length, '', true));
    stream.sendData(this.body);
    stream.sendEnd(undefined);
  }

  streamFailed(): void {
    this.waiting = undefined;
    this.finish(undefined, false);
  }

  responseInformational(): void {}

  responseStarted({ headers, status }: ResponseHead): void {
    if (status !== 200 || headers.has('grpc-status')) this.grpcStatus = status === 200 ? readGrpcStatus(headers) : -1;
  }

  responseData(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > ANSWER_BYTES_MAX) {
      this.stream?.cancel();
      this.finish(undefined, true);
    } else this.chunks.push(Buffer.from(chunk));
  }

  responseEnded(trailers: HeaderBlock | undefined): void {
    if (trailers?.has('grpc-status')) this.grpcStatus = readGrpcStatus(trailers);
    this.stream = undefined;
    this.finish(this.grpcStatus === GRPC_OK ? statusesOf(Buffer.concat(this.chunks), this.count) : undefined, true);
  }

  upstreamFailed(): void {
    this.stream = undefined;
    this.finish(undefined, false);
  }

  requestDrained(): void {}

  timerFired(): void {
    this.stream?.cancel();
    this.finish(undefined, false);
  }

  private finish(statuses: readonly CounterStatus[] | undefined, ok: boolean): void {
    if (this.isOver) return;
    this.release(ok);
    this.answered(statuses);
  }

  private release(ok: boolean): void {
    this.isOver = true;
    this.stream = undefined;
    this.environment.wheel.disarm(this.timer);
    if (this.waiting !== undefined) this.cluster.abandon(this.waiting);
    this.waiting = undefined;
    this.balanced?.finished(ok);
    this.cluster.requestFinished();
  }
}

function framed(descriptors: readonly (readonly DescriptorEntry[])[]): Buffer {
  const message = toBinary(
    RateLimitRequestSchema,
    create(RateLimitRequestSchema, {
      domain: LIMIT_DOMAIN,
      descriptors: descriptors.map((entries) => ({ entries: entries.map(({ key, value }) => ({ key, value })) })),
    }),
  );
  const body = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  body[0] = 0;
  body.writeUInt32BE(message.length, 1);
  body.set(message, PREFIX_BYTES);
  return body;
}

/** Undefined: not one whole message, or not a status for each descriptor. */
function statusesOf(body: Buffer, count: number): CounterStatus[] | undefined {
  if (body.length < PREFIX_BYTES || body[0] !== 0) return undefined;
  if (body.readUInt32BE(1) !== body.length - PREFIX_BYTES) return undefined;
  try {
    const { statuses } = fromBinary(RateLimitResponseSchema, body.subarray(PREFIX_BYTES));
    if (statuses.length !== count) return undefined;
    return statuses.map(({ code, limitRemaining, durationUntilReset: reset }) => ({
      isOver: code === Code.OVER_LIMIT,
      remaining: limitRemaining,
      resetMs: reset === undefined ? 0 : Number(reset.seconds) * 1000 + reset.nanos / 1_000_000,
    }));
  } catch {
    return undefined;
  }
}
