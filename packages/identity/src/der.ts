// DER values over node-forge's ASN.1: small constructors for building, and a parser that takes canonical DER only.
import forge from 'node-forge';
import { IdentityError } from './errors.ts';

export type Asn1 = forge.asn1.Asn1;

const { Class, Type } = forge.asn1;
/** Deepest nesting of a certificate or request that anybody sends is below 12. */
const DEPTH_MAX = 32;

interface FromDerOptions {
  readonly strict: boolean;
  readonly parseAllBytes: boolean;
  readonly decodeBitStrings: boolean;
  readonly maxDepth: number;
}
/** node-forge takes options since 1.0; its published types know only the flag `strict`. */
const fromDer = forge.asn1.fromDer as unknown as (bytes: forge.util.ByteStringBuffer, options: FromDerOptions) => Asn1;

export function sequence(...items: Asn1[]): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, items);
}

export function set(...items: Asn1[]): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.SET, true, items);
}

export function objectIdentifier(dotted: string): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.OID, false, forge.asn1.oidToDer(dotted).getBytes());
}

/** A non-negative INTEGER from big-endian bytes. */
export function unsignedInteger(bytes: Uint8Array): Asn1 {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const trimmed = bytes.subarray(start);
  const signed = (trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), trimmed]) : Buffer.from(trimmed);
  return forge.asn1.create(Class.UNIVERSAL, Type.INTEGER, false, signed.toString('latin1'));
}

export function boolean(value: boolean): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.BOOLEAN, false, value ? '\xff' : '\x00');
}

export function utf8String(value: string): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.UTF8, false, Buffer.from(value, 'utf8').toString('latin1'));
}

export function octetString(bytes: Uint8Array): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, Buffer.from(bytes).toString('latin1'));
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Asn1 {
  const content = Buffer.concat([Buffer.of(unusedBits), bytes]).toString('latin1');
  return forge.asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, content);
}

/** RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. */
export function time(milliseconds: number): Asn1 {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '');
  const isUtc = Number(digits.slice(0, 4)) < 2050;
  const type = isUtc ? Type.UTCTIME : Type.GENERALIZEDTIME;
  return forge.asn1.create(Class.UNIVERSAL, type, false, isUtc ? digits.slice(2) : digits);
}

/** `[tag]` EXPLICIT. */
export function explicit(tag: number, inner: Asn1): Asn1 {
  return forge.asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [inner]);
}

/** `[tag]` IMPLICIT of a constructed type. */
export function implicitSequence(tag: number, ...items: Asn1[]): Asn1 {
  return forge.asn1.create(Class.CONTEXT_SPECIFIC, tag, true, items);
}

/** `[tag]` IMPLICIT of a primitive type. */
export function implicitBytes(tag: number, bytes: Uint8Array): Asn1 {
  return forge.asn1.create(Class.CONTEXT_SPECIFIC, tag, false, Buffer.from(bytes).toString('latin1'));
}

export function toDer(value: Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(value).getBytes(), 'latin1');
}

/**
 * Parses exactly one DER value. What does not encode back to the same bytes (BER lengths, padded integers, a tail) is
 * refused, so a later `toDer` of a part yields the very bytes that were signed.
 */
export function parseDer(bytes: Uint8Array, what: string): Asn1 {
  const input = Buffer.from(bytes);
  let value: Asn1;
  try {
    const options = { strict: true, parseAllBytes: true, decodeBitStrings: false, maxDepth: DEPTH_MAX };
    value = fromDer(forge.util.createBuffer(input.toString('latin1')), options);
  } catch (cause) {
    throw new IdentityError('MALHA3001', `${what} is not valid DER`, { cause });
  }
  if (!toDer(value).equals(input)) throw new IdentityError('MALHA3001', `${what} is not canonical DER`);
  return value;
}

/** Items of a SEQUENCE. */
export function items(value: Asn1 | undefined, what: string): readonly Asn1[] {
  if (!isUniversal(value, Type.SEQUENCE)) throw new IdentityError('MALHA3001', `${what} is missing or not a sequence`);
  return children(value, what);
}

/** Children of any constructed value. */
export function children(value: Asn1 | undefined, what: string): readonly Asn1[] {
  if (value === undefined || !value.constructed || typeof value.value === 'string') {
    throw new IdentityError('MALHA3001', `${what} is missing or not a structure`);
  }
  return value.value;
}

/** Content bytes of a primitive value. */
export function content(value: Asn1 | undefined, what: string): Buffer {
  if (value === undefined || value.constructed || typeof value.value !== 'string') {
    throw new IdentityError('MALHA3001', `${what} is missing or not a primitive value`);
  }
  return Buffer.from(value.value, 'latin1');
}

export function isUniversal(value: Asn1 | undefined, type: forge.asn1.Type): boolean {
  return value?.tagClass === Class.UNIVERSAL && value.type === type;
}

export function isContext(value: Asn1 | undefined, tag: number): boolean {
  return value?.tagClass === Class.CONTEXT_SPECIFIC && Number(value.type) === tag;
}

export function oidOf(value: Asn1 | undefined, what: string): string {
  if (!isUniversal(value, Type.OID)) throw new IdentityError('MALHA3001', `${what} is not an object identifier`);
  try {
    return forge.asn1.derToOid(forge.util.createBuffer(content(value, what).toString('latin1')));
  } catch (cause) {
    throw new IdentityError('MALHA3001', `${what} is not a valid object identifier`, { cause });
  }
}

export const TYPE = Type;
