// TLS contexts with secrets by name, and the SPIFFE IDs that a peer must prove one of.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { IDENTITY_SECRET, TRUST_SECRET } from '@malha/xds/extension-names';
import { SubjectAltNameMatcher_SanType } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/common_pb';
import type { SdsSecretConfigSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb';
import type { CommonTlsContextSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import type { StringMatcherSchema } from '@malha/xds/generated/envoy/type/matcher/v3/string_pb';

type StringMatcher = MessageInitShape<typeof StringMatcherSchema>;
type SecretConfig = MessageInitShape<typeof SdsSecretConfigSchema>;

/** Where secrets come from: undefined = the proxy has them by name. */
export function commonTlsContext(
  peers: readonly StringMatcher[],
  sdsConfig?: SecretConfig['sdsConfig'],
): MessageInitShape<typeof CommonTlsContextSchema> {
  const secret = (name: string): SecretConfig => (sdsConfig === undefined ? { name } : { name, sdsConfig });
  return {
    tlsCertificateSdsSecretConfigs: [secret(IDENTITY_SECRET)],
    validationContextType: {
      case: 'combinedValidationContext',
      value: {
        defaultValidationContext: {
          matchTypedSubjectAltNames: peers.map((matcher) => ({ sanType: SubjectAltNameMatcher_SanType.URI, matcher })),
        },
        validationContextSdsSecretConfig: secret(TRUST_SECRET),
      },
    },
  };
}
