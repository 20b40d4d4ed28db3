// One resource type of a delta xDS client: what is subscribed to, what is held, and what a response means.
import type { DeltaDiscoveryResponse } from './generated/envoy/service/discovery/v3/discovery_pb.ts';

export interface ReceivedResource {
  readonly typeUrl: string;
  readonly name: string;
  readonly version: string;
  readonly value: Uint8Array;
}

export interface ReceivedError {
  readonly name: string;
  readonly message: string;
}

export interface Received {
  readonly upserts: readonly ReceivedResource[];
  readonly removed: readonly string[];
  /** Faults of the response itself. */
  readonly errors: readonly ReceivedError[];
}

export class DeltaSubscription {
  readonly typeUrl: string;
  wildcard = false;
  readonly names = new Set<string>();
  /** Versions of the resources that were accepted. */
  readonly versions = new Map<string, string>();

  constructor(typeUrl: string) {
    this.typeUrl = typeUrl;
  }

  get active(): boolean {
    return this.wildcard || this.names.size > 0;
  }

  /** Returns the names that the server has to be told of. */
  add(names: readonly string[]): string[] {
    return names.filter((name) => {
      if (name === '*') {
        const fresh = !this.wildcard;
        this.wildcard = true;
        return fresh;
      }
      if (this.names.has(name)) return false;
      this.names.add(name);
      return true;
    });
  }

  /** A name given up while "*" is subscribed to is answered by the server: it may still be part of "*". */
  remove(names: readonly string[]): string[] {
    return names.filter((name) => {
      if (!this.names.delete(name)) return false;
      if (!this.wildcard) this.versions.delete(name);
      return true;
    });
  }

  /** Everything that a new stream has to be told. */
  resubscribe(): { readonly subscribe: string[]; readonly initialVersions: Record<string, string> } {
    return {
      subscribe: [...(this.wildcard ? ['*'] : []), ...this.names],
      initialVersions: Object.fromEntries(this.versions),
    };
  }

  /** Sorts out a response; versions are recorded by `accept`, when the resources proved good. */
  receive(response: DeltaDiscoveryResponse): Received {
    const errors: ReceivedError[] = [];
    const upserts: ReceivedResource[] = [];
    const seen = new Set<string>();
    for (const { name, version, resource } of response.resources) {
      if (seen.has(name)) {
        errors.push({ name, message: `${name}: twice in one response` });
        continue;
      }
      seen.add(name);
      // Never asked for, or not any more; and a heartbeat, which only renews a time to live.
      if (!this.#wants(name) || resource === undefined) continue;
      if (resource.typeUrl !== this.typeUrl) {
        errors.push({ name, message: `${name}: is a ${resource.typeUrl}` });
        continue;
      }
      upserts.push({ typeUrl: this.typeUrl, name, version, value: resource.value });
    }
    const twice = new Set(errors.map(({ name }) => name));
    return {
      upserts: upserts.filter(({ name }) => !twice.has(name)),
      removed: response.removedResources.filter((name) => this.#wants(name) && !seen.has(name)),
      errors,
    };
  }

  accept(upserts: readonly ReceivedResource[], removed: readonly string[], refused: ReadonlySet<string>): void {
    for (const { name, version } of upserts) {
      if (!refused.has(name)) this.versions.set(name, version);
    }
    for (const name of removed) this.versions.delete(name);
  }

  #wants(name: string): boolean {
    return this.wildcard || this.names.has(name);
  }
}
