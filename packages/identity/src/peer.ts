// Decides who a peer is: SPIFFE rules on a certificate (X.509-SVID), and full chain validation where no TLS library did it.
import { X509Certificate } from 'node:crypto';
import { type CertificateFields, certificateFields } from './certificate-fields.ts';
import { IdentityError } from './errors.ts';
import { parsePemBlocks } from './pem.ts';
import { parseSpiffeIdentity, type SpiffeIdentity } from './spiffe.ts';
import { readCertificate, type TrustBundle } from './trust-bundle.ts';

/** Leaf, issuing authority, and one more for cross-signing; the root comes from the bundle. */
const CHAIN_LENGTH_MAX = 4;

/** What the peer does in the handshake. */
export type PeerRole = 'client' | 'server';

export interface PeerCheck {
  readonly bundle: TrustBundle;
  readonly role: PeerRole;
  readonly nowMs: number;
}

/**
 * The identity of a peer whose chain the TLS library has verified against the same bundle.
 * Time is checked again because a resumed session presents a certificate that was verified earlier.
 * Throws MALHA3004 with the reason.
 */
export function verifyPeer(certificate: X509Certificate | Uint8Array, check: PeerCheck): SpiffeIdentity {
  const parsed = certificate instanceof X509Certificate ? certificate : readCertificate(certificate);
  const fields = certificateFields(parsed.raw);
  checkValidity(parsed, check.nowMs);
  if (fields.isAuthority || fields.canSignCertificates) throw refused('it is the certificate of an authority');
  if (parsed.publicKey.asymmetricKeyType !== 'ec') throw refused('its key is not an EC key');
  checkUsage(fields, check.role);
  const [uri, ...more] = fields.uris;
  if (uri === undefined) throw refused('it has no URI name');
  if (more.length > 0) throw refused('it has more than one URI name');
  const identity = parseSpiffeIdentity(uri);
  if (!check.bundle.trustDomains.has(identity.trustDomain)) {
    throw refused(`its trust domain ${identity.trustDomain} is not in the trust bundle`);
  }
  return identity;
}

/** Full validation of a PEM chain, leaf first, against the bundle: what an agent does with a certificate it was given. */
export function verifyChain(chainPem: string, check: PeerCheck): SpiffeIdentity {
  const chain = parsePemBlocks(chainPem, 'CERTIFICATE', 'certificate chain').map((der) => readCertificate(der));
  const [leaf, ...intermediates] = chain;
  if (leaf === undefined || chain.length > CHAIN_LENGTH_MAX) {
    throw new IdentityError('MALHA3005', `the chain must have 1 to ${CHAIN_LENGTH_MAX} certificates`);
  }
  const identity = verifyPeer(leaf, check);
  let current = leaf;
  for (const [below, issuer] of intermediates.entries()) {
    if (!isIssuedBy(current, issuer)) throw untrusted('a certificate is not signed by the next one');
    checkIssuer(issuer, identity, below, check.nowMs);
    current = issuer;
  }
  const root = check.bundle.roots.find((candidate) => isIssuedBy(current, candidate));
  if (root === undefined) throw untrusted('it does not end at a root of the trust bundle');
  checkIssuer(root, identity, intermediates.length, check.nowMs);
  return identity;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** `below`: number of authorities between this one and the leaf. */
function checkIssuer(issuer: X509Certificate, identity: SpiffeIdentity, below: number, nowMs: number): void {
  const fields = certificateFields(issuer.raw);
  if (!fields.isAuthority || !fields.canSignCertificates) throw untrusted('an issuer is no authority');
  if (fields.pathLength !== undefined && fields.pathLength < below)
    throw untrusted('an issuer is too far from the leaf');
  if (fields.permittedUriHosts !== undefined && !fields.permittedUriHosts.includes(identity.trustDomain)) {
    throw untrusted(`an issuer may not vouch for ${identity.trustDomain}`);
  }
  checkValidity(issuer, nowMs);
}

function checkUsage(fields: CertificateFields, role: PeerRole): void {
  const hasPurpose = role === 'client' ? fields.hasClientAuth : fields.hasServerAuth;
  if (!hasPurpose) throw refused(`it is not for use as a ${role}`);
  if (!fields.canSignData) throw refused('its key usage lacks digital signature');
}

function checkValidity(certificate: X509Certificate, nowMs: number): void {
  if (nowMs < Date.parse(certificate.validFrom)) throw refused(`it is valid only from ${certificate.validFrom}`);
  if (nowMs > Date.parse(certificate.validTo)) throw refused(`it expired on ${certificate.validTo}`);
}

function refused(why: string): IdentityError {
  return new IdentityError('MALHA3004', `peer certificate refused: ${why}`);
}

function untrusted(why: string): IdentityError {
  return new IdentityError('MALHA3005', `certificate chain not trusted: ${why}`);
}
