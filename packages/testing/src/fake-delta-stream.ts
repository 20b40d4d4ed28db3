// The server's end of one delta discovery stream, as small as the protocol allows: for tests of clients.
import { create } from '@bufbuild/protobuf';
import type * as grpc from '@grpc/grpc-js';
import {
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
} from '@malha/xds/generated/envoy/service/discovery/v3/discovery_pb';

export interface FakeResource {
  readonly typeUrl: string;
  readonly name: string;
  readonly version: string;
  readonly value: Uint8Array;
}

export interface Nack {
  readonly typeUrl: string;
  readonly message: string;
}

interface TypeState {
  isWildcard: boolean;
  readonly names: Set<string>;
  /** Versions that the client has, or has been sent. */
  readonly versions: Map<string, string>;
  /** Asked for and told that it is not there. */
  readonly toldAbsent: Set<string>;
}

export class FakeDeltaStream {
  readonly #types = new Map<string, TypeState>();
  #nonce = 0;

  constructor(
    private readonly call: grpc.ServerDuplexStream<DeltaDiscoveryRequest, DeltaDiscoveryResponse>,
    private readonly resources: () => readonly FakeResource[],
    private readonly onNack: (nack: Nack) => void,
  ) {
    call.on('data', (request: DeltaDiscoveryRequest) => this.#receive(request));
    call.on('error', () => {});
    call.on('end', () => call.end());
  }

  /** Sends what the client does not have yet, in an order that never refers to what is not there. */
  push(order: readonly string[]): void {
    for (const typeUrl of [...order, ...[...this.#types.keys()].filter((type) => !order.includes(type))]) {
      this.#pushType(typeUrl);
    }
  }

  #receive(request: DeltaDiscoveryRequest): void {
    const state = this.#of(request.typeUrl);
    if (request.errorDetail !== undefined) {
      this.onNack({ typeUrl: request.typeUrl, message: request.errorDetail.message });
    }
    for (const [name, version] of Object.entries(request.initialResourceVersions)) state.versions.set(name, version);
    for (const name of request.resourceNamesSubscribe) {
      if (name === '*') state.isWildcard = true;
      else state.names.add(name);
    }
    for (const name of request.resourceNamesUnsubscribe) {
      state.names.delete(name);
      state.versions.delete(name);
      state.toldAbsent.delete(name);
    }
    if (request.resourceNamesSubscribe.length > 0) this.#pushType(request.typeUrl);
  }

  #pushType(typeUrl: string): void {
    const state = this.#types.get(typeUrl);
    if (state === undefined) return;
    const wanted = this.resources().filter(
      (each) => each.typeUrl === typeUrl && (state.isWildcard || state.names.has(each.name)),
    );
    const there = new Set(wanted.map((each) => each.name));
    const changed = wanted.filter((each) => state.versions.get(each.name) !== each.version);
    const removed = [...state.versions.keys()].filter((name) => !there.has(name));
    const absent = [...state.names].filter((name) => !there.has(name) && !state.toldAbsent.has(name));
    for (const each of changed) state.versions.set(each.name, each.version);
    for (const each of changed) state.toldAbsent.delete(each.name);
    for (const name of removed) state.versions.delete(name);
    for (const name of absent) state.toldAbsent.add(name);
    const gone = [...new Set([...removed, ...absent])];
    if (changed.length === 0 && gone.length === 0) return;
    this.call.write(
      create(DeltaDiscoveryResponseSchema, {
        typeUrl,
        nonce: String(++this.#nonce),
        removedResources: gone,
        resources: changed.map((each) => ({
          name: each.name,
          version: each.version,
          resource: { typeUrl: each.typeUrl, value: each.value },
        })),
      }),
    );
  }

  #of(typeUrl: string): TypeState {
    const known = this.#types.get(typeUrl);
    if (known !== undefined) return known;
    const fresh: TypeState = { isWildcard: false, names: new Set(), versions: new Map(), toldAbsent: new Set() };
    this.#types.set(typeUrl, fresh);
    return fresh;
  }
}
