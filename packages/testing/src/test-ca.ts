// A certificate authority for tests: issues SPIFFE leaves of any identity, trust domain and life in a few milliseconds each.
import {
  generateKeyPair,
  issueIssuing,
  issueLeaf,
  issueRoot,
  parseCsr,
  parseTrustBundle,
  privateKeyPem,
  spiffeIdentity,
  spkiPin,
  type TrustBundle,
} from '@malha/identity';

/** What a proxy gets as its identity; the shape of SecretMaterial in the data plane. */
export interface TestIdentity {
  readonly certificateChainPem: string;
  readonly privateKeyPem: string;
  readonly trustBundlePem: string;
  readonly spiffeId: string;
  readonly trustDomain: string;
  readonly notAfterMs: number;
}

export interface TestLeafOptions {
  /** The moment of issuing; a past one with a short life gives an expired certificate. */
  readonly nowMs?: number;
  readonly lifetimeMs?: number;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

export interface TestCa {
  readonly trustDomain: string;
  readonly trustBundlePem: string;
  readonly trustBundle: TrustBundle;
  /** `sha256:…` of the root's public key. */
  readonly pin: string;
  issue(namespace: string, serviceAccount: string, options?: TestLeafOptions): TestIdentity;
  /** What a control plane answers to a certificate request: the chain, leaf first, a PEM each. */
  sign(csrPem: string, namespace: string, serviceAccount: string, options?: TestLeafOptions): readonly string[];
  /** The control plane's own certificate, for localhost and 127.0.0.1. */
  issueControlPlane(options?: TestLeafOptions): TestIdentity;
}

export function createTestCa(trustDomain = 'mesh.local', nowMs = Date.now()): TestCa {
  const rootKeys = generateKeyPair();
  const root = { certificatePem: issueRoot(trustDomain, rootKeys, nowMs).pem, keys: rootKeys };
  const issuingKeys = generateKeyPair();
  const issuing = {
    certificatePem: issueIssuing(trustDomain, root, issuingKeys.publicKey, nowMs).pem,
    keys: issuingKeys,
  };
  const trustBundle = parseTrustBundle(root.certificatePem);
  const issue = (namespace: string, serviceAccount: string, options: TestLeafOptions = {}): TestIdentity => {
    const keys = generateKeyPair();
    const spiffeId = spiffeIdentity(trustDomain, namespace, serviceAccount).id;
    const leaf = issueLeaf(issuing, { nowMs: Date.now(), ...options, spiffeId, publicKey: keys.publicKey });
    return {
      certificateChainPem: leaf.pem + issuing.certificatePem,
      privateKeyPem: privateKeyPem(keys),
      trustBundlePem: root.certificatePem,
      spiffeId,
      trustDomain,
      notAfterMs: leaf.notAfterMs,
    };
  };
  return {
    trustDomain,
    trustBundlePem: root.certificatePem,
    trustBundle,
    pin: spkiPin(new Uint8Array(trustBundle.roots[0]?.raw ?? [])),
    issue,
    sign(csrPem, namespace, serviceAccount, options = {}) {
      const spiffeId = spiffeIdentity(trustDomain, namespace, serviceAccount).id;
      const leaf = issueLeaf(issuing, {
        nowMs: Date.now(),
        ...options,
        spiffeId,
        publicKey: parseCsr(csrPem).publicKey,
      });
      return [leaf.pem, issuing.certificatePem];
    },
    issueControlPlane: (options = {}) =>
      issue('malha-system', 'control-plane', { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'], ...options }),
  };
}
