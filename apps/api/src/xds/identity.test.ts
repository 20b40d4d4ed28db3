import * as grpc from '@grpc/grpc-js';
import { verifyPeer } from '@malha/identity';
import { createTestCa, type TestIdentity } from '@malha/testing/test-ca';
import { processTimers, type Timers } from '@malha/xds/timers';
import { afterEach, expect, test, vi } from 'vitest';
import {
  type RunningServer,
  runProxy,
  runServer,
  service,
  type TestProxy,
  TestWorld,
  until,
  workload,
} from '../../test/xds-mesh.ts';
import type { DeltaCall } from './server/session.ts';

vi.setConfig({ testTimeout: 60_000 });

const ca = createTestCa();
const world = new TestWorld();
world.set([service('shop', 'front')], [workload('shop', 'front-1', 'front')]);

let server: RunningServer;
let proxy: TestProxy;
afterEach(() => {
  proxy.close();
  server.close();
});

async function serve(timers: Timers = processTimers): Promise<void> {
  const own = ca.issueControlPlane();
  server = await runServer(world, {
    timers,
    credentials: grpc.ServerCredentials.createSsl(
      Buffer.from(ca.trustBundlePem),
      [{ cert_chain: Buffer.from(own.certificateChainPem), private_key: Buffer.from(own.privateKeyPem) }],
      true,
    ),
    identify: (call) => {
      const certificate = (call as DeltaCall).getAuthContext().sslPeerCertificate;
      if (certificate === undefined) throw new Error('no certificate');
      const identity = verifyPeer(certificate.raw, { bundle: ca.trustBundle, role: 'client', nowMs: Date.now() });
      return { identity, notAfterMs: Date.parse(certificate.valid_to) };
    },
  });
}

const as = (identity: TestIdentity) =>
  grpc.credentials.createSsl(
    Buffer.from(ca.trustBundlePem),
    Buffer.from(identity.privateKeyPem),
    Buffer.from(identity.certificateChainPem),
  );

test('a workload gets its configuration under its own certificate', async () => {
  await serve();
  proxy = runProxy(server, 'shop/front-1', { credentials: as(ca.issue('shop', 'front')) });
  await until('a configuration', () => proxy.store.current() !== undefined);
});

test('another identity is refused the configuration of a workload', async () => {
  await serve();
  proxy = runProxy(server, 'shop/front-1', { credentials: as(ca.issue('shop', 'evil')) });
  await until('refused', () => proxy.states.some((state) => state.includes('PERMISSION_DENIED: MALHA5063')));
  expect(proxy.store.current()).toBeUndefined();
});

test('a revoked workload loses its stream', async () => {
  await serve();
  proxy = runProxy(server, 'shop/front-1', { credentials: as(ca.issue('shop', 'front')) });
  await until('a configuration', () => proxy.store.current() !== undefined);
  server.xds.disconnect('shop/front-1');
  await until('ended', () => proxy.states.some((state) => state.includes('PERMISSION_DENIED')));
});

test('a stream ends with the certificate that it was opened with', async () => {
  const ends: { readonly ms: number; readonly run: () => void }[] = [];
  await serve({
    after: (ms, run) => {
      if (ms < 3_600_000) return processTimers.after(ms, run);
      ends.push({ ms, run });
      return () => undefined;
    },
  });
  const identity = ca.issue('shop', 'front', { lifetimeMs: 7_200_000 });
  proxy = runProxy(server, 'shop/front-1', { credentials: as(identity) });
  await until('a configuration', () => proxy.store.current() !== undefined);
  expect(ends).toHaveLength(1);
  expect(ends[0]?.ms).toBeLessThanOrEqual(identity.notAfterMs - Date.now() + 10_000);
  ends[0]?.run();
  await until('ended', () => proxy.states.some((state) => state.includes('UNAUTHENTICATED: MALHA5059')));
});
