// One delta ADS stream: which response may go now, so that no proxy ever refers to what it does not have yet.
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, REMOVAL_ORDER, ROUTE_TYPE, UPSERT_ORDER } from '@malha/xds';
import type { DeltaDiscoveryRequest } from '@malha/xds/generated/envoy/service/discovery/v3/discovery_pb';
import type { Timers } from '@malha/xds/timers';
import type { EncodedResource } from '../snapshot/resource-encoder.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { ResponseMemo } from './response-memo.ts';
import { type Difference, NAMES_MAX, TypeState } from './type-state.ts';

/** Routes wait so long for clusters and endpoints that the client has not taken or asked for yet. */
const HOLD_MS = 2_000;
/** A client that does not answer a response in this time is taken as lost. */
const ACK_DEADLINE_MS = 30_000;

const KNOWN_TYPES: ReadonlySet<string> = new Set(UPSERT_ORDER);

export interface DeltaStreamEvents {
  /** Writes a finished response. */
  write(response: Buffer, typeUrl: string): void;
  onAck(typeUrl: string): void;
  onNack(typeUrl: string, message: string): void;
  /** The client broke the protocol or does not answer; the stream has to end. */
  fail(kind: 'exhausted' | 'deadline', reason: string): void;
}

export interface DeltaStreamOptions extends DeltaStreamEvents {
  readonly timers: Timers;
  /** Envoy warms a changed cluster again and waits for its endpoints, changed or not. */
  readonly resendsEndpoints: boolean;
  readonly memo: ResponseMemo;
}

export class DeltaStream {
  readonly #options: DeltaStreamOptions;
  readonly #types = new Map<string, TypeState>();
  #snapshot: Snapshot | undefined;
  #holdExpired = false;
  #cancelHold: (() => void) | undefined;
  readonly #ackDeadlines = new Map<string, () => void>();

  constructor(options: DeltaStreamOptions) {
    this.#options = options;
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** All that the snapshot holds and the client asked for was sent and answered. */
  get settled(): boolean {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return false;
    for (const state of this.#types.values()) {
      if (state.outstanding !== undefined || isDue(state.difference(snapshot), state)) return false;
    }
    return true;
  }

  close(): void {
    this.#cancelHold?.();
    for (const cancel of this.#ackDeadlines.values()) cancel();
    this.#ackDeadlines.clear();
  }

  setSnapshot(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#holdExpired = false;
    this.#cancelHold?.();
    this.#cancelHold = undefined;
    this.flush();
  }

  request(request: DeltaDiscoveryRequest): void {
    const { typeUrl, resourceNamesSubscribe, resourceNamesUnsubscribe } = request;
    // A type that we never have: the client's own timer ends its wait.
    if (!KNOWN_TYPES.has(typeUrl)) return;
    let state = this.#types.get(typeUrl);
    if (state === undefined) {
      state = new TypeState(request);
      this.#types.set(typeUrl, state);
    } else {
      this.#answer(state, request);
      // Changes of subscription count even with an old nonce.
      state.unsubscribe(resourceNamesUnsubscribe);
      state.subscribe(resourceNamesSubscribe);
    }
    if (state.size > NAMES_MAX) this.#options.fail('exhausted', `more than ${NAMES_MAX} names of ${typeUrl}`);
    else this.flush();
  }

  #answer(state: TypeState, request: DeltaDiscoveryRequest): void {
    if (request.responseNonce === '' || request.responseNonce !== state.outstanding) return;
    state.outstanding = undefined;
    this.#ackDeadlines.get(state.typeUrl)?.();
    this.#ackDeadlines.delete(state.typeUrl);
    if (request.errorDetail === undefined) this.#options.onAck(state.typeUrl);
    else this.#options.onNack(state.typeUrl, request.errorDetail.message);
  }

  /** Sends what may go now: make (clusters, endpoints, secrets, listeners, routes) before break. */
  flush(): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    let isMade = true;
    for (const typeUrl of UPSERT_ORDER) {
      const state = this.#types.get(typeUrl);
      if (state === undefined) continue;
      const difference = state.difference(snapshot);
      if (state.outstanding !== undefined || !isDue(difference, state, 'make')) {
        isMade &&= state.outstanding === undefined;
        continue;
      }
      isMade = false;
      if (this.#isHeld(typeUrl, snapshot)) this.#startHold();
      else this.#send(state, difference.upserts, difference.absent);
    }
    if (isMade) this.#break(snapshot);
  }

  #break(snapshot: Snapshot): void {
    for (const typeUrl of REMOVAL_ORDER) {
      const state = this.#types.get(typeUrl);
      if (state === undefined) continue;
      const { gone } = state.difference(snapshot);
      if (gone.length > 0) this.#send(state, [], gone);
    }
  }

  /** Listeners and routes wait until the client has the clusters, and the endpoints of those, that they may name. */
  #isHeld(typeUrl: string, snapshot: Snapshot): boolean {
    if (this.#holdExpired || (typeUrl !== LISTENER_TYPE && typeUrl !== ROUTE_TYPE)) return false;
    const clusters = this.#types.get(CLUSTER_TYPE);
    const endpoints = this.#types.get(ENDPOINT_TYPE);
    for (const state of [clusters, endpoints]) {
      if (state === undefined) continue;
      if (state.outstanding !== undefined || isDue(state.difference(snapshot), state, 'make')) return true;
    }
    if (clusters === undefined) return false;
    const assignments = snapshot.ofType(ENDPOINT_TYPE);
    for (const name of clusters.held()) {
      if (assignments.has(name) && endpoints?.wants(name) !== true) return true;
    }
    return false;
  }

  #startHold(): void {
    this.#cancelHold ??= this.#options.timers.after(HOLD_MS, () => {
      this.#cancelHold = undefined;
      this.#holdExpired = true;
      this.flush();
    });
  }

  #send(state: TypeState, upserts: readonly EncodedResource[], removed: readonly string[]): void {
    const { typeUrl } = state;
    const version = String(this.#snapshot?.key.revision ?? 0);
    const { response, nonce } = this.#options.memo.response(version, typeUrl, upserts, removed);
    state.sent(upserts, removed, nonce);
    const endpoints = this.#types.get(ENDPOINT_TYPE);
    if (typeUrl === CLUSTER_TYPE && this.#options.resendsEndpoints) {
      for (const { name } of upserts) endpoints?.resend(name);
    }
    const cancel = this.#options.timers.after(ACK_DEADLINE_MS, () =>
      this.#options.fail('deadline', `no answer to a response of ${typeUrl}`),
    );
    this.#ackDeadlines.get(typeUrl)?.();
    this.#ackDeadlines.set(typeUrl, cancel);
    this.#options.write(response, typeUrl);
  }
}

function isDue({ upserts, absent, gone }: Difference, state: TypeState, part: 'make' | 'all' = 'all'): boolean {
  return upserts.length > 0 || absent.length > 0 || state.answerOwed || (part === 'all' && gone.length > 0);
}
