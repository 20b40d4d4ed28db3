// Responses of a push under way: streams with the same need share one Buffer and its nonce.
import type { EncodedResource } from '../snapshot/resource-encoder.ts';
import { deltaResponse } from '../snapshot/wire.ts';

export interface MadeResponse {
  readonly response: Buffer;
  readonly nonce: string;
}

export class ResponseMemo {
  #shared: Map<string, MadeResponse> | undefined;
  #serial = 0;

  /** While `push` runs, synchronously, equal responses are made once. No stream gets one twice: what was sent is no difference any more. */
  sharing(push: () => void): void {
    this.#shared = new Map();
    try {
      push();
    } finally {
      this.#shared = undefined;
    }
  }

  response(
    systemVersion: string,
    typeUrl: string,
    upserts: readonly EncodedResource[],
    removed: readonly string[],
  ): MadeResponse {
    if (this.#shared === undefined) return this.#make(systemVersion, typeUrl, upserts, removed);
    const parts = upserts.map(({ name, version }) => `${name}@${version}`);
    const key = `${systemVersion}\n${typeUrl}\n${parts.join('\n')}\n-\n${removed.join('\n')}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const made = this.#make(systemVersion, typeUrl, upserts, removed);
    this.#shared.set(key, made);
    return made;
  }

  #make(
    systemVersion: string,
    typeUrl: string,
    upserts: readonly EncodedResource[],
    removed: readonly string[],
  ): MadeResponse {
    this.#serial += 1;
    const nonce = String(this.#serial);
    const chunks = upserts.map(({ chunk }) => chunk);
    return { nonce, response: deltaResponse({ systemVersion, typeUrl, nonce, chunks, removed }) };
  }
}
