// Client of incremental aggregated discovery: one stream, opened again for ever, that brings differences only.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import type { Clock } from '@malha/traffic/clock';
import { reconnectDelayMs } from './backoff.ts';
import { DeltaSubscription, type ReceivedError, type ReceivedResource } from './delta-subscription.ts';
import { type Node, NodeSchema } from './generated/envoy/config/core/v3/base_pb.ts';
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
} from './generated/envoy/service/discovery/v3/discovery_pb.ts';
import { openStream } from './rpc.ts';
import { discoveryService } from './services.ts';
import { processTimers, type Timers } from './timers.ts';

/** The server answers the opening of a stream at once; without that, the connection is given up. */
const OPEN_DEADLINE_MS = 10_000;
/** A resource that has not come by then is taken as absent; it may still come later. */
const RESOURCE_DEADLINE_MS = 15_000;
/** Bound of the text of a NACK. */
const NACK_TEXT_MAX = 4096;

/** For the channel of the client: finds a dead peer, takes responses of any size, does not hold back a reconnection. */
export const CHANNEL_OPTIONS: grpc.ClientOptions = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_receive_message_length': -1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
};

export interface DeltaUpdate {
  readonly typeUrl: string;
  readonly upserts: readonly ReceivedResource[];
  /** Gone, or asked for and not there. */
  readonly removed: readonly string[];
}

export type DeltaState = { readonly state: 'connected' } | { readonly state: 'disconnected'; readonly reason: string };

export interface DeltaClientOptions {
  /** Asked before each attempt, so that a renewed certificate is used; the client is not closed here. */
  readonly client: () => grpc.Client;
  readonly node: MessageInitShape<typeof NodeSchema>;
  /** Takes what is good and returns what it refuses; may subscribe to more. */
  readonly onUpdate: (update: DeltaUpdate) => readonly ReceivedError[];
  readonly onState?: (state: DeltaState) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timers?: Timers;
}

/** What a request says beside its type. */
interface RequestFields {
  readonly resourceNamesSubscribe?: string[];
  readonly resourceNamesUnsubscribe?: string[];
  readonly initialResourceVersions?: Record<string, string>;
  readonly responseNonce?: string;
  readonly errorDetail?: { readonly code: number; readonly message: string };
}

type Stream = grpc.ClientDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>;

export class DeltaClient {
  readonly #options: DeltaClientOptions;
  readonly #node: Node;
  readonly #timers: Timers;
  readonly #subscriptions = new Map<string, DeltaSubscription>();
  readonly #awaited = new Map<string, () => void>();
  #stream: Stream | undefined;
  /** Types named on the current stream; the very first request carries the node. */
  #nodeSent = false;
  #failures = 0;
  #lastAnswerMs: number;
  #cancelTimer: () => void = () => undefined;
  #state: 'new' | 'started' | 'closed' = 'new';

  constructor(options: DeltaClientOptions) {
    this.#options = options;
    this.#node = create(NodeSchema, options.node);
    this.#timers = options.timers ?? processTimers;
    this.#lastAnswerMs = options.clock.monotonic();
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#connect();
  }

  close(): void {
    this.#state = 'closed';
    this.#cancelTimer();
    for (const cancel of this.#awaited.values()) cancel();
    this.#awaited.clear();
    this.#stream?.cancel();
    this.#stream = undefined;
  }

  /** Opens a new stream at once, for example under a renewed certificate; what is held stays. */
  reconnect(): void {
    if (this.#state !== 'started') return;
    const old = this.#stream;
    this.#stream = undefined;
    old?.cancel();
    this.#cancelTimer();
    this.#connect();
  }

  get connected(): boolean {
    return this.#stream !== undefined;
  }

  /** Resources that are held from before, as from a saved snapshot: the server sends only what differs. */
  seed(resources: Iterable<{ readonly typeUrl: string; readonly name: string; readonly version: string }>): void {
    for (const { typeUrl, name, version } of resources) this.#of(typeUrl).versions.set(name, version);
  }

  /** "*" stands for all. */
  subscribe(typeUrl: string, names: readonly string[]): void {
    const subscription = this.#of(typeUrl);
    const fresh = subscription.add(names);
    if (fresh.length === 0) return;
    for (const name of fresh) if (name !== '*') this.#await(subscription, name);
    this.#send(typeUrl, { resourceNamesSubscribe: fresh });
  }

  unsubscribe(typeUrl: string, names: readonly string[]): void {
    const gone = this.#of(typeUrl).remove(names);
    if (gone.length === 0) return;
    for (const name of gone) this.#settle(typeUrl, name);
    this.#send(typeUrl, { resourceNamesUnsubscribe: gone });
  }

  #of(typeUrl: string): DeltaSubscription {
    let subscription = this.#subscriptions.get(typeUrl);
    if (subscription === undefined) {
      subscription = new DeltaSubscription(typeUrl);
      this.#subscriptions.set(typeUrl, subscription);
    }
    return subscription;
  }

  #send(typeUrl: string, request: RequestFields): void {
    // Without a stream everything is said when the next one opens.
    if (this.#stream === undefined) return;
    const node = this.#nodeSent ? {} : { node: this.#node };
    this.#nodeSent = true;
    this.#stream.write(create(DeltaDiscoveryRequestSchema, { typeUrl, ...node, ...request }));
  }

  #connect(): void {
    const stream = openStream(this.#options.client(), discoveryService.DeltaAggregatedResources);
    this.#stream = stream;
    this.#nodeSent = false;
    this.#cancelTimer = this.#timers.after(OPEN_DEADLINE_MS, () => stream.cancel());
    stream.once('metadata', () => {
      if (this.#stream !== stream) return;
      this.#cancelTimer();
      this.#options.onState?.({ state: 'connected' });
    });
    stream.on('data', (response: DeltaDiscoveryResponse) => {
      if (this.#stream === stream) this.#receive(response);
    });
    // The status follows with the reason.
    stream.on('error', () => undefined);
    stream.once('status', (status: grpc.StatusObject) => {
      if (this.#stream === stream) this.#lost(`${grpc.status[status.code]}: ${status.details}`);
    });
    for (const subscription of this.#subscriptions.values()) {
      if (!subscription.active) continue;
      const { subscribe, initialVersions } = subscription.resubscribe();
      this.#send(subscription.typeUrl, {
        resourceNamesSubscribe: subscribe,
        initialResourceVersions: initialVersions,
      });
    }
  }

  #lost(reason: string): void {
    this.#stream = undefined;
    this.#cancelTimer();
    this.#options.onState?.({ state: 'disconnected', reason });
    if (this.#state !== 'started') return;
    const lastedMs = this.#options.clock.monotonic() - this.#lastAnswerMs;
    const delay = reconnectDelayMs({ failures: this.#failures, lastedMs }, this.#options.random);
    this.#failures += 1;
    this.#cancelTimer = this.#timers.after(delay, () => this.#connect());
  }

  #receive(response: DeltaDiscoveryResponse): void {
    this.#failures = 0;
    this.#lastAnswerMs = this.#options.clock.monotonic();
    const { typeUrl, nonce } = response;
    const subscription = this.#subscriptions.get(typeUrl);
    if (subscription === undefined) {
      this.#send(typeUrl, refusal(nonce, `${typeUrl} was never asked for`));
      return;
    }
    const { upserts, removed, errors } = subscription.receive(response);
    for (const { name } of upserts) this.#settle(typeUrl, name);
    for (const name of removed) this.#settle(typeUrl, name);
    const refused = this.#options.onUpdate({ typeUrl, upserts, removed });
    subscription.accept(upserts, removed, new Set(refused.map(({ name }) => name)));
    const texts = [...errors, ...refused].map(({ message }) => message);
    this.#send(typeUrl, texts.length === 0 ? { responseNonce: nonce } : refusal(nonce, texts.join('; ')));
  }

  #await(subscription: DeltaSubscription, name: string): void {
    const { typeUrl } = subscription;
    if (subscription.versions.has(name)) return;
    const key = `${typeUrl}\0${name}`;
    const cancel = this.#timers.after(RESOURCE_DEADLINE_MS, () => {
      this.#awaited.delete(key);
      this.#options.onUpdate({ typeUrl, upserts: [], removed: [name] });
    });
    this.#awaited.set(key, cancel);
  }

  #settle(typeUrl: string, name: string): void {
    const key = `${typeUrl}\0${name}`;
    this.#awaited.get(key)?.();
    this.#awaited.delete(key);
  }
}

function refusal(nonce: string, text: string): RequestFields {
  const message = text.length <= NACK_TEXT_MAX ? text : `${text.slice(0, NACK_TEXT_MAX)}…`;
  return { responseNonce: nonce, errorDetail: { code: grpc.status.INVALID_ARGUMENT, message } };
}
