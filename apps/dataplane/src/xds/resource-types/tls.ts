// The SPIFFE IDs of a TLS context: any one of them must be in the peer's certificate.
import { IDENTITY_SECRET, TRUST_SECRET } from '@malha/xds/extension-names';
import {
  CertificateValidationContextSchema,
  SubjectAltNameMatcher_SanType,
} from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/common_pb';
import {
  CommonTlsContext_CombinedCertificateValidationContextSchema as CombinedSchema,
  type CommonTlsContext,
  CommonTlsContextSchema,
} from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import { onlyFields, ResourceError, required } from './strict.ts';

const checkContext = onlyFields(CommonTlsContextSchema, [
  'tlsCertificateSdsSecretConfigs',
  'combinedValidationContext',
]);
const checkCombined = onlyFields(CombinedSchema, ['defaultValidationContext', 'validationContextSdsSecretConfig']);
const checkValidation = onlyFields(CertificateValidationContextSchema, ['matchTypedSubjectAltNames']);

export function peerIdentities(context: CommonTlsContext | undefined, path: string): string[] {
  const from = required(context, path);
  checkContext(from, path);
  const certificates = from.tlsCertificateSdsSecretConfigs.map(({ name }) => name).join();
  if (certificates !== IDENTITY_SECRET) {
    throw new ResourceError(`${path}.tls_certificate_sds_secret_configs`, `must name the secret ${IDENTITY_SECRET}`);
  }
  const { validationContextType } = from;
  if (validationContextType.case !== 'combinedValidationContext') {
    throw new ResourceError(path, 'combined_validation_context missing');
  }
  const at = `${path}.combined_validation_context`;
  const combined = validationContextType.value;
  checkCombined(combined, at);
  if (combined.validationContextSdsSecretConfig?.name !== TRUST_SECRET) {
    throw new ResourceError(`${at}.validation_context_sds_secret_config`, `must name the secret ${TRUST_SECRET}`);
  }
  const validation = required(combined.defaultValidationContext, `${at}.default_validation_context`);
  checkValidation(validation, `${at}.default_validation_context`);
  return validation.matchTypedSubjectAltNames.map(({ sanType, matcher }, index) => {
    const pattern = matcher?.matchPattern;
    if (sanType !== SubjectAltNameMatcher_SanType.URI || pattern?.case !== 'exact') {
      const field = `${at}.default_validation_context.match_typed_subject_alt_names[${index}]`;
      throw new ResourceError(field, 'only an exact URI is supported by this proxy');
    }
    return pattern.value;
  });
}
