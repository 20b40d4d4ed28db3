// Identities of the mesh: key pairs, certificate requests, certificates, SPIFFE verification, renewal.
export {
  type Authority,
  CLOCK_SKEW_MS,
  type IssuedCertificate,
  issueIssuing,
  issueLeaf,
  issueRoot,
  LEAF_LIFETIME_MS,
  type LeafRequest,
} from './certificate.ts';
export { type CertificateRequest, CSR_SIZE_MAX_BYTES, createCsr, parseCsr } from './csr.ts';
export { IdentityError, type IdentityErrorCode } from './errors.ts';
export { generateKeyPair, type KeyPair, parsePrivateKey, privateKeyPem, publicKeyPin } from './key-pair.ts';
export { type PeerCheck, type PeerRole, verifyChain, verifyPeer } from './peer.ts';
export { parsePem, parsePemBlocks, toPem } from './pem.ts';
export { type CertificateLife, renewalDelayMs, renewalRetryDelayMs } from './renewal.ts';
export {
  parseServerCertificate,
  type ServerCertificate,
  type ServerCertificateFacts,
  serverCertificateFacts,
} from './server-certificate.ts';
export { isTrustDomain, parseSpiffeIdentity, type SpiffeIdentity, spiffeIdentity, trustDomainId } from './spiffe.ts';
export { parseTrustBundle, readCertificate, spkiPin, type TrustBundle } from './trust-bundle.ts';
