// Certificates of listeners: Secrets of the Gateway's namespace, or of another one that grants it.
import type { FindingCode, GatewayListenerSpec, SecretObjectReference } from '@malha/model';
import type { ReferenceGrants } from '../reference-grant/grants.ts';
import { type GatewayEntry, isPassthrough, type ListenerEntry } from './entries.ts';

export type ResolvedCertificate =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly code: FindingCode; readonly field: string; readonly message: string };

/** A certificate's `name` is `<namespace>/<name>`. */
export function resolveCertificate(
  { group, kind = 'Secret', name, namespace }: SecretObjectReference,
  gateway: Pick<GatewayEntry, 'namespace'>,
  grants: ReferenceGrants,
): ResolvedCertificate {
  if (kind !== 'Secret' || (group ?? '') !== '') {
    const message = `A certificate of kind ${group ?? ''}/${kind} cannot be used.`;
    return { ok: false, code: 'MALHA1065', field: 'kind', message };
  }
  const from = { kind: 'Gateway', namespace: gateway.namespace };
  const home = namespace ?? gateway.namespace;
  if (home !== gateway.namespace && !grants.allows(from, { group: '', kind, namespace: home, name })) {
    const message = `${home}/${name} is in another namespace, and no ReferenceGrant there allows the reference.`;
    return { ok: false, code: 'MALHA1064', field: 'namespace', message };
  }
  return { ok: true, name: `${home}/${name}` };
}

/** Of a listener that passes TLS on the Gateway API ignores them. */
export function certificateRefsOf(spec: GatewayListenerSpec): readonly SecretObjectReference[] {
  return isPassthrough(spec) ? [] : (spec.tls?.certificateRefs ?? []);
}

/** Names of the certificates; undefined when one cannot be used, so that the listener is not served. */
export function certificatesOf(
  { spec }: ListenerEntry,
  gateway: GatewayEntry,
  grants: ReferenceGrants,
): readonly string[] | undefined {
  const resolved = certificateRefsOf(spec).map((ref) => resolveCertificate(ref, gateway, grants));
  const names = resolved.flatMap((certificate) => (certificate.ok ? [certificate.name] : []));
  return names.length === resolved.length ? names : undefined;
}
