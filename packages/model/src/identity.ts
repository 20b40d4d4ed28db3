// SPIFFE identities of workloads: `spiffe://<trustDomain>/ns/<namespace>/sa/<serviceAccount>`.

const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SEGMENT = /^[A-Za-z0-9._-]{1,253}$/;
const ID = /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/;
const ID_BYTES_MAX = 2048;

export interface SpiffeParts {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

function isSegment(text: string): boolean {
  return SEGMENT.test(text) && text !== '.' && text !== '..';
}

/** Throws RangeError when a part has a character that a SPIFFE ID cannot carry. */
export function spiffeId(trustDomain: string, namespace: string, serviceAccount: string): `spiffe://${string}` {
  if (!TRUST_DOMAIN.test(trustDomain)) throw new RangeError(`"${trustDomain}" is not a trust domain`);
  if (!isSegment(namespace)) throw new RangeError(`"${namespace}" cannot be part of a SPIFFE ID`);
  if (!isSegment(serviceAccount)) throw new RangeError(`"${serviceAccount}" cannot be part of a SPIFFE ID`);
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

/** Parts of a workload identity; undefined for anything else, however close. */
export function parseSpiffeId(id: string): SpiffeParts | undefined {
  if (id.length > ID_BYTES_MAX) return undefined;
  const [, trustDomain = '', namespace = '', serviceAccount = ''] = ID.exec(id) ?? [];
  if (!TRUST_DOMAIN.test(trustDomain) || !isSegment(namespace) || !isSegment(serviceAccount)) return undefined;
  return { trustDomain, namespace, serviceAccount };
}
