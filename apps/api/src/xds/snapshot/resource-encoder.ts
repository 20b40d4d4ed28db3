// Encodes each resource once, whoever it goes to and however often the world is made anew.
import { versionOf } from '@malha/xds';
import type { ResourcePlan } from '../dialects/dialect.ts';
import { resourceChunk } from './wire.ts';

export interface EncodedResource {
  readonly typeUrl: string;
  readonly name: string;
  /** Content hash. */
  readonly version: string;
  /** The resource as it stands in a delta response. */
  readonly chunk: Buffer;
}

/** One for each dialect: the same data has other bytes in another dialect. */
export class ResourceEncoder {
  /** Shortcut for objects that many scopes of one world share. */
  readonly #bySource = new WeakMap<object, EncodedResource>();
  readonly #byContent = new Generations<EncodedResource>();
  readonly #byParts = new Generations<EncodedResource>();
  readonly #byVersion = new Generations<EncodedResource>();
  readonly #identities = new WeakMap<object, number>();
  #nextIdentity = 1;

  /** Another world: what it does not use any more goes with the one after it. */
  nextGeneration(): void {
    for (const memo of [this.#byContent, this.#byParts, this.#byVersion]) memo.next();
  }

  /** Equal bytes are the same object, so that a snapshot sees by `===` what changed. */
  encode(plan: ResourcePlan): EncodedResource {
    const { typeUrl, name, source } = plan;
    if (isList(source)) {
      const key = `${typeUrl}\n${name}\n${source.map((part) => this.#identityOf(part)).join(',')}`;
      return this.#byParts.get(key) ?? this.#byParts.set(key, this.#make(plan));
    }
    const known = this.#bySource.get(source);
    if (known !== undefined) return known;
    const key = `${typeUrl}\n${name}\n${JSON.stringify(source)}`;
    const encoded = this.#byContent.get(key) ?? this.#byContent.set(key, this.#make(plan));
    this.#bySource.set(source, encoded);
    return encoded;
  }

  #make({ typeUrl, name, bytes }: ResourcePlan): EncodedResource {
    const any = bytes();
    const version = versionOf(any);
    const key = `${typeUrl}\n${name}\n${version}`;
    const known = this.#byVersion.get(key);
    if (known !== undefined) return known;
    return this.#byVersion.set(key, { typeUrl, name, version, chunk: resourceChunk({ typeUrl, name, version, any }) });
  }

  #identityOf(part: object): number {
    const known = this.#identities.get(part);
    if (known !== undefined) return known;
    const identity = this.#nextIdentity++;
    this.#identities.set(part, identity);
    return identity;
  }
}

/** A memo that forgets what two generations did not ask for. */
class Generations<T> {
  #current = new Map<string, T>();
  #former = new Map<string, T>();

  next(): void {
    this.#former = this.#current;
    this.#current = new Map();
  }

  get(key: string): T | undefined {
    const known = this.#current.get(key);
    if (known !== undefined) return known;
    const former = this.#former.get(key);
    if (former !== undefined) this.#current.set(key, former);
    return former;
  }

  set(key: string, value: T): T {
    this.#current.set(key, value);
    return value;
  }
}

function isList(source: object | readonly object[]): source is readonly object[] {
  return Array.isArray(source);
}
