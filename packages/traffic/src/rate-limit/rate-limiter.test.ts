import { expect, test } from 'vitest';
import { EVERY_REQUEST } from '../request-condition.ts';
import { BucketTable } from './bucket-table.ts';
import { quotaHeaders } from './quota-headers.ts';
import { type LimitedRequest, RateLimiter } from './rate-limiter.ts';
import type { RateLimitRule } from './rule.ts';

const RULE: RateLimitRule = {
  id: 'shop/limits/all',
  condition: EVERY_REQUEST,
  keys: [],
  announces: false,
  requests: 2,
  intervalMs: 60_000,
  burst: 2,
};

function limiter(...rules: Partial<RateLimitRule>[]): RateLimiter {
  const named = rules.map((rule, index) => ({ ...RULE, id: `shop/limits/${index}`, ...rule }));
  return new RateLimiter(
    '80',
    named,
    BucketTable.create(() => 0.5),
  );
}

function request(parts: Partial<LimitedRequest> & { readonly headers?: Record<string, string> } = {}): LimitedRequest {
  const { headers = {}, ...rest } = parts;
  return {
    principal: 'spiffe://mesh.local/ns/shop/sa/front',
    sourceIp: '10.0.0.1',
    method: 'GET',
    path: '/',
    header: (name) => headers[name],
    ...rest,
  };
}

/** How many of `count` such requests pass. */
function passing(of: RateLimiter, count: number, parts: Parameters<typeof request>[0] = {}): number {
  let passed = 0;
  for (let sent = 0; sent < count; sent += 1) if (of.decide(request(parts), 1000).refusedBy === undefined) passed += 1;
  return passed;
}

test('requests beyond the burst are refused by the limit that has none left', () => {
  const limits = limiter({ id: 'shop/limits/all' });
  expect(passing(limits, 2)).toBe(2);
  expect(limits.decide(request(), 1000)).toMatchObject({ refusedBy: { id: 'shop/limits/all' }, waitMs: 30_000 });
});

test.each([
  ['identity', { keys: [{ type: 'identity' }] }, { principal: 'spiffe://mesh.local/ns/shop/sa/other' }],
  ['address', { keys: [{ type: 'address' }] }, { sourceIp: '10.0.0.2' }],
  ['path', { keys: [{ type: 'path' }] }, { path: '/b?x=1' }],
  ['header', { keys: [{ type: 'header', name: 'x-user' }] }, { headers: { 'x-user': 'b' } }],
] as const)('by %s each value has a bucket of its own', (_name, rule, other) => {
  const limits = limiter(rule);
  expect(passing(limits, 3, { path: '/a', headers: { 'x-user': 'a' } })).toBe(2);
  expect(passing(limits, 3, other)).toBe(2);
});

test('the query does not give a path another bucket', () => {
  const limits = limiter({ keys: [{ type: 'path' }] });
  expect(passing(limits, 2, { path: '/a?x=1' })).toBe(2);
  expect(passing(limits, 1, { path: '/a?x=2' })).toBe(0);
});

test('leaving the header out does not get around the limit', () => {
  const limits = limiter({ keys: [{ type: 'header', name: 'x-user' }] });
  expect(passing(limits, 5)).toBe(2);
});

test('a limit counts what it matches alone', () => {
  const limits = limiter({ condition: { ...EVERY_REQUEST, methods: ['POST'], paths: ['/api*'] } });
  expect(passing(limits, 5)).toBe(5);
  expect(passing(limits, 5, { method: 'POST', path: '/web' })).toBe(5);
  expect(passing(limits, 5, { method: 'POST', path: '/api/a' })).toBe(2);
});

test('a condition on callers leaves those without a proven identity alone', () => {
  const limits = limiter({ condition: { ...EVERY_REQUEST, principals: ['spiffe://mesh.local/ns/shop/*'] } });
  expect(passing(limits, 5, { principal: undefined })).toBe(5);
  expect(passing(limits, 5)).toBe(2);
});

test('what one limit refuses costs nothing of another', () => {
  const limits = limiter({ burst: 10 }, { burst: 1, condition: { ...EVERY_REQUEST, paths: ['/rare'] } });
  expect(passing(limits, 8, { path: '/rare' })).toBe(1);
  expect(passing(limits, 20)).toBe(9);
});

test('a refusal says when to come back and what the limit is; what passes says it where asked for', () => {
  const limits = limiter({ id: 'shop/limits/quiet' });
  expect(quotaHeaders(limits.decide(request(), 1000))).toEqual([]);
  limits.decide(request(), 1000);
  expect(quotaHeaders(limits.decide(request(), 1000))).toEqual([
    { name: 'retry-after', value: '30' },
    { name: 'ratelimit-policy', value: '"quiet";q=2;w=60' },
    { name: 'ratelimit', value: '"quiet";r=0;t=60' },
  ]);
  const loud = limiter({ id: 'shop/limits/loud', announces: true });
  expect(quotaHeaders(loud.decide(request(), 1000))).toEqual([
    { name: 'ratelimit-policy', value: '"loud";q=2;w=60' },
    { name: 'ratelimit', value: '"loud";r=1;t=30' },
  ]);
});
