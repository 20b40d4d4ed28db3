// One probe: an HTTP request, a call of the gRPC health protocol, or a mere connection; told once whether it passed.
import type { Cluster, HealthCheckConfig } from '@malha/traffic/config';
import { NO_HASH } from '@malha/traffic/hash-key';
import { grpcHealthRequest, isExpectedStatus, isServing } from '@malha/traffic/health-check';
import type { ResponseHead } from '../exchange/exchange.ts';
import { HeaderBlock } from '../exchange/header-block.ts';
import { RequestHead } from '../exchange/request-head.ts';
import type { UpstreamStream } from '../exchange/upstream-stream.ts';
import type { Dial } from './dial.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { type StreamRequester, Waiting } from './stream-requester.ts';

/** More of an answer is not read: what matters is in its first bytes. */
const ANSWER_BYTES_MAX = 64;
const GRPC_PATH = '/grpc.health.v1.Health/Check';

export class Probe implements StreamRequester {
  readonly hash = NO_HASH;
  private readonly config: HealthCheckConfig;
  private readonly cluster: Cluster;
  private readonly result: (ok: boolean) => void;
  private pool: EndpointPool | undefined;
  private dial: Dial | undefined;
  private waiting: Waiting | undefined;
  private stream: UpstreamStream | undefined;
  private status = 0;
  private answer = Buffer.alloc(0);
  private isOver = false;

  constructor(config: HealthCheckConfig, cluster: Cluster, result: (ok: boolean) => void) {
    this.config = config;
    this.cluster = cluster;
    this.result = result;
  }

  start(pool: EndpointPool): void {
    this.pool = pool;
    if (this.config.type === 'tcp') {
      this.connect(pool);
      return;
    }
    const stream = pool.take(this, false);
    if (stream !== undefined) this.streamReady(stream);
    else {
      this.waiting = new Waiting(this);
      pool.dial(this.waiting);
    }
  }

  cancel(): void {
    this.isOver = true;
    this.waiting?.cancel();
    this.stream?.cancel();
    if (this.dial !== undefined) this.pool?.cancelRaw(this.dial);
  }

  // ——— of the pool ———

  streamReady(stream: UpstreamStream): void {
    this.waiting = undefined;
    this.stream = stream;
    stream.sendHead(this.head());
    if (this.config.type === 'grpc') stream.sendData(grpcHealthRequest(this.config.service));
    stream.sendEnd(undefined);
  }

  streamFailed(): void {
    this.end(false);
  }

  // ——— of the stream ———

  responseInformational(): void {}
  requestDrained(): void {}

  responseStarted({ status }: ResponseHead): void {
    this.status = status;
  }

  responseData(chunk: Buffer): void {
    if (this.answer.length < ANSWER_BYTES_MAX) this.answer = Buffer.concat([this.answer, chunk]);
  }

  responseEnded(): void {
    const { config, status } = this;
    if (config.type === 'http') this.end(isExpectedStatus(config.expectedStatuses, status));
    else this.end(status === 200 && isServing(this.answer));
  }

  upstreamFailed(): void {
    this.end(false);
  }

  private connect(pool: EndpointPool): void {
    const dial = pool.dialRaw({
      connected: (socket) => {
        this.dial = undefined;
        socket.on('error', () => undefined);
        socket.destroy();
        this.end(true);
      },
      failed: () => {
        this.dial = undefined;
        this.end(false);
      },
    });
    if (!this.isOver) this.dial = dial;
  }

  private head(): RequestHead {
    const { config, cluster } = this;
    const { name } = cluster.service;
    if (config.type !== 'http') {
      const fields = ['host', name, 'content-type', 'application/grpc', 'te', 'trailers', 'user-agent', 'malha-health'];
      const length = grpcHealthRequest(config.type === 'grpc' ? config.service : '').length;
      return new RequestHead('POST', name, GRPC_PATH, HeaderBlock.fromList(fields), length, '', true);
    }
    const host = config.host === '' ? name : config.host;
    const fields = HeaderBlock.fromList(['host', host, 'user-agent', 'malha-health']);
    return new RequestHead('GET', host, config.path, fields, 0, '', false);
  }

  private end(ok: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stream = undefined;
    this.result(ok);
  }
}
