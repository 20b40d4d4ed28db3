// Content hashes: the version of a resource, and of a whole configuration.
import { createHash } from 'node:crypto';

/** Version of a resource: equal bytes have equal versions, on every replica. 16 hex digits. */
export function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

export interface VersionedName {
  readonly typeUrl: string;
  readonly name: string;
  readonly version: string;
}

/** What an agent reports as served and a snapshot has as wanted: SHA-256 over sorted lines, the first 16 bytes in hex. */
export function configHash(resources: Iterable<VersionedName>): string {
  const lines = Array.from(resources, ({ typeUrl, name, version }) => `${typeUrl}\0${name}\0${version}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 32);
}
