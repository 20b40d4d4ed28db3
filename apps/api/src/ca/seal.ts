// Seals private keys for the database: AES-256-GCM in a versioned envelope that names the key it needs.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { CaError } from './errors.ts';

export const SEAL_KEY_BYTES = 32;
const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `context` binds an envelope to its place: it cannot be moved to another row. */
export interface Seal {
  seal(plain: Uint8Array, context: string): string;
  open(envelope: string, context: string): Buffer;
}

export function createSeal(key: Uint8Array): Seal {
  if (key.length !== SEAL_KEY_BYTES) {
    throw new CaError('unavailable', 'MALHA3020', `the seal key must have ${SEAL_KEY_BYTES} bytes, not ${key.length}`);
  }
  const keyId = createHash('sha256').update('malha seal key id').update(key).digest('hex').slice(0, 12);
  return {
    seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context, 'utf8'));
      const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return [VERSION, keyId, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
    },
    open(envelope, context) {
      const [version, id, nonce = '', sealed = '', ...rest] = envelope.split('.');
      if (version !== VERSION || rest.length > 0) throw damaged(`its version is ${JSON.stringify(version)}`);
      if (id !== keyId) {
        throw new CaError(
          'unavailable',
          'MALHA3021',
          `the private keys in this database were sealed with the key ${id}, this one is ${keyId}: ` +
            'give all replicas the same MALHA_SEAL_KEY, or bring back the seal.key that belongs to this database',
        );
      }
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length <= TAG_BYTES) throw damaged('it is too short');
      return decrypt(key, Buffer.from(nonce, 'base64url'), bytes, context);
    },
  };
}

function decrypt(key: Uint8Array, nonce: Buffer, sealed: Buffer, context: string): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context, 'utf8'));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw damaged('it was changed, or belongs to another row', cause);
  }
}

function damaged(why: string, cause?: unknown): CaError {
  return new CaError('unavailable', 'MALHA3021', `a sealed private key cannot be opened: ${why}`, cause);
}
