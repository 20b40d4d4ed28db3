// Which pairs of chain and key an operator may store for a gateway, and how the others are refused.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createTestCa } from '../../testing/src/test-ca.ts';
import { parsePem, toPem } from './pem.ts';
import { parseServerCertificate, serverCertificateFacts } from './server-certificate.ts';

const DAY_MS = 86_400_000;
const ca = createTestCa();
const shop = ca.issue('demo', 'shop', { dnsNames: ['shop.example', '*.shop.example'], ipAddresses: ['192.0.2.7'] });
const chain = shop.certificateChainPem;
const key = shop.privateKeyPem;
const [leaf = '', issuing = ''] = parsePem(chain, 'chain').map(({ label, der }) => toPem(label, der));

const parse = (chainPem: string, keyPem = key, nowMs = Date.now()) => parseServerCertificate(chainPem, keyPem, nowMs);

describe('a pair that serves', () => {
  test('is told by its names, its end and its key, and the stored chain says the same', () => {
    const parsed = parse(`shop\r\n${chain}`);
    expect(parsed.facts).toMatchObject({
      dnsNames: ['shop.example', '*.shop.example'],
      ipAddresses: ['192.0.2.7'],
      key: 'EC P-256',
      chainLength: 2,
      notAfterMs: Math.floor(shop.notAfterMs / 1000) * 1000,
    });
    expect(parsed.facts.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(serverCertificateFacts(parsed.chainPem)).toEqual(parsed.facts);
    expect(parsed.chainPem).toBe(leaf + issuing);
  });

  test('may end with its root, or consist of the leaf alone', () => {
    expect(parse(chain + ca.trustBundlePem).facts.chainLength).toBe(3);
    expect(parse(leaf).facts.chainLength).toBe(1);
  });

  test('has its key in any of the usual forms, with or without parameters', () => {
    const sec1 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' });
    expect(() =>
      parse(chain, `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${sec1}`),
    ).toThrow('does not belong to the certificate');
    expect(parse(chain, key.replaceAll('\n', '\r\n')).privateKeyPem).toBe(key);
  });
});

describe('refuses, and says why,', () => {
  const other = ca.issue('demo', 'other', { dnsNames: ['other.example'] });
  const nameless = ca.issue('demo', 'nameless');
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const edwards = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const encrypted = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
  }).privateKey;

  test.each([
    ['another key', chain, other.privateKeyPem, 'does not belong to the certificate'],
    ['a chain that begins with the issuer', issuing + leaf, key, 'belongs to certificate 2 of the chain'],
    ['a chain out of order', leaf + ca.trustBundlePem + issuing, key, 'order the chain from the leaf upwards'],
    ['an issuer of somebody else', leaf + createTestCa('else.local').trustBundlePem, key, 'put in its issuer'],
    ['a key within the chain', chain + key, key, 'has a private key in it'],
    ['a chain in place of the key', chain, chain, 'must be one PEM block'],
    ['two keys', chain, key + key, 'must be one PEM block'],
    ['an encrypted key', chain, encrypted, 'is encrypted: decrypt it first'],
    ['a short RSA key', chain, weak.toString(), '2048 bits or more, not 1024'],
    ['a kind of key that browsers do not take', chain, edwards.toString(), 'must be RSA, or EC'],
    ['a certificate without a host', nameless.certificateChainPem, nameless.privateKeyPem, 'no DNS name or IP address'],
    ['damage', chain.replace('-----END', '----END'), key, 'damaged PEM block'],
    ['nothing', '', key, 'no PEM block CERTIFICATE'],
    ['a chain without end', chain.repeat(5), key, 'more than 8 certificates'],
  ])('%s', (_, chainPem, keyPem, words) => {
    expect(() => parse(chainPem, keyPem)).toThrow(words);
  });

  test('a certificate before and after its time', () => {
    expect(() => parse(chain, key, Date.now() + 2 * DAY_MS)).toThrow('the certificate expired on');
    expect(() => parse(chain, key, Date.now() - DAY_MS)).toThrow('the certificate is valid only from');
  });
});
