// What an operator sees of the certificates in use; never a key.
import { parsePemBlocks, readCertificate, spkiPin } from '@malha/identity';
import type { SecretMaterial } from '../data-plane.ts';

export interface CertificateView {
  readonly subject: string;
  readonly names: string;
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly spkiSha256: string;
}

export interface CertificatesView {
  readonly spiffeId: string | null;
  readonly trustDomain: string | null;
  readonly chain: readonly CertificateView[];
  readonly trust: readonly CertificateView[];
}

export function viewCertificates(secrets: SecretMaterial | undefined): CertificatesView {
  if (secrets === undefined) return { spiffeId: null, trustDomain: null, chain: [], trust: [] };
  return {
    spiffeId: secrets.spiffeId,
    trustDomain: secrets.trustDomain,
    chain: viewAll(secrets.certificateChainPem, 'certificate chain'),
    trust: viewAll(secrets.trustBundlePem, 'trust bundle'),
  };
}

function viewAll(pem: string, what: string): readonly CertificateView[] {
  return parsePemBlocks(pem, 'CERTIFICATE', what).map((der) => {
    const certificate = readCertificate(der);
    return {
      subject: certificate.subject ?? '',
      names: certificate.subjectAltName ?? '',
      serial: certificate.serialNumber.toLowerCase(),
      notBefore: new Date(certificate.validFrom).toISOString(),
      notAfter: new Date(certificate.validTo).toISOString(),
      spkiSha256: spkiPin(certificate),
    };
  });
}
