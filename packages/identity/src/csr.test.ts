// Certificate requests: ours as openssl sees them, openssl's as we see them, and what the authority must refuse.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CSR_SIZE_MAX_BYTES, createCsr, parseCsr } from './csr.ts';
import { bitString, implicitSequence, parseDer, sequence, toDer, unsignedInteger } from './der.ts';
import { generateKeyPair, publicKeyPin, spkiDer } from './key-pair.ts';
import { parsePemBlocks, toPem } from './pem.ts';
import { ecdsaSha256, signed } from './signature.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'malha-csr-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function openssl(...args: string[]): string {
  const result = spawnSync('openssl', args, { encoding: 'utf8', timeout: 10_000 });
  return result.stdout + result.stderr;
}

function opensslCsr(...keyOptions: string[]): string {
  const out = join(folder, 'made.csr');
  const key = join(folder, 'made.key');
  openssl('req', '-new', ...keyOptions, '-nodes', '-keyout', key, '-subj', '/CN=anything', '-out', out);
  return readFileSync(out, 'utf8');
}

function derOf(pem: string): Buffer {
  return Buffer.from(parsePemBlocks(pem, 'CERTIFICATE REQUEST', 'csr')[0] ?? []);
}

describe('createCsr', () => {
  it('makes a request whose signature openssl verifies, with no subject and no attributes', () => {
    const path = join(folder, 'ours.csr');
    writeFileSync(path, createCsr(generateKeyPair()));
    const out = openssl('req', '-in', path, '-noout', '-verify', '-text');
    expect(out).toMatch(/verify OK/i);
    expect(out).toMatch(/Subject: *\n/);
    expect(out).toContain('NIST CURVE: P-256');
    expect(out).toContain('Signature Algorithm: ecdsa-with-SHA256');
  });
});

describe('parseCsr accepts', () => {
  it('our own request and yields its key', () => {
    const keys = generateKeyPair();
    expect(publicKeyPin(parseCsr(createCsr(keys)).publicKey)).toBe(publicKeyPin(keys.publicKey));
  });

  it('a request of openssl with a subject and extensions, and tells the URI names it asks for', () => {
    const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-addext'];
    const pem = opensslCsr(...options, 'subjectAltName=URI:spiffe://mesh.local/ns/x/sa/admin');
    const request = parseCsr(pem);
    expect(request.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(request.uris).toEqual(['spiffe://mesh.local/ns/x/sa/admin']);
    expect(parseCsr(createCsr(generateKeyPair())).uris).toEqual([]);
  });
});

describe('parseCsr refuses', () => {
  it.each([
    ['an RSA key', ['-newkey', 'rsa:2048'], 'not signed with ECDSA'],
    ['the curve P-384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha256'], 'not on the curve P-256'],
    ['the curve secp256k1', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], 'not on the curve P-256'],
    [
      'SHA-384',
      ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-sha384'],
      'not signed with ECDSA and SHA-256',
    ],
    ['an Ed25519 key', ['-newkey', 'ed25519'], 'not signed with ECDSA'],
  ])('%s', (_name, options, why) => {
    expect(() => parseCsr(opensslCsr(...options))).toThrow(why);
  });

  it('a request for a key whose private half the sender does not have', () => {
    const victim = generateKeyPair();
    const attacker = generateKeyPair();
    const spki = parseDer(spkiDer(victim.publicKey), 'key');
    const info = sequence(unsignedInteger(Buffer.of(0)), sequence(), spki, implicitSequence(0));
    const pem = toPem('CERTIFICATE REQUEST', signed(info, attacker.privateKey));
    expect(() => parseCsr(pem)).toThrow('its signature is not made by its own key');
  });

  it('a signature over other bytes', () => {
    const keys = generateKeyPair();
    const info = sequence(
      unsignedInteger(Buffer.of(0)),
      sequence(),
      parseDer(spkiDer(keys.publicKey), 'key'),
      implicitSequence(0),
    );
    const signature = sign('sha256', Buffer.from('other'), keys.privateKey);
    const pem = toPem('CERTIFICATE REQUEST', toDer(sequence(info, ecdsaSha256(), bitString(signature))));
    expect(() => parseCsr(pem)).toThrow('its signature is not made by its own key');
  });

  it('a compressed point', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [algorithm] = parseDer(spkiDer(publicKey), 'key').value;
    const { x } = publicKey.export({ format: 'jwk' });
    const compressed = Buffer.concat([Buffer.of(2), Buffer.from(x ?? '', 'base64url')]);
    if (typeof algorithm !== 'object') throw new Error('no algorithm in the key');
    const info = sequence(
      unsignedInteger(Buffer.of(0)),
      sequence(),
      sequence(algorithm, bitString(compressed)),
      implicitSequence(0),
    );
    expect(() => parseCsr(toPem('CERTIFICATE REQUEST', signed(info, privateKey)))).toThrow('uncompressed point');
  });

  it('version 1', () => {
    const keys = generateKeyPair();
    const info = sequence(
      unsignedInteger(Buffer.of(1)),
      sequence(),
      parseDer(spkiDer(keys.publicKey), 'key'),
      implicitSequence(0),
    );
    expect(() => parseCsr(toPem('CERTIFICATE REQUEST', signed(info, keys.privateKey)))).toThrow('version 0');
  });

  it('two requests, another label, no PEM, and too many bytes', () => {
    const pem = createCsr(generateKeyPair());
    expect(() => parseCsr(pem + pem)).toThrow('exactly one PEM block');
    expect(() => parseCsr(pem.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'))).toThrow('PEM block CERTIFICATE');
    expect(() => parseCsr('')).toThrow('no PEM block');
    expect(() => parseCsr(pem + ' '.repeat(CSR_SIZE_MAX_BYTES))).toThrow('larger than');
  });

  it('a tail after the request and lengths that are not DER', () => {
    const der = derOf(createCsr(generateKeyPair()));
    expect(() => parseCsr(toPem('CERTIFICATE REQUEST', Buffer.concat([der, Buffer.of(0)])))).toThrow('valid DER');
    expect(der[0]).toBe(0x30);
    expect(der[1]).toBe(0x81);
    const padded = Buffer.concat([Buffer.of(0x30, 0x82, 0x00), der.subarray(2)]);
    expect(() => parseCsr(toPem('CERTIFICATE REQUEST', padded))).toThrow('canonical DER');
  });

  it('every request with one byte changed, and never with a foreign exception', () => {
    const der = derOf(createCsr(generateKeyPair()));
    const change = fc.tuple(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(change, ([at, flip]) => {
        const damaged = Buffer.from(der);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        expect(() => parseCsr(toPem('CERTIFICATE REQUEST', damaged))).toThrow(
          expect.objectContaining({ name: 'IdentityError' }),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('arbitrary bytes, with an error of this package', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bytes) => {
        expect(() => parseCsr(toPem('CERTIFICATE REQUEST', bytes))).toThrow(
          expect.objectContaining({ name: 'IdentityError' }),
        );
      }),
      { numRuns: 500 },
    );
  });
});
