// Certificates of every profile, judged by the openssl command: an implementation that is not ours.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, issue, issueIssuing, issueLeaf, issueRoot, LEAF_LIFETIME_MS } from './certificate.ts';
import { sequence } from './der.ts';
import * as extensions from './extensions.ts';
import { generateKeyPair, privateKeyPem } from './key-pair.ts';
import { readCertificate, spkiPin } from './trust-bundle.ts';

const TRUST_DOMAIN = 'mesh.local';
const SPIFFE_ID = 'spiffe://mesh.local/ns/bookstore/sa/reviews';
const NOW = Date.now();

let folder: string;
let root: Authority;
let issuing: Authority;
let leafPem: string;

function openssl(...args: string[]): { code: number | null; out: string } {
  const result = spawnSync('openssl', args, { encoding: 'utf8', timeout: 10_000 });
  return { code: result.status, out: result.stdout + result.stderr };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function text(pem: string): string {
  return openssl('x509', '-in', file('text.pem', pem), '-noout', '-text').out;
}

function verify(leaf: string, ...options: string[]): { code: number | null; out: string } {
  return openssl(
    'verify',
    '-x509_strict',
    '-CAfile',
    file('root.pem', root.certificatePem),
    '-untrusted',
    file('issuing.pem', issuing.certificatePem),
    ...options,
    file('leaf.pem', leaf),
  );
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'malha-identity-'));
  const rootKeys = generateKeyPair();
  root = { certificatePem: issueRoot(TRUST_DOMAIN, rootKeys, NOW).pem, keys: rootKeys };
  const issuingKeys = generateKeyPair();
  issuing = { certificatePem: issueIssuing(TRUST_DOMAIN, root, issuingKeys.publicKey, NOW).pem, keys: issuingKeys };
  leafPem = issueLeaf(issuing, { spiffeId: SPIFFE_ID, publicKey: generateKeyPair().publicKey, nowMs: NOW }).pem;
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('root certificate', () => {
  it('verifies as its own trust anchor under the strict rules of RFC 5280', () => {
    expect(
      openssl('verify', '-x509_strict', '-CAfile', file('r.pem', root.certificatePem), join(folder, 'r.pem')).code,
    ).toBe(0);
  });

  it('is an authority for one more level, limited to its trust domain', () => {
    const out = text(root.certificatePem);
    expect(out).toContain('Version: 3 (0x2)');
    expect(out).toContain('Signature Algorithm: ecdsa-with-SHA256');
    expect(out).toContain('Subject: O = Malha, CN = Malha root CA mesh.local');
    expect(out).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:1/);
    expect(out).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
    expect(out).toMatch(/Name Constraints: critical\s+Permitted:\s+URI:mesh\.local/);
    expect(out).toMatch(/Subject Alternative Name:\s+URI:spiffe:\/\/mesh\.local\n/);
    expect(out).toContain('NIST CURVE: P-256');
  });

  it('has the pin that openssl computes from its public key', () => {
    const path = file('pin.pem', root.certificatePem);
    const pub = openssl('x509', '-in', path, '-noout', '-pubkey').out;
    const der = join(folder, 'pin.der');
    expect(openssl('pkey', '-pubin', '-in', file('pub.pem', pub), '-outform', 'DER', '-out', der).code).toBe(0);
    const digest = openssl('dgst', '-sha256', '-r', der).out.split(' ')[0];
    expect(spkiPin(readCertificate(root.certificatePem))).toBe(`sha256:${digest}`);
  });
});

describe('issuing certificate', () => {
  it('verifies under the root and may sign leaves only', () => {
    expect(
      openssl(
        'verify',
        '-x509_strict',
        '-CAfile',
        file('r.pem', root.certificatePem),
        file('i.pem', issuing.certificatePem),
      ).out,
    ).toContain(': OK');
    const out = text(issuing.certificatePem);
    expect(out).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(out).toMatch(/Authority Key Identifier:\s+[0-9A-F:]{59}/);
    expect(out).toMatch(/Subject: O = Malha, CN = Malha issuing CA [0-9a-f]{16}/);
  });

  it('has the key identifiers that link it to the root', () => {
    const rootId = /Subject Key Identifier:\s+([0-9A-F:]+)/.exec(text(root.certificatePem))?.[1];
    const authorityId = /Authority Key Identifier:\s+([0-9A-F:]+)/.exec(text(issuing.certificatePem))?.[1];
    expect(rootId).toMatch(/^([0-9A-F]{2}:){19}[0-9A-F]{2}$/);
    expect(authorityId).toBe(rootId);
  });
});

describe('leaf certificate', () => {
  it('verifies through both authorities, for servers and for clients', () => {
    expect(verify(leafPem, '-purpose', 'sslserver').out).toContain(': OK');
    expect(verify(leafPem, '-purpose', 'sslclient').out).toContain(': OK');
  });

  it('is refused for signing other certificates', () => {
    const out = openssl('x509', '-in', file('p.pem', leafPem), '-noout', '-purpose').out;
    expect(out).toContain('SSL client : Yes');
    expect(out).toContain('SSL server : Yes');
    expect(out).toContain('SSL client CA : No');
    expect(out).toContain('SSL server CA : No');
  });

  it('has an empty subject, one critical URI name and its usages', () => {
    const out = text(leafPem);
    expect(out).toMatch(/Subject: *\n/);
    expect(out).toMatch(new RegExp(`Subject Alternative Name: critical\\s+URI:${SPIFFE_ID}\\n`));
    expect(out).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(out).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(out).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication, TLS Web Client Authentication/);
    expect(out).toMatch(/Authority Key Identifier:/);
    expect(out).toMatch(/Subject Key Identifier:/);
  });

  it('lives 24 hours from now and starts 15 minutes earlier', () => {
    const leaf = readCertificate(leafPem);
    const second = Math.floor(NOW / 1000) * 1000;
    expect(Date.parse(leaf.validTo)).toBe(second + LEAF_LIFETIME_MS);
    expect(Math.abs(Date.parse(leaf.validFrom) - (second - 15 * 60_000))).toBeLessThanOrEqual(1000);
  });

  it('has a random serial of 32 hex digits each time', () => {
    const serials = Array.from({ length: 200 }, () => {
      const issued = issueLeaf(issuing, { spiffeId: SPIFFE_ID, publicKey: issuing.keys.publicKey, nowMs: NOW });
      expect(readCertificate(issued.pem).serialNumber.toLowerCase()).toBe(issued.serial);
      return issued.serial;
    });
    expect(serials.every((serial) => /^[4-7][0-9a-f]{31}$/.test(serial))).toBe(true);
    expect(new Set(serials).size).toBe(200);
  });

  it('carries DNS and IP names where asked for', () => {
    const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1', '::1', '2001:db8::7'] };
    const request = { spiffeId: SPIFFE_ID, publicKey: generateKeyPair().publicKey, nowMs: NOW, ...names };
    const pem = issueLeaf(issuing, request).pem;
    expect(text(pem)).toContain(
      `URI:${SPIFFE_ID}, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:0:0:7`,
    );
    expect(verify(pem).out).toContain(': OK');
  });

  it('encodes a year from 2050 on as openssl reads it', () => {
    const lifetimeMs = Date.UTC(2051, 0, 2, 3, 4, 5) - NOW;
    const pem = issueLeaf(issuing, {
      spiffeId: SPIFFE_ID,
      publicKey: generateKeyPair().publicKey,
      nowMs: NOW,
      lifetimeMs,
    }).pem;
    expect(text(pem)).toMatch(/Not After : Jan {2}2 03:04:0[45] 2051 GMT/);
  });

  it('refuses to be issued for something that is not a SPIFFE ID of the mesh', () => {
    const publicKey = generateKeyPair().publicKey;
    expect(() => issueLeaf(issuing, { spiffeId: 'https://mesh.local/x', publicKey, nowMs: NOW })).toThrow(
      /MALHA|SPIFFE/,
    );
  });
});

describe('openssl refuses', () => {
  it('a leaf that names another trust domain, by the name constraints of the authorities', () => {
    const spiffeId = 'spiffe://other.example/ns/bookstore/sa/reviews';
    const pem = issueLeaf(issuing, { spiffeId, publicKey: generateKeyPair().publicKey, nowMs: NOW }).pem;
    const result = verify(pem);
    expect(result.code).not.toBe(0);
    expect(result.out).toContain('permitted subtree violation');
  });

  it('an expired leaf', () => {
    const request = {
      spiffeId: SPIFFE_ID,
      publicKey: generateKeyPair().publicKey,
      nowMs: NOW - 3_600_000,
      lifetimeMs: 60_000,
    };
    expect(verify(issueLeaf(issuing, request).pem).out).toContain('certificate has expired');
  });

  it('a leaf signed by a leaf', () => {
    const keys = generateKeyPair();
    const parent = issueLeaf(issuing, { spiffeId: SPIFFE_ID, publicKey: keys.publicKey, nowMs: NOW }).pem;
    const period = { notBeforeMs: NOW - 1000, notAfterMs: NOW + 3_600_000 };
    const child = issue(sequence(), sequence(), generateKeyPair().publicKey, keys.privateKey, period, [
      extensions.basicConstraints(undefined),
      extensions.subjectAltName({ uris: [SPIFFE_ID] }, true),
    ]).pem;
    expect(verify(child, '-untrusted', file('parent.pem', parent)).code).not.toBe(0);
  });

  it('an authority below the issuing authority', () => {
    const keys = generateKeyPair();
    const sub = issueIssuing(TRUST_DOMAIN, issuing, keys.publicKey, NOW).pem;
    const leaf = issueLeaf(
      { certificatePem: sub, keys },
      { spiffeId: SPIFFE_ID, publicKey: keys.publicKey, nowMs: NOW },
    ).pem;
    const result = verify(leaf, '-untrusted', file('sub.pem', sub));
    expect(result.out).toContain('path length constraint exceeded');
  });
});

describe('keys', () => {
  it('writes a private key that openssl reads as the pair of the certificate', () => {
    const keys = generateKeyPair();
    const pem = issueLeaf(issuing, { spiffeId: SPIFFE_ID, publicKey: keys.publicKey, nowMs: NOW }).pem;
    const fromKey = openssl('pkey', '-in', file('key.pem', privateKeyPem(keys)), '-pubout').out;
    const fromCertificate = openssl('x509', '-in', file('c.pem', pem), '-noout', '-pubkey').out;
    expect(fromKey).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect(fromCertificate).toBe(fromKey);
  });
});
