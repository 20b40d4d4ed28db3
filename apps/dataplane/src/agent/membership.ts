// What makes a process a member of the mesh: its name, its place, its identity. Given at joining, kept on disk.
import { createPublicKey } from 'node:crypto';
import {
  parsePemBlocks,
  parsePrivateKey,
  parseTrustBundle,
  readCertificate,
  type SpiffeIdentity,
  spkiPin,
  verifyChain,
} from '@malha/identity';
import type { SecretMaterial } from '../data-plane.ts';

export interface Membership {
  readonly namespace: string;
  /** Name of the Workload. */
  readonly name: string;
  /** `<namespace>/<name>` of the Service. */
  readonly service: string;
  readonly version: string;
  /** Where the proxy listens. */
  readonly address: string;
  readonly outboundPort: number;
  readonly inboundPort: number;
  readonly adminPort: number;
  readonly trustDomain: string;
  /** `host:port` of xDS, session and renewal. */
  readonly controlPlane: string;
}

export interface Credentials {
  readonly secrets: SecretMaterial;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Checks that chain, key and trust belong together and are valid now. Throws IdentityError or an Error with the reason. */
export function checkCredentials(
  pem: { readonly chain: string; readonly key: string; readonly trust: string },
  nowMs: number,
): Credentials {
  const identity: SpiffeIdentity = verifyChain(pem.chain, {
    bundle: parseTrustBundle(pem.trust),
    role: 'server',
    nowMs,
  });
  const [der] = parsePemBlocks(pem.chain, 'CERTIFICATE', 'certificate chain');
  if (der === undefined) throw new Error('the certificate chain is empty');
  const leaf = readCertificate(der);
  if (!leaf.publicKey.equals(createPublicKey(parsePrivateKey(pem.key).privateKey))) {
    throw new Error('the private key is not that of the certificate');
  }
  return {
    secrets: {
      certificateChainPem: pem.chain,
      privateKeyPem: pem.key,
      trustBundlePem: pem.trust,
      spiffeId: identity.id,
      trustDomain: identity.trustDomain,
    },
    notBeforeMs: Date.parse(leaf.validFrom),
    notAfterMs: Date.parse(leaf.validTo),
  };
}

/** Whether a root of the bundle is the pinned one. */
export function isPinned(trustBundlePem: string, pin: string): boolean {
  return parseTrustBundle(trustBundlePem).roots.some((root) => spkiPin(root) === pin);
}
