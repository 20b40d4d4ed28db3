// TLS contexts with secrets by name, and the SPIFFE IDs that a peer must prove one of.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { IDENTITY_SECRET, TRUST_SECRET } from '@malha/xds/extension-names';
import { ApiVersion } from '@malha/xds/generated/envoy/config/core/v3/config_source_pb';
import { SubjectAltNameMatcher_SanType } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/common_pb';
import type { SdsSecretConfigSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb';
import type { CommonTlsContextSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import type { StringMatcherSchema } from '@malha/xds/generated/envoy/type/matcher/v3/string_pb';
import type { SecretFiles } from '../dialect.ts';

type StringMatcher = MessageInitShape<typeof StringMatcherSchema>;

/** `secretFiles`: file-based SDS on the proxy's host; undefined = the proxy has the secrets by name. */
export function commonTlsContext(peers: readonly StringMatcher[], secretFiles?: SecretFiles) {
  return {
    tlsCertificateSdsSecretConfigs: [secret(IDENTITY_SECRET, secretFiles?.identity)],
    validationContextType: {
      case: 'combinedValidationContext' as const,
      value: {
        defaultValidationContext: {
          matchTypedSubjectAltNames: peers.map((matcher) => ({ sanType: SubjectAltNameMatcher_SanType.URI, matcher })),
        },
        validationContextSdsSecretConfig: secret(TRUST_SECRET, secretFiles?.trust),
      },
    },
  } satisfies MessageInitShape<typeof CommonTlsContextSchema>;
}

function secret(name: string, path: string | undefined): MessageInitShape<typeof SdsSecretConfigSchema> {
  if (path === undefined) return { name };
  const configSourceSpecifier = { case: 'pathConfigSource' as const, value: { path } };
  return { name, sdsConfig: { configSourceSpecifier, resourceApiVersion: ApiVersion.V3 } };
}
