import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capabilities, dialectOf, enforcementOf, isEnforced } from './capabilities.ts';
import { durationMs, formatDuration, isDuration } from './duration.ts';
import { parseSpiffeId, spiffeId } from './identity.ts';
import { ipVersion } from './ip-address.ts';
import {
  clusterName,
  parseClusterName,
  parseServiceVersionName,
  serverName,
  serviceHosts,
  serviceVersionName,
} from './names.ts';
import { nearest } from './nearest.ts';
import { keyOf, parseKey, resourceKeySchema } from './resource.ts';

describe('durations (GEP-2257)', () => {
  it.each([
    ['0s', 0],
    ['1h30m', 5_400_000],
    ['1m', 60_000],
    ['250ms', 250],
    ['10s500ms', 10_500],
    ['99999h', 359_996_400_000],
  ])('%s is %d ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['', '1', '-1s', '1.5s', '1d', '1us', '100000s', '1s 2ms', '1h1m1s1ms1h', 's'])('refuses "%s"', (text) => {
    expect(isDuration(text)).toBe(false);
    expect(() => durationMs(text)).toThrow(RangeError);
  });

  it('writes what it reads', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 300_000_000_000 }), (ms) => durationMs(formatDuration(ms)) === ms));
  });
});

describe('identities', () => {
  it('writes what it reads', () => {
    const id = spiffeId('mesh.local', 'bookstore', 'reviews');
    expect(id).toBe('spiffe://mesh.local/ns/bookstore/sa/reviews');
    expect(parseSpiffeId(id)).toEqual({ trustDomain: 'mesh.local', namespace: 'bookstore', serviceAccount: 'reviews' });
  });

  it.each([
    'spiffe://mesh.local/ns/bookstore/sa/reviews/',
    'spiffe://mesh.local/ns//sa/reviews',
    'spiffe://mesh.local/ns/../sa/reviews',
    'spiffe://Mesh.local/ns/a/sa/b',
    'SPIFFE://mesh.local/ns/a/sa/b',
    'spiffe://mesh.local/ns/a/sa/b?x',
    'spiffe://mesh.local/ns/a/sa/b%2fc',
    'spiffe://mesh.local:1/ns/a/sa/b',
    'https://mesh.local/ns/a/sa/b',
    `spiffe://mesh.local/ns/a/sa/${'b'.repeat(2100)}`,
  ])('refuses %s', (id) => {
    expect(parseSpiffeId(id)).toBeUndefined();
  });

  it('refuses to make an identity from parts that would change its meaning', () => {
    expect(() => spiffeId('mesh.local', 'a/sa/admin', 'x')).toThrow(RangeError);
    expect(() => spiffeId('mesh local', 'a', 'x')).toThrow(RangeError);
    expect(() => spiffeId('mesh.local', '..', 'x')).toThrow(RangeError);
  });
});

describe('names', () => {
  it('takes clusters and versions apart as it puts them together', () => {
    const name = clusterName(9080, 'v1', 'reviews', 'bookstore');
    expect(name).toBe('outbound|9080|v1|reviews.bookstore');
    expect(parseClusterName(name)).toEqual({ port: 9080, version: 'v1', service: 'reviews', namespace: 'bookstore' });
    expect(parseClusterName('outbound|9080||reviews.bookstore')?.version).toBe('');
    expect(parseClusterName('inbound|9080||reviews.bookstore')).toBeUndefined();
    expect(parseServiceVersionName(serviceVersionName('book-reviews', 'v1.2'))).toEqual({
      service: 'book-reviews',
      version: 'v1.2',
    });
    expect(parseServiceVersionName('reviews')).toBeUndefined();
  });

  it('knows the bare name of a service only in its own namespace', () => {
    expect(serviceHosts('reviews', 'bookstore', 'bookstore')).toEqual([
      'reviews',
      'reviews.bookstore',
      'reviews.bookstore.mesh',
    ]);
    expect(serviceHosts('reviews', 'bookstore', 'other')).toEqual(['reviews.bookstore', 'reviews.bookstore.mesh']);
    expect(serverName(9080, 'reviews', 'bookstore')).toBe('9080.reviews.bookstore.mesh');
  });

  it('gives resources keys that can be taken apart', () => {
    const namespace = { apiVersion: 'malha.dev/v1', kind: 'Namespace', metadata: { name: 'a' }, spec: {} } as const;
    expect(keyOf(namespace)).toBe('Namespace//a');
    expect(parseKey('Namespace//a')).toEqual({ kind: 'Namespace', namespace: '', name: 'a' });
    expect(parseKey('Service/a/b')).toEqual({ kind: 'Service', namespace: 'a', name: 'b' });
    for (const key of ['Service//b', 'Namespace/a/b', 'Thing/a/b', 'Service/a', 'Service/a/b/c', 'constructor/a/b']) {
      expect(resourceKeySchema.safeParse(key).success).toBe(false);
    }
  });

  it('finds the nearest known name, and none when none is near', () => {
    expect(nearest('hedaers', ['headers', 'path'])).toBe('headers');
    expect(nearest('timeout', ['timeouts', 'retry'])).toBe('timeouts');
    expect(nearest('xyz', ['headers', 'path'])).toBeUndefined();
  });
});

describe('addresses', () => {
  it('are what node:net takes for them', () => {
    const part = fc.constantFrom(
      '0',
      '1',
      'ff',
      '12345',
      '::',
      ':',
      '.',
      '255',
      '256',
      '1.2.3.4',
      '01',
      'g',
      '',
      'FFFF',
    );
    const text = fc.array(part, { maxLength: 16 }).map((parts) => parts.join(''));
    const grouped = fc.array(part, { maxLength: 9 }).map((parts) => parts.join(':'));
    fc.assert(
      fc.property(fc.oneof(text, grouped, fc.ipV4(), fc.ipV6()), (address) => ipVersion(address) === isIP(address)),
      { numRuns: 5000 },
    );
  });
});

describe('capability table', () => {
  it('has each feature once', () => {
    const features = capabilities.map(({ feature }) => feature);
    expect(new Set(features).size).toBe(features.length);
  });

  it('answers by deployment model through its dialect', () => {
    expect(dialectOf('sidecar')).toBe('malha');
    expect(dialectOf('none')).toBeUndefined();
    expect(isEnforced('route.weights', 'sidecar')).toBe(true);
    expect(isEnforced('route.weights', 'none')).toBe(false);
    expect(enforcementOf('filter.extension', 'malha')).toBe('planned');
  });
});
