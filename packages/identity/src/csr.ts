// PKCS#10 certificate requests (RFC 2986): made by the agent, parsed strictly by the authority, which takes only the key.
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  type Asn1,
  children,
  content,
  implicitSequence,
  isContext,
  isUniversal,
  items,
  oidOf,
  parseDer,
  sequence,
  TYPE,
  toDer,
  unsignedInteger,
} from './der.ts';
import { IdentityError } from './errors.ts';
import { isP256, type KeyPair, spkiDer } from './key-pair.ts';
import { OID_EC_PUBLIC_KEY, OID_ECDSA_SHA256, OID_EXTENSION_REQUEST, OID_P256, OID_SUBJECT_ALT_NAME } from './oids.ts';
import { parsePemBlocks, toPem } from './pem.ts';
import { signed } from './signature.ts';

const LABEL = 'CERTIFICATE REQUEST';
/** A P-256 request without attributes is below 300 bytes; with the extensions that others send, below 2 KiB. */
export const CSR_SIZE_MAX_BYTES = 8 * 1024;

/** A request with an empty subject and no attributes: the authority decides every name. */
export function createCsr(keys: KeyPair): string {
  const spki = parseDer(spkiDer(keys.publicKey), 'public key');
  const info = sequence(unsignedInteger(Buffer.of(0)), sequence(), spki, implicitSequence(0));
  return toPem(LABEL, signed(info, keys.privateKey));
}

export interface CertificateRequest {
  readonly publicKey: KeyObject;
  /** URI names asked for. The authority never copies them: it compares, and refuses what the caller may not have. */
  readonly uris: readonly string[];
}

/**
 * A request that proves possession of its private key.
 * Throws MALHA3001 or MALHA3002 on anything but a P-256 key with ECDSA-SHA256.
 */
export function parseCsr(pem: string): CertificateRequest {
  if (pem.length > CSR_SIZE_MAX_BYTES) throw refused(`it is larger than ${CSR_SIZE_MAX_BYTES} bytes`);
  const [der, ...more] = parsePemBlocks(pem, LABEL, 'certificate request');
  if (der === undefined || more.length > 0) throw refused('it must be exactly one PEM block');
  const [info, algorithm, signature, ...tail] = items(parseDer(der, 'certificate request'), 'certificate request');
  if (info === undefined || algorithm === undefined || signature === undefined || tail.length > 0) {
    throw refused('it is not a signed structure of three parts');
  }
  checkAlgorithm(algorithm);
  const publicKey = requestedKey(info);
  const bits = isUniversal(signature, TYPE.BITSTRING) ? content(signature, 'signature') : Buffer.alloc(0);
  if (bits[0] !== 0 || !verify('sha256', toDer(info), { key: publicKey, dsaEncoding: 'der' }, bits.subarray(1))) {
    throw refused('its signature is not made by its own key');
  }
  return { publicKey, uris: requestedUris(info) };
}

function checkAlgorithm(algorithm: Asn1): void {
  const parts = items(algorithm, 'signature algorithm');
  if (parts.length !== 1 || oidOf(parts[0], 'signature algorithm') !== OID_ECDSA_SHA256) {
    throw refused('it is not signed with ECDSA and SHA-256');
  }
}

function requestedKey(info: Asn1): KeyObject {
  const [version, subject, spki, attributes, ...tail] = items(info, 'request info');
  const isVersion0 = isUniversal(version, TYPE.INTEGER) && content(version, 'version').equals(Buffer.of(0));
  if (!isVersion0 || !isUniversal(subject, TYPE.SEQUENCE) || spki === undefined || tail.length > 0) {
    throw refused('its info is not a PKCS#10 version 0 structure');
  }
  if (!isContext(attributes, 0)) throw refused('its attributes are missing');
  const [algorithm, key] = items(spki, 'public key');
  const [kind, curve, ...parameters] = items(algorithm, 'public key algorithm');
  if (oidOf(kind, 'public key algorithm') !== OID_EC_PUBLIC_KEY) throw refused('its key is not an EC key');
  if (parameters.length > 0 || oidOf(curve, 'curve') !== OID_P256) throw refused('its key is not on the curve P-256');
  // RFC 5480: 0 unused bits, then 04 and two coordinates; compressed points are not taken.
  const point = content(key, 'public key');
  if (point.length !== 66 || point[0] !== 0 || point[1] !== 4) throw refused('its key is not an uncompressed point');
  return decodeKey(spki);
}

/** URI names of the attribute extensionRequest (RFC 2985 section 5.4.2). */
function requestedUris(info: Asn1): string[] {
  const attributes = children(items(info, 'request info')[3], 'attributes');
  return attributes.flatMap((attribute) => {
    const [id, values] = items(attribute, 'attribute');
    if (oidOf(id, 'attribute') !== OID_EXTENSION_REQUEST) return [];
    const extensions = children(values, 'extension request').flatMap((value) => items(value, 'extensions'));
    return extensions.flatMap((extension) => {
      const parts = items(extension, 'extension');
      if (oidOf(parts[0], 'extension') !== OID_SUBJECT_ALT_NAME) return [];
      return uriNames(content(parts[parts.length - 1], 'extension'));
    });
  });
}

function uriNames(der: Buffer): string[] {
  const names = items(parseDer(der, 'subject alternative name'), 'subject alternative name');
  return names.filter((name) => isContext(name, 6)).map((name) => content(name, 'URI name').toString('latin1'));
}

function decodeKey(spki: Asn1): KeyObject {
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: toDer(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new IdentityError('MALHA3002', 'certificate request refused: its key is not a point of the curve', { cause });
  }
  if (!isP256(publicKey)) throw refused('its key is not on the curve P-256');
  return publicKey;
}

function refused(why: string): IdentityError {
  return new IdentityError('MALHA3002', `certificate request refused: ${why}`);
}
