// Reads what the mesh decides by from a certificate's own bytes: names, purposes, whether it is an authority.
import { children, content, isContext, isUniversal, items, oidOf, parseDer, TYPE } from './der.ts';
import { IdentityError } from './errors.ts';
import * as oid from './oids.ts';

const CERTIFICATE_SIZE_MAX_BYTES = 16 * 1024;

export interface CertificateFields {
  readonly uris: readonly string[];
  /** Number of names of any kind in the subject alternative name. */
  readonly nameCount: number;
  readonly isAuthority: boolean;
  /** Authorities that may follow below this one; undefined = not limited. */
  readonly pathLength: number | undefined;
  readonly hasServerAuth: boolean;
  readonly hasClientAuth: boolean;
  readonly canSignCertificates: boolean;
  readonly canSignData: boolean;
  /** Hosts that URI names below this authority are limited to; undefined = not limited. */
  readonly permittedUriHosts: readonly string[] | undefined;
}

/** Node's own `subjectAltName` is a text that must be unquoted; the decision about an identity is made on the bytes. */
export function certificateFields(der: Uint8Array): CertificateFields {
  if (der.length > CERTIFICATE_SIZE_MAX_BYTES) throw malformed('it is too large');
  const [tbs] = items(parseDer(der, 'certificate'), 'certificate');
  const wrapper = items(tbs, 'certificate').find((field) => isContext(field, 3));
  const found = new Map<string, Buffer>();
  for (const item of wrapper === undefined ? [] : items(children(wrapper, 'extensions')[0], 'extensions')) {
    const parts = items(item, 'extension');
    const id = oidOf(parts[0], 'extension');
    if (found.has(id)) throw malformed(`the extension ${id} is there twice`);
    found.set(id, content(parts[parts.length - 1], 'extension'));
  }
  return fieldsOf(found);
}

function fieldsOf(found: ReadonlyMap<string, Buffer>): CertificateFields {
  const names = altNames(found.get(oid.OID_SUBJECT_ALT_NAME));
  const purposes = purposeIds(found.get(oid.OID_EXTENDED_KEY_USAGE));
  const usage = keyUsage(found.get(oid.OID_KEY_USAGE));
  return {
    uris: names.uris,
    nameCount: names.count,
    ...authority(found.get(oid.OID_BASIC_CONSTRAINTS)),
    hasServerAuth: purposes.includes(oid.OID_SERVER_AUTH),
    hasClientAuth: purposes.includes(oid.OID_CLIENT_AUTH),
    canSignCertificates: (usage & 0x04) !== 0,
    canSignData: (usage & 0x80) !== 0,
    permittedUriHosts: permittedUriHosts(found.get(oid.OID_NAME_CONSTRAINTS)),
  };
}

function altNames(der: Buffer | undefined): { uris: string[]; count: number } {
  if (der === undefined) return { uris: [], count: 0 };
  const names = items(parseDer(der, 'subject alternative name'), 'subject alternative name');
  const uris = names.filter((name) => isContext(name, 6)).map((name) => content(name, 'URI name').toString('latin1'));
  return { uris, count: names.length };
}

function purposeIds(der: Buffer | undefined): string[] {
  if (der === undefined) return [];
  return items(parseDer(der, 'extended key usage'), 'extended key usage').map((id) => oidOf(id, 'key purpose'));
}

/** First byte of the bit string; the bits that matter here are all in it. */
function keyUsage(der: Buffer | undefined): number {
  if (der === undefined) return 0;
  return content(parseDer(der, 'key usage'), 'key usage')[1] ?? 0;
}

function authority(der: Buffer | undefined): { isAuthority: boolean; pathLength: number | undefined } {
  if (der === undefined) return { isAuthority: false, pathLength: undefined };
  const [flag, limit] = items(parseDer(der, 'basic constraints'), 'basic constraints');
  const isAuthority = isUniversal(flag, TYPE.BOOLEAN) && content(flag, 'CA flag')[0] !== 0;
  const pathLength = isUniversal(limit, TYPE.INTEGER) ? content(limit, 'path length').readUIntBE(0, 1) : undefined;
  return { isAuthority, pathLength };
}

function permittedUriHosts(der: Buffer | undefined): string[] | undefined {
  if (der === undefined) return undefined;
  const parts = items(parseDer(der, 'name constraints'), 'name constraints');
  const permitted = parts.find((part) => isContext(part, 0));
  if (permitted === undefined) return undefined;
  const bases = children(permitted, 'permitted names').map((subtree) => items(subtree, 'permitted name')[0]);
  const hosts = bases.filter((base) => isContext(base, 6)).map((base) => content(base, 'URI host').toString('latin1'));
  return hosts.length === 0 ? undefined : hosts;
}

function malformed(why: string): IdentityError {
  return new IdentityError('MALHA3001', `the certificate is malformed: ${why}`);
}
