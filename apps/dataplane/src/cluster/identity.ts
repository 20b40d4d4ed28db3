// The certificate of this workload as TLS contexts, and the check of a peer's certificate that TLS itself cannot do.
import type { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { parseTrustBundle, type SpiffeIdentity, type TrustBundle, verifyPeer } from '@malha/identity';
import { PeerSessions } from './peer-sessions.ts';

/** What the agent hands over; private key and certificates as PEM. */
export interface SecretMaterial {
  readonly certificateChainPem: string;
  readonly privateKeyPem: string;
  readonly trustBundlePem: string;
  readonly spiffeId: string;
  readonly trustDomain: string;
}

/** One identity for as long as it is current; connections keep the one they began with. */
export class WorkloadTls {
  readonly spiffeId: string;
  readonly context: SecureContext;
  readonly secrets: SecretMaterial;
  /** For connections that we open. */
  readonly sessions = new PeerSessions();
  private readonly bundle: TrustBundle;

  /** Throws when the material does not fit together: nothing of it is used then. */
  constructor(secrets: SecretMaterial) {
    this.secrets = secrets;
    this.spiffeId = secrets.spiffeId;
    this.bundle = parseTrustBundle(secrets.trustBundlePem);
    this.context = createSecureContext(contextOptions(secrets));
  }

  /** Throws an IdentityError that says why the certificate is refused. */
  verify(certificate: X509Certificate, role: 'client' | 'server', nowMs: number): SpiffeIdentity {
    return verifyPeer(certificate, { bundle: this.bundle, role, nowMs });
  }
}

/** mTLS between proxies: TLS 1.3 only, our chain, and the roots of the mesh as the only trust. */
export function contextOptions(secrets: SecretMaterial) {
  return {
    cert: secrets.certificateChainPem,
    key: secrets.privateKeyPem,
    ca: secrets.trustBundlePem,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    // AES-128 is as safe here and cheaper than the default's 256 bits.
    ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
  } as const;
}
