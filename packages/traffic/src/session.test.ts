import { describe, expect, it } from 'vitest';
import type { SessionConfig } from './config.ts';
import { sessionHeader, sessionToken, tokenOf } from './session.ts';
import { makeRequest } from './testing.ts';

const COOKIE: SessionConfig = { type: 'cookie', name: 'basket', maxAgeSeconds: 0 };
const HEADER: SessionConfig = { type: 'header', name: 'x-session', maxAgeSeconds: 0 };

describe('a token', () => {
  it('is the same for a workload, another for others, and says nothing', () => {
    const names = Array.from({ length: 2_000 }, (_, index) => `shop/reviews-${index}`);
    const tokens = names.map(sessionToken);
    expect(new Set(tokens).size).toBe(names.length);
    expect(names.map(sessionToken)).toEqual(tokens);
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{16}$/);
  });

  it('is read from the cookie or header that the session has', () => {
    const request = makeRequest({ headers: { cookie: 'theme=dark; basket=abc', 'x-session': 'def' } });
    expect(tokenOf(COOKIE, request)).toBe('abc');
    expect(tokenOf(HEADER, request)).toBe('def');
    expect(tokenOf({ ...COOKIE, name: 'other' }, request)).toBeUndefined();
  });
});

it('a session begins with a cookie that scripts cannot read, for as long as it says', () => {
  expect(sessionHeader(COOKIE, 'abc')).toEqual({
    name: 'set-cookie',
    value: 'basket=abc; Path=/; HttpOnly; SameSite=Lax',
  });
  expect(sessionHeader({ ...COOKIE, maxAgeSeconds: 60 }, 'abc').value).toBe(
    'basket=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax',
  );
  expect(sessionHeader(HEADER, 'abc')).toEqual({ name: 'x-session', value: 'abc' });
});
