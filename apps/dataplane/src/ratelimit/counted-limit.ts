// What a request for a decision asks to be counted: each limit with its bucket's name, whoever asks.
import { createHash } from 'node:crypto';
import { type DescriptorEntry, LIMIT_ENTRY, parseRate, RATE_ENTRY } from '@malha/traffic/rate-limit/descriptor';
import type { BucketShape } from '@malha/traffic/rate-limit/token-bucket';

/** A bucket in the store. */
export interface CountedLimit {
  readonly bucket: string;
  readonly shape: BucketShape;
}

export interface AskedDescriptor {
  readonly entries: readonly DescriptorEntry[];
  /** A limit that the caller sends beside the entries, as Envoy can. */
  readonly override: { readonly requests: number; readonly intervalMs: number } | undefined;
}

const PREFIX = 'malha:ratelimit:';

/**
 * Undefined: the descriptor names no limit, so that there is nothing to count. The rate is no part of the bucket's name:
 * a limit that is changed goes on with what was taken.
 */
export function countedLimit(domain: string, { entries, override }: AskedDescriptor): CountedLimit | undefined {
  const rate = entries.find(({ key }) => key === RATE_ENTRY);
  const shape = rate === undefined ? shapeOf(override) : parseRate(rate.value);
  if (shape === undefined) return undefined;
  const id = entries.find(({ key }) => key === LIMIT_ENTRY)?.value ?? '';
  const parts = entries.filter(({ key }) => key !== RATE_ENTRY).map(({ key, value }) => [key, value]);
  // Of fixed length, whatever callers put into headers.
  const digest = createHash('sha256')
    .update(JSON.stringify([domain, ...parts]))
    .digest('base64url');
  return { bucket: `${PREFIX}${id.slice(0, 128)}:${digest}`, shape };
}

function shapeOf(override: AskedDescriptor['override']): BucketShape | undefined {
  return override === undefined || override.requests === 0 ? undefined : { ...override, burst: override.requests };
}
