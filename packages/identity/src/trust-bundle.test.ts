// Trust bundles, PEM, SPIFFE IDs and renewal times: what parses and what does not.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { issueIssuing, issueLeaf, issueRoot } from './certificate.ts';
import { generateKeyPair, parsePrivateKey, privateKeyPem, publicKeyPin } from './key-pair.ts';
import { parsePem, toPem } from './pem.ts';
import { renewalDelayMs, renewalRetryDelayMs } from './renewal.ts';
import { parseSpiffeIdentity, spiffeIdentity } from './spiffe.ts';
import { parseTrustBundle } from './trust-bundle.ts';

const NOW = Date.UTC(2026, 0, 1);
const rootOf = (trustDomain: string, nowMs = NOW) => {
  const keys = generateKeyPair();
  return { certificatePem: issueRoot(trustDomain, keys, nowMs).pem, keys };
};

describe('parseTrustBundle', () => {
  it('takes several roots of one trust domain (rotation) and of two (federation)', () => {
    const [a, b, c] = [rootOf('mesh.local'), rootOf('mesh.local'), rootOf('other.example')];
    expect([...parseTrustBundle(a.certificatePem + b.certificatePem).trustDomains]).toEqual(['mesh.local']);
    const both = parseTrustBundle(`# comment\n${a.certificatePem}\n${c.certificatePem}`);
    expect([...both.trustDomains]).toEqual(['mesh.local', 'other.example']);
    expect(both.roots).toHaveLength(2);
  });

  it('refuses an issuing authority, a leaf, a key and nothing', () => {
    const root = rootOf('mesh.local');
    const keys = generateKeyPair();
    const issuing = { certificatePem: issueIssuing('mesh.local', root, keys.publicKey, NOW).pem, keys };
    const leaf = issueLeaf(issuing, {
      spiffeId: 'spiffe://mesh.local/ns/a/sa/b',
      publicKey: keys.publicKey,
      nowMs: NOW,
    });
    expect(() => parseTrustBundle(issuing.certificatePem)).toThrow('not self-signed');
    expect(() => parseTrustBundle(leaf.pem)).toThrow('no authority');
    expect(() => parseTrustBundle(privateKeyPem(keys))).toThrow('PEM block PRIVATE KEY');
    expect(() => parseTrustBundle('')).toThrow('no PEM block');
  });
});

describe('parsePem', () => {
  it('reads back what toPem wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 2000 }), (bytes) => {
        const [block] = parsePem(toPem('CERTIFICATE', bytes), 'text');
        expect(block?.der.equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });

  it.each([
    ['an unfinished block', '-----BEGIN CERTIFICATE-----\nAAAA\n'],
    ['a foreign end', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END KEY-----\n'],
    ['characters that are not base64', '-----BEGIN CERTIFICATE-----\nA*AA\n-----END CERTIFICATE-----\n'],
    ['wrong padding', '-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n'],
    ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
  ])('refuses %s', (_name, text) => {
    expect(() => parsePem(text, 'text')).toThrow(expect.objectContaining({ code: 'MALHA3001' }));
  });
});

describe('parseSpiffeIdentity', () => {
  it('is the inverse of spiffeIdentity', () => {
    const made = spiffeIdentity('mesh.local', 'bookstore', 'ratings-v2');
    expect(made.id).toBe('spiffe://mesh.local/ns/bookstore/sa/ratings-v2');
    expect(parseSpiffeIdentity(made.id)).toEqual(made);
  });

  it.each([
    'spiffe://mesh.local/ns/a/sa/b/',
    'spiffe://mesh.local/ns/a/sa/b/c',
    'spiffe://mesh.local/ns/a/sa/',
    'spiffe://mesh.local/ns//sa/b',
    'spiffe://mesh.local/ns/../sa/b',
    'spiffe://mesh.local/ns/a/sa/b?x=1',
    'spiffe://mesh.local/ns/a/sa/b#x',
    'spiffe://mesh.local:8443/ns/a/sa/b',
    'spiffe://user@mesh.local/ns/a/sa/b',
    'spiffe://MESH.local/ns/a/sa/b',
    'SPIFFE://mesh.local/ns/a/sa/b',
    'spiffe:///ns/a/sa/b',
    'spiffe://mesh.local/ns/a%2f/sa/b',
    'spiffe://mesh.local/ns/a\u0000/sa/b',
    `spiffe://mesh.local/ns/${'a'.repeat(300)}/sa/b`,
    `spiffe://mesh.local/ns/a/sa/${'b'.repeat(3000)}`,
  ])('refuses %s', (uri) => {
    expect(() => parseSpiffeIdentity(uri)).toThrow(expect.objectContaining({ code: 'MALHA3003' }));
  });
});

describe('keys', () => {
  it('reads back its own private key and refuses another curve', () => {
    const keys = generateKeyPair();
    expect(publicKeyPin(parsePrivateKey(privateKeyPem(keys)).publicKey)).toBe(publicKeyPin(keys.publicKey));
    expect(() => parsePrivateKey('nonsense')).toThrow('not a readable PEM key');
  });
});

describe('renewal', () => {
  const life = { notBeforeMs: 0, notAfterMs: 24 * 3_600_000 };

  it('falls between 40 and 60 % of the life, at half of it on average', () => {
    expect(renewalDelayMs(life, 0, () => 0.5)).toBe(12 * 3_600_000);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999999, noNaN: true }), (dice) => {
        const delay = renewalDelayMs(life, 0, () => dice);
        expect(delay).toBeGreaterThanOrEqual(0.4 * life.notAfterMs);
        expect(delay).toBeLessThanOrEqual(0.6 * life.notAfterMs);
      }),
    );
  });

  it('is at once when the moment has passed', () => {
    expect(renewalDelayMs(life, 23 * 3_600_000, () => 0)).toBe(0);
    expect(renewalDelayMs(life, 48 * 3_600_000, () => 0.9)).toBe(0);
  });

  it('tries again after 0.5 s to 30.5 s, longer with each failure', () => {
    expect(renewalRetryDelayMs(0, () => 0)).toBe(500);
    expect(renewalRetryDelayMs(0, () => 0.999)).toBeLessThan(1_500);
    expect(renewalRetryDelayMs(50, () => 0.999)).toBeLessThanOrEqual(30_500);
  });
});
