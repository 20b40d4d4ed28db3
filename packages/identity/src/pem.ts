// PEM blocks (RFC 7468, strict form): split, label check, encode.
import { IdentityError } from './errors.ts';

/** A chain of five P-256 certificates is below 8 KiB; a bundle of thirty roots below 32 KiB. */
export const PEM_SIZE_MAX_BYTES = 64 * 1024;

const BEGIN = /^-----BEGIN ([A-Z0-9 ]+)-----$/;
const BASE64_LINE = /^[A-Za-z0-9+/]{1,76}={0,2}$/;

export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** All blocks of a text in order. Text between blocks (OpenSSL's comments) is skipped; a damaged block is an error. */
export function parsePem(text: string, what: string): PemBlock[] {
  if (text.length > PEM_SIZE_MAX_BYTES) {
    throw new IdentityError('MALHA3001', `${what} is larger than ${PEM_SIZE_MAX_BYTES} bytes`);
  }
  const blocks: PemBlock[] = [];
  let label: string | undefined;
  let base64: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trimEnd();
    if (label === undefined) {
      label = BEGIN.exec(trimmed)?.[1];
      base64 = [];
    } else if (trimmed === `-----END ${label}-----`) {
      blocks.push({ label, der: decodeBase64(base64, what) });
      label = undefined;
    } else if (BASE64_LINE.test(trimmed)) {
      base64.push(trimmed);
    } else {
      throw new IdentityError('MALHA3001', `${what} has a damaged PEM block ${label}`);
    }
  }
  if (label !== undefined) throw new IdentityError('MALHA3001', `${what} ends inside a PEM block ${label}`);
  return blocks;
}

/** All blocks, each of the label given; at least one. */
export function parsePemBlocks(text: string, label: string, what: string): Buffer[] {
  const blocks = parsePem(text, what);
  if (blocks.length === 0) throw new IdentityError('MALHA3001', `${what} has no PEM block ${label}`);
  const other = blocks.find((block) => block.label !== label);
  if (other !== undefined) throw new IdentityError('MALHA3001', `${what} has a PEM block ${other.label}, not ${label}`);
  return blocks.map((block) => block.der);
}

export function toPem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g);
  return `-----BEGIN ${label}-----\n${(lines ?? []).join('\n')}\n-----END ${label}-----\n`;
}

function decodeBase64(lines: readonly string[], what: string): Buffer {
  const joined = lines.join('');
  const der = Buffer.from(joined, 'base64');
  if (der.length === 0 || der.toString('base64') !== joined) {
    throw new IdentityError('MALHA3001', `${what} is not valid base64`);
  }
  return der;
}
