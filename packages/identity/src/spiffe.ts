// SPIFFE IDs of Malha: spiffe://<trust domain>/ns/<namespace>/sa/<service account>.
import type { SpiffeId } from '@malha/traffic/config';
import { IdentityError } from './errors.ts';

/** SPIFFE-ID section 2.3: an implementation must take 2048 bytes and should not make more. */
const ID_SIZE_MAX_BYTES = 2048;
/** SPIFFE-ID section 2.1. */
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
/** SPIFFE-ID section 2.2, without the segments "." and "..". */
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,253}$/;

export interface SpiffeIdentity {
  readonly id: SpiffeId;
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

export function isTrustDomain(value: string): boolean {
  return TRUST_DOMAIN.test(value);
}

export function spiffeIdentity(trustDomain: string, namespace: string, serviceAccount: string): SpiffeIdentity {
  if (!TRUST_DOMAIN.test(trustDomain)) throw invalid(trustDomain, 'the trust domain is malformed');
  for (const segment of [namespace, serviceAccount]) {
    if (!SEGMENT.test(segment)) throw invalid(segment, 'a path segment is malformed');
  }
  const id = `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
  return { id: id as SpiffeId, trustDomain, namespace, serviceAccount };
}

/** Takes the form above only: no other path, port, user, query or fragment, nothing escaped. */
export function parseSpiffeIdentity(uri: string): SpiffeIdentity {
  if (uri.length > ID_SIZE_MAX_BYTES) throw invalid(uri.slice(0, 64), 'it is too long');
  if (!uri.startsWith('spiffe://')) throw invalid(uri, 'the scheme is not spiffe');
  const [trustDomain = '', ns, namespace = '', sa, serviceAccount = '', ...rest] = uri
    .slice('spiffe://'.length)
    .split('/');
  if (ns !== 'ns' || sa !== 'sa' || rest.length > 0) {
    throw invalid(uri, 'the path is not /ns/<namespace>/sa/<service account>');
  }
  return spiffeIdentity(trustDomain, namespace, serviceAccount);
}

/** `spiffe://<trust domain>`: the ID that an authority of the domain carries. */
export function trustDomainId(trustDomain: string): string {
  if (!TRUST_DOMAIN.test(trustDomain)) throw invalid(trustDomain, 'the trust domain is malformed');
  return `spiffe://${trustDomain}`;
}

function invalid(value: string, why: string): IdentityError {
  return new IdentityError('MALHA3003', `${JSON.stringify(value)} is not a SPIFFE ID of the mesh: ${why}`);
}
