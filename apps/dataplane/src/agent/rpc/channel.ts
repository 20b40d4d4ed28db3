// The connection to the control plane: mutual TLS, and a peer that proves to be the control plane of this mesh.
import * as grpc from '@grpc/grpc-js';
import { parseTrustBundle, spiffeIdentity, verifyPeer } from '@malha/identity';
import type { Clock } from '@malha/traffic/clock';
import type { SecretMaterial } from '../../data-plane.ts';

const KEEPALIVE_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;
const MESSAGE_SIZE_MAX_BYTES = 64 * 1024 * 1024;

export const CHANNEL_OPTIONS: grpc.ClientOptions = {
  'grpc.keepalive_time_ms': KEEPALIVE_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': MESSAGE_SIZE_MAX_BYTES,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  // Each client is a connection of its own, with the certificate of its time.
  'grpc.use_local_subchannel_pool': 1,
  // The identity is checked, not the name; an address must not stand in SNI (RFC 6066, section 3).
  'grpc.ssl_target_name_override': 'control-plane.malha-system.mesh',
};

/** Identity that only the control plane has. */
export function controlPlaneId(trustDomain: string): string {
  return spiffeIdentity(trustDomain, 'malha-system', 'control-plane').id;
}

/** Checks SPIFFE instead of the host's name: what proves a control plane is its identity. */
export function checkControlPlane(trustBundlePem: string, trustDomain: string, clock: Clock) {
  const bundle = parseTrustBundle(trustBundlePem);
  return (_host: string, certificate: { readonly raw: Buffer }): Error | undefined => {
    try {
      const { id } = verifyPeer(certificate.raw, { bundle, role: 'server', nowMs: clock.now() });
      if (id === controlPlaneId(trustDomain)) return undefined;
      return new Error(`the peer is ${id}, not ${controlPlaneId(trustDomain)}`);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
}

/** Connects on the first call; that call fails with the reason when no connection comes to be. */
export function openChannel(address: string, secrets: SecretMaterial, clock: Clock): grpc.Client {
  const credentials = grpc.credentials.createSsl(
    Buffer.from(secrets.trustBundlePem),
    Buffer.from(secrets.privateKeyPem),
    Buffer.from(secrets.certificateChainPem),
    { checkServerIdentity: checkControlPlane(secrets.trustBundlePem, secrets.trustDomain, clock) },
  );
  return new grpc.Client(address, credentials, CHANNEL_OPTIONS);
}
