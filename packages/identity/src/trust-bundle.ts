// Trust bundle: the root certificates that a proxy trusts, and the trust domains that they stand for.
import { X509Certificate } from 'node:crypto';
import { certificateFields } from './certificate-fields.ts';
import { IdentityError } from './errors.ts';
import { publicKeyPin } from './key-pair.ts';
import { parsePemBlocks } from './pem.ts';
import { isTrustDomain } from './spiffe.ts';

/** Roots of one bundle; rotation has two, federation one or two per trust domain. */
const ROOTS_MAX = 64;

export interface TrustBundle {
  readonly pem: string;
  readonly roots: readonly X509Certificate[];
  readonly trustDomains: ReadonlySet<string>;
}

/**
 * Parses PEM root certificates. The trust domain of each is its only URI name (`spiffe://<trust domain>`).
 * With more than one trust domain every root must be limited to its own by a name constraint: the TLS library enforces
 * that, so a root cannot vouch for another's domain.
 */
export function parseTrustBundle(pem: string): TrustBundle {
  const ders = parsePemBlocks(pem, 'CERTIFICATE', 'trust bundle');
  if (ders.length > ROOTS_MAX)
    throw new IdentityError('MALHA3001', `the trust bundle has more than ${ROOTS_MAX} roots`);
  const parsed = ders.map((der) => parseRoot(der));
  const trustDomains = new Set(parsed.map((root) => root.trustDomain));
  const loose = parsed.find((root) => !root.isLimited);
  if (trustDomains.size > 1 && loose !== undefined) {
    throw new IdentityError('MALHA3001', `the root of ${loose.trustDomain} is not limited to its own trust domain`);
  }
  return { pem, roots: parsed.map((root) => root.certificate), trustDomains };
}

/** `sha256:` and the hex SHA-256 of the certificate's subject public key info: what a CA pin names. */
export function spkiPin(certificate: X509Certificate | Uint8Array): string {
  const parsed = certificate instanceof X509Certificate ? certificate : readCertificate(certificate);
  return publicKeyPin(parsed.publicKey);
}

export function readCertificate(input: Uint8Array | string): X509Certificate {
  try {
    return new X509Certificate(input);
  } catch (cause) {
    throw new IdentityError('MALHA3001', 'a certificate cannot be read', { cause });
  }
}

function parseRoot(der: Buffer): { certificate: X509Certificate; trustDomain: string; isLimited: boolean } {
  const certificate = readCertificate(der);
  const fields = certificateFields(der);
  if (!fields.isAuthority || !fields.canSignCertificates) {
    throw new IdentityError('MALHA3001', 'the trust bundle has a certificate that is no authority');
  }
  if (!certificate.verify(certificate.publicKey)) {
    throw new IdentityError('MALHA3001', 'the trust bundle has a certificate that is not self-signed');
  }
  const [uri = '', ...more] = fields.uris;
  const trustDomain = uri.startsWith('spiffe://') ? uri.slice('spiffe://'.length) : '';
  if (more.length > 0 || !isTrustDomain(trustDomain)) {
    throw new IdentityError('MALHA3001', 'the trust bundle has a root that does not name its trust domain');
  }
  const hosts = fields.permittedUriHosts;
  return { certificate, trustDomain, isLimited: hosts?.length === 1 && hosts[0] === trustDomain };
}
