// Global limits on the wire: a descriptor carries the limit itself, so that the service that counts needs no configuration.
import { type LimitedRequest, limitKeyValue } from './rate-limiter.ts';
import type { LimitKey, RateLimitRule } from './rule.ts';
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

/** Says that the limit's condition holds; Envoy needs an entry for that. */
export const MATCH_ENTRY: DescriptorEntry = { key: 'match', value: 'yes' };
/** Of a request without the value of a key, and of one whose value is empty: entries may not be. */
export const ABSENT_VALUE = '-';
/** Envoy's name for its own action; keys of other kinds are `key<index>`. */
const ADDRESS_ENTRY = 'remote_address';

const RATE = /^([1-9]\d{0,9})\/([1-9]\d{0,9})\/([1-9]\d{0,9})$/;

export function keyEntryName(key: LimitKey, index: number): string {
  return key.type === 'address' ? ADDRESS_ENTRY : `key${index}`;
}

/** What is asked for a request that falls under the limit; all proxies, also Envoys, must ask with the same entries. */
export function descriptorOf(rule: RateLimitRule, request: LimitedRequest): DescriptorEntry[] {
  return [
    { key: LIMIT_ENTRY, value: rule.id },
    MATCH_ENTRY,
    ...rule.keys.map((key, index) => ({
      key: keyEntryName(key, index),
      value: limitKeyValue(key, request) || ABSENT_VALUE,
    })),
    { key: RATE_ENTRY, value: rateText(rule) },
  ];
}

export function rateText({ requests, intervalMs, burst }: BucketShape): string {
  return `${requests}/${intervalMs}/${burst}`;
}

/** Undefined: not what `rateText` writes. */
export function parseRate(text: string): BucketShape | undefined {
  const match = RATE.exec(text);
  if (match === null) return undefined;
  return { requests: Number(match[1]), intervalMs: Number(match[2]), burst: Number(match[3]) };
}
