// Encodes each resource once, whoever it goes to and however often the world is made anew.
import { versionOf } from '@malha/xds';
import type { ResourcePlan } from '../dialects/dialect.ts';
import { RecentMap } from './recent-map.ts';
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
  readonly #byContent = new RecentMap<EncodedResource>();
  readonly #byParts = new RecentMap<EncodedResource>();
  readonly #byVersion = new RecentMap<EncodedResource>();
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

function isList(source: object | readonly object[]): source is readonly object[] {
  return Array.isArray(source);
}
