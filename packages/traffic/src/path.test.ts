import { describe, expect, it } from 'vitest';
import type { RedirectAction } from './config.ts';
import { applyHeaderMutation, NO_MUTATION, redirectLocation, splitAuthority } from './mutation.ts';
import { normalizePath, rewritePath } from './path.ts';

describe('rewritePath', () => {
  // The table of the Gateway API for ReplacePrefixMatch.
  it.each([
    ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
    ['/foo', '/foo', '/xyz', '/xyz'],
    ['/foo/', '/foo', '/xyz', '/xyz/'],
    ['/foo/bar', '/foo', '', '/bar'],
    ['/foo/', '/foo', '', '/'],
    ['/foo', '/foo', '', '/'],
    ['/foo/', '/foo', '/', '/'],
    ['/foo', '/foo', '/', '/'],
    ['/foo/bar?q=1', '/foo', '/xyz', '/xyz/bar?q=1'],
    ['/bar', '/', '/xyz', '/xyz/bar'],
  ])('%s with prefix %s replaced by "%s" is %s', (target, prefix, value, expected) => {
    expect(rewritePath({ type: 'prefix', value }, { type: 'prefix', value: prefix }, target)).toBe(expected);
  });

  it('replaces the full path and keeps the query', () => {
    expect(rewritePath({ type: 'full', value: '/x' }, { type: 'exact', value: '/a' }, '/a?b=c')).toBe('/x?b=c');
    expect(rewritePath({ type: 'full', value: '' }, { type: 'exact', value: '/a' }, '/a')).toBe('/');
  });
});

describe('redirectLocation', () => {
  const match = { type: 'prefix', value: '/a' } as const;
  const request = { scheme: 'http', authority: 'shop:9080', path: '/a/b?c' } as const;
  const location = (parts: Partial<RedirectAction>) =>
    redirectLocation({ type: 'redirect', status: 302, responseHeaders: NO_MUTATION, ...parts }, match, request);

  it('keeps what is not changed', () => {
    expect(location({})).toBe('http://shop:9080/a/b?c');
    expect(location({ host: 'other' })).toBe('http://other:9080/a/b?c');
  });

  it('gives a new scheme its own port, and leaves usual ports out', () => {
    expect(location({ scheme: 'https' })).toBe('https://shop/a/b?c');
    expect(location({ scheme: 'https', port: 8443 })).toBe('https://shop:8443/a/b?c');
    expect(location({ scheme: 'https', port: 443 })).toBe('https://shop/a/b?c');
    expect(location({ port: 80 })).toBe('http://shop/a/b?c');
  });

  it('rewrites the path', () => {
    expect(location({ path: { type: 'prefix', value: '/z' } })).toBe('http://shop:9080/z/b?c');
  });
});

describe('splitAuthority', () => {
  it.each([
    ['a', 'a', undefined],
    ['a:80', 'a', 80],
    ['[::1]', '[::1]', undefined],
    ['[::1]:80', '[::1]', 80],
    ['a:', 'a', undefined],
  ])('%s', (authority, host, port) => {
    expect(splitAuthority(authority)).toEqual({ host, port });
  });
});

describe('normalizePath', () => {
  it.each([
    ['/a//b', '/a/b'],
    ['/a/../b', '/b'],
    ['/../../b', '/b'],
    ['/%61dmin', '/admin'],
    ['/a/%2e%2e/b', '/b'],
    ['/a%2fb', '/a/b'],
    ['/a\\b', '/a/b'],
    ['/a;x=1/b', '/a/b'],
    ['/a/.', '/a/'],
    ['/', '/'],
  ])('%s may be read as %s', (path, expected) => {
    expect(normalizePath(path)).toBe(expected);
  });
});

describe('applyHeaderMutation', () => {
  it('sets, adds and removes, in this order', () => {
    const calls: string[] = [];
    applyHeaderMutation(
      { set: [{ name: 'a', value: '1' }], add: [{ name: 'b', value: '2' }], remove: ['c'] },
      {
        set: (n, v) => calls.push(`set ${n} ${v}`),
        add: (n, v) => calls.push(`add ${n} ${v}`),
        remove: (n) => calls.push(`remove ${n}`),
      },
    );
    expect(calls).toEqual(['set a 1', 'add b 2', 'remove c']);
  });
});
