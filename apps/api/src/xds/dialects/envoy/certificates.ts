// Certificates of gateways for Envoy: secrets over ADS, with what is stored or with the names of files on its host.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { GatewayListener } from '@malha/traffic';
import { certificatesOf } from '@malha/traffic/gateway';
import { SECRET_TYPE } from '@malha/xds';
import type { TransportSocketSchema } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import { TlsParameters_TlsProtocol } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/common_pb';
import { SecretSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb';
import { DownstreamTlsContextSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import type { DialectContext, ResourcePlan } from '../dialect.ts';
import { certificateNames, storedCertificatePlans } from '../shared/certificates.ts';
import { ADS, typed } from './types.ts';

/** Whether this Envoy can show what the listener names: what is not stored only a host with a folder may have. */
export function canServe(listener: GatewayListener, { secretFiles, certificateOf }: DialectContext): boolean {
  if (secretFiles?.certificates !== undefined) return true;
  return certificatesOf(listener).every((name) => certificateOf(name) !== undefined);
}

export function certificatePlans(
  gateways: readonly GatewayListener[],
  { secretFiles, certificateOf }: DialectContext,
): ResourcePlan[] {
  const stored = storedCertificatePlans(gateways, certificateOf);
  const folder = secretFiles?.certificates;
  if (folder === undefined) return stored;
  const names = certificateNames(gateways).filter((name) => certificateOf(name) === undefined);
  const inFiles = names.map((name) => {
    const place = { folder, name };
    return { typeUrl: SECRET_TYPE, name, source: place, bytes: () => encodeSecret(place) };
  });
  return [...stored, ...inFiles];
}

interface CertificatePlace {
  readonly folder: string;
  /** `<namespace>/<name>` */
  readonly name: string;
}

/** Read again when something is renamed into the directory, as a mounted Secret changes. */
function encodeSecret({ folder, name }: CertificatePlace): Uint8Array {
  const path = `${folder}/${name}`;
  const file = (own: string) => ({ specifier: { case: 'filename' as const, value: `${path}/${own}` } });
  const message = create(SecretSchema, {
    name,
    type: {
      case: 'tlsCertificate',
      value: { certificateChain: file('tls.crt'), privateKey: file('tls.key'), watchedDirectory: { path } },
    },
  });
  return toBinary(SecretSchema, message);
}

/** For clients outside: any of the certificates serves them. `alpnProtocols`: none = ALPN is not answered. */
export function certificateSocket(
  certificates: readonly string[],
  alpnProtocols: string[],
): MessageInitShape<typeof TransportSocketSchema> {
  return {
    name: 'envoy.transport_sockets.tls',
    configType: typed(DownstreamTlsContextSchema, {
      commonTlsContext: {
        tlsCertificateSdsSecretConfigs: certificates.map((name) => ({ name, sdsConfig: ADS })),
        // Older versions are refused by browsers too (RFC 8996).
        tlsParams: {
          tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_2,
          tlsMaximumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3,
        },
        alpnProtocols,
      },
    }),
  };
}
