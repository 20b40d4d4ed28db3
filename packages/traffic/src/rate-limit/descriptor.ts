// Global limits on the wire: a descriptor carries the limit itself, so that the service that counts needs no configuration.
import type { BucketShape } from './token-bucket.ts';

/** Key and value of a descriptor's entry. */
export interface DescriptorEntry {
  readonly key: string;
  readonly value: string;
}

/** Entry with the id of the limit, `<namespace>/<policy>/<limit>`. */
export const LIMIT_ENTRY = 'limit';
/** Entry with the limit: `<requests>/<interval in ms>/<burst>`. */
export const RATE_ENTRY = 'rate';
/** Domain of the mesh's own requests. */
export const LIMIT_DOMAIN = 'malha';

const RATE = /^([1-9]\d{0,9})\/([1-9]\d{0,9})\/([1-9]\d{0,9})$/;

export function rateText({ requests, intervalMs, burst }: BucketShape): string {
  return `${requests}/${intervalMs}/${burst}`;
}

/** Undefined: not what `rateText` writes. */
export function parseRate(text: string): BucketShape | undefined {
  const match = RATE.exec(text);
  if (match === null) return undefined;
  return { requests: Number(match[1]), intervalMs: Number(match[2]), burst: Number(match[3]) };
}
