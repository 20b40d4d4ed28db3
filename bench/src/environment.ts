// The upstream, identities and ports that all contestants of a run share.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '@malha/testing/free-port';
import { createTestCa, type TestCa } from '@malha/testing/test-ca';
import type { Environment, IdentityFiles } from './contestants/contestant.ts';
import { startGrpcUpstream, startUpstream } from './contestants/nginx.ts';

export interface SharedEnvironment extends Environment {
  close(): Promise<void>;
}

export async function createEnvironment(): Promise<SharedEnvironment> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'malha-bench-'));
  const ca = createTestCa();
  const upstreamPort = await freePort();
  const upstream = await startUpstream(directory, upstreamPort);
  const grpcPort = await freePort();
  const grpcUpstream = await startGrpcUpstream(directory, grpcPort);
  return {
    upstreamPort,
    grpcPort,
    directory,
    identities: { client: identity(ca, directory, 'caller'), server: identity(ca, directory, 'app') },
    freePort,
    close: async () => {
      await upstream.stop();
      await grpcUpstream.stop();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

function identity(ca: TestCa, parent: string, name: string): IdentityFiles {
  const directory = path.join(parent, `identity-${name}`);
  fs.mkdirSync(directory);
  const issued = ca.issue('bench', name);
  const files = {
    certificate: path.join(directory, 'cert.pem'),
    key: path.join(directory, 'key.pem'),
    trust: path.join(directory, 'trust.pem'),
  };
  fs.writeFileSync(files.certificate, issued.certificateChainPem);
  fs.writeFileSync(files.key, issued.privateKeyPem, { mode: 0o600 });
  fs.writeFileSync(files.trust, issued.trustBundlePem);
  return { directory, ...files, spiffeId: issued.spiffeId };
}
