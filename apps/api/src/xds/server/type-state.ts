// What a delta stream knows of one resource type: what the client asked for, what it was sent, what it still has to get.
import { WILDCARD_TYPES } from '@malha/xds';
import type { DeltaDiscoveryRequest } from '@malha/xds/generated/envoy/service/discovery/v3/discovery_pb';
import type { EncodedResource } from '../snapshot/resource-encoder.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** Bound of what one client may ask for by name. */
export const NAMES_MAX = 50_000;
/** Stands for the version of a resource of which the client was told that it does not exist. */
const ABSENT = '';

export interface Difference {
  readonly upserts: readonly EncodedResource[];
  /** Asked for, not there, and not said yet. */
  readonly absent: readonly string[];
  /** Sent once and gone now. */
  readonly gone: readonly string[];
}

export class TypeState {
  readonly typeUrl: string;
  /** Nonce of the response that is not answered yet; further changes wait and come merged. */
  outstanding: string | undefined;
  #wildcard = false;
  readonly #names = new Set<string>();
  readonly #sent = new Map<string, string>();
  /** Owed an answer even if nothing changed. */
  readonly #owed = new Set<string>();
  #answerOwed = false;

  /** From the first request of its type on a stream. */
  constructor(first: DeltaDiscoveryRequest) {
    this.typeUrl = first.typeUrl;
    // The old way to say "*": a first request without names.
    this.#wildcard = WILDCARD_TYPES.has(first.typeUrl) && first.resourceNamesSubscribe.length === 0;
    for (const [name, version] of Object.entries(first.initialResourceVersions)) this.#sent.set(name, version);
    this.subscribe(first.resourceNamesSubscribe, true);
    // What the client still holds and did not ask for is none of our business.
    for (const name of this.#sent.keys()) if (!this.wants(name)) this.#sent.delete(name);
    // An empty answer ends the warming of a client that subscribed to all of nothing.
    this.#answerOwed = this.#wildcard;
  }

  get size(): number {
    return this.#names.size;
  }

  wants(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  hasName(name: string): boolean {
    return this.#names.has(name);
  }

  /** Names of which the client has a version. */
  *held(): Generator<string> {
    for (const [name, version] of this.#sent) if (version !== ABSENT) yield name;
  }

  subscribe(names: readonly string[], isFirst = false): void {
    for (const name of names) {
      if (name === '*') {
        this.#wildcard = true;
        this.#answerOwed = true;
        continue;
      }
      // A subscription is always answered, except by what the client says it has.
      if (!isFirst || !this.#sent.has(name)) this.#owed.add(name);
      this.#names.add(name);
    }
  }

  /** A client that keeps "*" cannot know whether the name is part of it, so it is told. A name never asked for is ignored. */
  unsubscribe(names: readonly string[]): void {
    for (const name of names) {
      if (name === '*') this.#wildcard = false;
      else if (this.#names.delete(name) && this.#wildcard) this.#owed.add(name);
    }
    for (const name of names) {
      if (name !== '*' && !this.wants(name)) {
        this.#sent.delete(name);
        this.#owed.delete(name);
      }
    }
    if (!names.includes('*')) return;
    for (const name of this.#sent.keys()) if (!this.wants(name)) this.#sent.delete(name);
  }

  /** The resource is sent again with the next response even if it is the same. */
  resend(name: string): void {
    if (this.#sent.has(name)) this.#owed.add(name);
  }

  difference(snapshot: Snapshot): Difference {
    const all = snapshot.ofType(this.typeUrl);
    const upserts: EncodedResource[] = [];
    const absent: string[] = [];
    const gone: string[] = [];
    const candidates = this.#wildcard ? new Set([...all.keys(), ...this.#names]) : this.#names;
    for (const name of candidates) {
      const resource = all.get(name);
      const sent = this.#sent.get(name);
      if (resource !== undefined) {
        if (sent !== resource.version || this.#owed.has(name)) upserts.push(resource);
      } else if (sent === undefined || (sent === ABSENT && this.#owed.has(name))) absent.push(name);
    }
    for (const name of this.held()) if (!all.has(name)) gone.push(name);
    for (const name of this.#owed) if (!all.has(name) && !candidates.has(name)) absent.push(name);
    return { upserts, absent, gone };
  }

  /** Whether a response is due even without any resource. */
  get answerOwed(): boolean {
    return this.#answerOwed;
  }

  sent(upserts: readonly EncodedResource[], removed: readonly string[], nonce: string): void {
    this.#answerOwed = false;
    this.outstanding = nonce;
    for (const { name, version } of upserts) {
      this.#sent.set(name, version);
      this.#owed.delete(name);
    }
    for (const name of removed) {
      this.#owed.delete(name);
      if (this.#names.has(name)) this.#sent.set(name, ABSENT);
      else this.#sent.delete(name);
    }
  }
}
