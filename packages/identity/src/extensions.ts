// X.509 v3 extensions (RFC 5280 section 4.2) as the authorities and workloads of the mesh carry them.
import { createHash, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import {
  type Asn1,
  bitString,
  boolean,
  content,
  implicitBytes,
  implicitSequence,
  items,
  objectIdentifier,
  octetString,
  parseDer,
  sequence,
  toDer,
  unsignedInteger,
} from './der.ts';
import { IdentityError } from './errors.ts';
import { spkiDer } from './key-pair.ts';
import * as oid from './oids.ts';

export interface AltNames {
  readonly uris: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

/** Bits of KeyUsage, from the left. */
const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;
const CRL_SIGN = 0x02;

/** RFC 7093 section 2, method 1: leftmost 160 bits of the SHA-256 of the key's bit string. */
export function keyIdentifier(publicKey: KeyObject): Buffer {
  const [, key] = items(parseDer(spkiDer(publicKey), 'public key'), 'public key');
  return createHash('sha256').update(content(key, 'public key').subarray(1)).digest().subarray(0, 20);
}

export function subjectKeyIdentifier(publicKey: KeyObject): Asn1 {
  return extension(oid.OID_SUBJECT_KEY_IDENTIFIER, false, octetString(keyIdentifier(publicKey)));
}

export function authorityKeyIdentifier(issuerKeyIdentifier: Uint8Array): Asn1 {
  return extension(oid.OID_AUTHORITY_KEY_IDENTIFIER, false, sequence(implicitBytes(0, issuerKeyIdentifier)));
}

/** CA:true with the number of authorities that may follow below, or CA:false (all defaults: an empty sequence). */
export function basicConstraints(pathLength: number | undefined): Asn1 {
  const parts = pathLength === undefined ? [] : [boolean(true), unsignedInteger(Buffer.of(pathLength))];
  return extension(oid.OID_BASIC_CONSTRAINTS, true, sequence(...parts));
}

export function authorityKeyUsage(): Asn1 {
  return extension(oid.OID_KEY_USAGE, true, bitString(Buffer.of(KEY_CERT_SIGN | CRL_SIGN), 1));
}

export function leafKeyUsage(): Asn1 {
  return extension(oid.OID_KEY_USAGE, true, bitString(Buffer.of(DIGITAL_SIGNATURE), 7));
}

export function leafExtendedKeyUsage(): Asn1 {
  const purposes = [objectIdentifier(oid.OID_SERVER_AUTH), objectIdentifier(oid.OID_CLIENT_AUTH)];
  return extension(oid.OID_EXTENDED_KEY_USAGE, false, sequence(...purposes));
}

/** Critical where the subject is empty (RFC 5280 section 4.2.1.6). */
export function subjectAltName(names: AltNames, isCritical: boolean): Asn1 {
  const general = [
    ...names.uris.map((uri) => implicitBytes(6, ia5(uri))),
    ...(names.dnsNames ?? []).map((name) => implicitBytes(2, ia5(name))),
    ...(names.ipAddresses ?? []).map((address) => implicitBytes(7, addressBytes(address))),
  ];
  return extension(oid.OID_SUBJECT_ALT_NAME, isCritical, sequence(...general));
}

/** Below this authority, a URI name must have exactly this host: it cannot vouch for another trust domain. */
export function permittedTrustDomain(trustDomain: string): Asn1 {
  const subtree = sequence(implicitBytes(6, ia5(trustDomain)));
  return extension(oid.OID_NAME_CONSTRAINTS, true, sequence(implicitSequence(0, subtree)));
}

function extension(id: string, isCritical: boolean, value: Asn1): Asn1 {
  const parts = [objectIdentifier(id), ...(isCritical ? [boolean(true)] : []), octetString(toDer(value))];
  return sequence(...parts);
}

function ia5(text: string): Buffer {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: IA5String is exactly the 7-bit range
  if (!/^[\x00-\x7f]+$/.test(text)) throw new IdentityError('MALHA3001', 'a subject alternative name is not ASCII');
  return Buffer.from(text, 'latin1');
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  if (isIP(address) === 6) return ipv6Bytes(address);
  throw new IdentityError('MALHA3001', `${JSON.stringify(address)} is not an IP address`);
}

function ipv6Bytes(address: string): Buffer {
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const groups = (part: string | undefined) => (part ? part.split(':').map((group) => Number.parseInt(group, 16)) : []);
  const left = groups(head);
  const right = groups(tail);
  const words = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}
