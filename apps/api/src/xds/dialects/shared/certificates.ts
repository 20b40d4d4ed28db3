// Stored certificates of gateways as secrets, alike in both dialects: each goes only to proxies whose listeners show it.
import { create, toBinary } from '@bufbuild/protobuf';
import type { GatewayListener } from '@malha/traffic';
import { certificatesOf } from '@malha/traffic/gateway';
import { SECRET_TYPE } from '@malha/xds';
import { SecretSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb';
import type { CertificateMaterial, DialectContext, ResourcePlan } from '../dialect.ts';

export function certificateNames(gateways: readonly GatewayListener[]): readonly string[] {
  return [...new Set(gateways.flatMap(certificatesOf))];
}

export function storedCertificatePlans(
  gateways: readonly GatewayListener[],
  certificateOf: DialectContext['certificateOf'],
): ResourcePlan[] {
  return certificateNames(gateways).flatMap((name) => {
    const material = certificateOf(name);
    if (material === undefined) return [];
    // By identity: no key may stand in the key of a memo.
    return [{ typeUrl: SECRET_TYPE, name, source: [material], bytes: () => encodeSecret(name, material) }];
  });
}

function encodeSecret(name: string, { chainPem, privateKeyPem }: CertificateMaterial): Uint8Array {
  const inline = (value: string) => ({ specifier: { case: 'inlineString' as const, value } });
  const value = { certificateChain: inline(chainPem), privateKey: inline(privateKeyPem) };
  return toBinary(SecretSchema, create(SecretSchema, { name, type: { case: 'tlsCertificate', value } }));
}
