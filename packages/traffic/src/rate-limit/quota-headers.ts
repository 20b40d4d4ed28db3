// The headers that tell a client of its quota: RateLimit and RateLimit-Policy of draft-ietf-httpapi-ratelimit-headers-10
// (structured fields since draft 08), and Retry-After (RFC 9110 §10.2.3).
import type { HeaderValue } from '../config.ts';
import type { LimitDecision, Quota } from './rate-limiter.ts';
import type { RateLimitRule } from './rule.ts';

const MS_PER_SECOND = 1000;

/** None for a request that passes limits which do not announce themselves. */
export function quotaHeaders({ refusedBy, waitMs, quotas }: LimitDecision): HeaderValue[] {
  if (quotas.length === 0) return [];
  const headers = [
    { name: 'ratelimit-policy', value: quotas.map(({ rule }) => policyItem(rule)).join(', ') },
    { name: 'ratelimit', value: quotas.map(quotaItem).join(', ') },
  ];
  if (refusedBy !== undefined) headers.unshift({ name: 'retry-after', value: String(seconds(waitMs)) });
  return headers;
}

/** `q`: how many at once; `w`: seconds in which so many come anew. */
function policyItem({ id, requests, intervalMs, burst }: RateLimitRule): string {
  return `"${shortName(id)}";q=${burst};w=${seconds((burst * intervalMs) / requests)}`;
}

/** `r`: how many are left; `t`: seconds until all are. */
function quotaItem({ rule, remaining, resetMs }: Quota): string {
  return `"${shortName(rule.id)}";r=${remaining};t=${seconds(resetMs)}`;
}

/** The name of the limit alone: clients need not know how the mesh is divided. */
function shortName(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/** Up, and at least 1: a client that comes back then is let through. */
function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / MS_PER_SECOND));
}
