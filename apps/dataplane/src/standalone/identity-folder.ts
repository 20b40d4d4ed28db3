// Reads cert.pem, key.pem and trust.pem of a standalone proxy and checks that they belong together.
import { createPublicKey } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { parsePemBlocks, parsePrivateKey, parseTrustBundle, readCertificate, verifyChain } from '@malha/identity';
import type { SecretMaterial } from '../data-plane.ts';
import { StandaloneError } from './errors.ts';

export async function readIdentity(folder: string, nowMs: number): Promise<SecretMaterial> {
  try {
    const [certificateChainPem, privateKeyPem, trustBundlePem] = await Promise.all(
      ['cert.pem', 'key.pem', 'trust.pem'].map((name) => fs.readFile(path.join(folder, name), 'utf8')),
    );
    if (certificateChainPem === undefined || privateKeyPem === undefined || trustBundlePem === undefined) {
      throw new Error('a file is missing');
    }
    const bundle = parseTrustBundle(trustBundlePem);
    const identity = verifyChain(certificateChainPem, { bundle, role: 'server', nowMs });
    assertOwnKey(certificateChainPem, privateKeyPem);
    return {
      certificateChainPem,
      privateKeyPem,
      trustBundlePem,
      spiffeId: identity.id,
      trustDomain: identity.trustDomain,
    };
  } catch (cause) {
    throw new StandaloneError('MALHA4813', `the identity in ${folder} is unusable`, [], { cause });
  }
}

function assertOwnKey(chainPem: string, keyPem: string): void {
  const [leaf] = parsePemBlocks(chainPem, 'CERTIFICATE', 'cert.pem');
  const key = createPublicKey(parsePrivateKey(keyPem).privateKey);
  if (leaf === undefined || !readCertificate(leaf).publicKey.equals(key)) {
    throw new Error('key.pem is not the key of cert.pem');
  }
}
