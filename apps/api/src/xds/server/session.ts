// One call of DeltaAggregatedResources: who calls, then requests in and responses out.
import { Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from '@malha/xds/generated/envoy/service/discovery/v3/discovery_pb';
import type { Timers } from '@malha/xds/timers';
import type { Dialect } from '../dialects/dialect.ts';
import { XdsError } from '../errors.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { DeltaStream } from './delta-stream.ts';
import { type ClientNode, parseNode } from './node-id.ts';
import type { ResponseMemo } from './response-memo.ts';

export type DeltaCall = ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

const NODE_DEADLINE_MS = 10_000;
/** Longer timers overflow. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export interface SessionOptions {
  readonly call: DeltaCall;
  readonly timers: Timers;
  readonly memo: ResponseMemo;
  readonly dialects: ReadonlyMap<Dialect['name'], Dialect>;
  /** Once, with the first request. Throws when the caller may not have that workload's configuration. */
  readonly onNode: (session: Session) => void;
  readonly onSent: (typeUrl: string) => void;
  readonly onAck: (session: Session) => void;
  readonly onNack: (session: Session, typeUrl: string, message: string) => void;
  readonly onClose: (session: Session) => void;
  readonly onError: (session: Session, error: unknown) => { readonly code: number; readonly details: string };
}

export class Session {
  readonly #options: SessionOptions;
  #node: ClientNode | undefined;
  #stream: DeltaStream | undefined;
  #isClosed = false;
  #cancelDeadline: () => void;
  #cancelEnd: () => void = () => undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { call, timers } = options;
    this.#cancelDeadline = timers.after(NODE_DEADLINE_MS, () =>
      this.end(new XdsError('unavailable', 'MALHA5067', 'no first request in time')),
    );
    // At once: the client takes it as the answer to the opening of its stream.
    call.sendMetadata(new Metadata());
    call.on('data', (request: DeltaDiscoveryRequest) => this.#request(request));
    call.once('end', () => {
      if (!this.#isClosed) call.end();
      this.#close();
    });
    call.on('error', () => this.#close());
    call.once('cancelled', () => this.#close());
    call.once('close', () => this.#close());
  }

  get call(): DeltaCall {
    return this.#options.call;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get hasNode(): boolean {
    return this.#node !== undefined;
  }

  get node(): ClientNode {
    if (this.#node === undefined) throw new Error('the session has no node yet');
    return this.#node;
  }

  get dialect(): Dialect {
    const { dialect } = this.node;
    const known = this.#options.dialects.get(dialect);
    if (known === undefined) throw new XdsError('invalid', 'MALHA5062', `clients of dialect ${dialect} are not served`);
    return known;
  }

  /** What the session was given last is sent and answered. */
  get isSettled(): boolean {
    return this.#stream?.settled === true;
  }

  get snapshot(): Snapshot | undefined {
    return this.#stream?.snapshot;
  }

  setSnapshot(snapshot: Snapshot): void {
    this.#guard(() => this.#stream?.setSnapshot(snapshot));
  }

  endAfter(ms: number, error: unknown): void {
    this.#cancelEnd();
    this.#cancelEnd = this.#options.timers.after(Math.min(Math.max(0, ms), TIMER_MAX_MS), () => this.end(error));
  }

  end(error: unknown): void {
    if (this.#isClosed) return;
    const { code, details } = this.#options.onError(this, error);
    this.#close();
    this.#options.call.emit('error', { code, details });
  }

  #request(request: DeltaDiscoveryRequest): void {
    if (this.#isClosed) return;
    this.#guard(() => {
      if (this.#node === undefined) this.#open(request);
      this.#stream?.request(request);
    });
  }

  #open(first: DeltaDiscoveryRequest): void {
    this.#cancelDeadline();
    this.#node = parseNode(first.node);
    const { call, timers, memo } = this.#options;
    this.#stream = new DeltaStream({
      timers,
      memo,
      resendsEndpoints: this.dialect.resendsEndpoints,
      // Already encoded; the serializer passes a Buffer as it is.
      write: (response, typeUrl) => {
        call.write(response as unknown as DeltaDiscoveryResponse);
        this.#options.onSent(typeUrl);
      },
      onAck: () => this.#options.onAck(this),
      onNack: (typeUrl, message) => this.#options.onNack(this, typeUrl, message),
      fail: (kind, reason) =>
        this.end(
          kind === 'exhausted'
            ? new XdsError('rate-limited', 'MALHA5066', reason)
            : new XdsError('unavailable', 'MALHA5067', reason),
        ),
    });
    this.#options.onNode(this);
  }

  /** An error of ours ends this stream, never the process. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.end(error);
    }
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelDeadline();
    this.#cancelEnd();
    this.#stream?.close();
    this.#options.onClose(this);
  }
}
