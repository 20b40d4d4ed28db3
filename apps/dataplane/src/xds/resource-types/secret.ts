// Secret -> a certificate that listeners of a gateway show. Other secrets do not come this way: identities stay on their host.
import { type DataSource, DataSourceSchema } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import { TlsCertificateSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/common_pb';
import { SecretSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb';
import type { GatewayCertificate } from '../../gateway/certificates.ts';
import { decodeMessage, onlyFields, ResourceError, required } from './strict.ts';

const checkSecret = onlyFields(SecretSchema, ['name', 'tlsCertificate']);
const checkCertificate = onlyFields(TlsCertificateSchema, ['certificateChain', 'privateKey']);
const checkSource = onlyFields(DataSourceSchema, ['inlineString']);

export function decodeSecret(bytes: Uint8Array): GatewayCertificate {
  const secret = decodeMessage(SecretSchema, bytes, '');
  checkSecret(secret, '');
  if (secret.type.case !== 'tlsCertificate') throw new ResourceError('tls_certificate', 'missing');
  const certificate = secret.type.value;
  checkCertificate(certificate, 'tls_certificate');
  return {
    name: secret.name,
    certificateChainPem: inline(certificate.certificateChain, 'tls_certificate.certificate_chain'),
    privateKeyPem: inline(certificate.privateKey, 'tls_certificate.private_key'),
  };
}

function inline(from: DataSource | undefined, path: string): string {
  const source = required(from, path);
  checkSource(source, path);
  if (source.specifier.case !== 'inlineString') throw new ResourceError(`${path}.inline_string`, 'missing');
  return source.specifier.value;
}
