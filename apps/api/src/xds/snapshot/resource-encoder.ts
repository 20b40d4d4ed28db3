// Encodes each resource once, whoever it goes to: the memo goes by the objects that decide the bytes.
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

/** One for each dialect: the same object has other bytes in another dialect. */
export class ResourceEncoder {
  readonly #bySource = new WeakMap<object, EncodedResource>();
  /** Of resources made of several objects; kept for one generation only. */
  #byParts = new Map<string, EncodedResource>();
  readonly #identities = new WeakMap<object, number>();
  #nextIdentity = 1;

  /** Another world: its objects are others. */
  nextGeneration(): void {
    this.#byParts = new Map();
  }

  encode(plan: ResourcePlan): EncodedResource {
    if (isList(plan.source)) {
      const key = `${plan.typeUrl}\n${plan.name}\n${plan.source.map((part) => this.#identityOf(part)).join(',')}`;
      const known = this.#byParts.get(key);
      if (known !== undefined) return known;
      const encoded = encode(plan);
      this.#byParts.set(key, encoded);
      return encoded;
    }
    const known = this.#bySource.get(plan.source);
    if (known !== undefined) return known;
    const encoded = encode(plan);
    this.#bySource.set(plan.source, encoded);
    return encoded;
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

function encode(plan: ResourcePlan): EncodedResource {
  const { typeUrl, name } = plan;
  const any = plan.bytes();
  const version = versionOf(any);
  return { typeUrl, name, version, chunk: resourceChunk({ typeUrl, name, version, any }) };
}
