// P-256 key pairs: the only kind that workloads and authorities of the mesh use.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { IdentityError } from './errors.ts';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function generateKeyPair(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** PKCS#8 PEM. */
export function privateKeyPem(keys: KeyPair): string {
  return keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function parsePrivateKey(pem: string): KeyPair {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (cause) {
    throw new IdentityError('MALHA3001', 'the private key is not a readable PEM key', { cause });
  }
  if (!isP256(privateKey)) throw new IdentityError('MALHA3001', `the private key is not an EC key on P-256`);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

export function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

export function spkiDer(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** `sha256:` and the hex SHA-256 of the subject public key info in DER. */
export function publicKeyPin(publicKey: KeyObject): string {
  return `sha256:${createHash('sha256').update(spkiDer(publicKey)).digest('hex')}`;
}
