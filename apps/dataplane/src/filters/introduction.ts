// x-malha-peer: which workload calls, told by the caller's proxy to the callee's, for labels only. It decides nothing: over
// mutual TLS it may only say more of the identity that was proved, in plaintext it is no more than a claim.
import type { Cluster, Endpoint } from '@malha/traffic/config';
import type { PeerFacts } from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { MALHA_PEER } from '../exchange/known-headers.ts';
import type { PeerLabels } from '../telemetry/record.ts';

const HEADER = 'x-malha-peer';
/** `<namespace>/<workload>/<service>/<version>`; a version may be empty. */
const FORM = /^([a-z0-9-]{1,63})\/([a-z0-9-]{1,63})\/([a-z0-9-]{1,63})\/([a-z0-9.]{0,63})$/;

export interface OwnLabels {
  readonly namespace: string;
  readonly name: string;
  readonly service: string;
  readonly version: string;
}

export function introductionOf({ namespace, name, service, version }: OwnLabels): string {
  return `${namespace}/${name}/${service}/${version}`;
}

/**
 * Once for each connection with mutual TLS; in plaintext with each request, as a connection then proves nothing. An
 * application without a proxy, in a service that has no identities, is not told.
 */
export function introduce(
  headers: HeaderBlock,
  introduction: string,
  to: { readonly cluster: Cluster; readonly endpoint: Endpoint; readonly isReused: boolean },
): void {
  if (to.endpoint.tls ? to.isReused : to.cluster.tls.spiffeIds.length === 0) return;
  headers.set(HEADER, introduction);
}

/** What an application sends is never passed on, and none gets to see it. */
export function dropIntroduction(headers: HeaderBlock): void {
  if ((headers.known & MALHA_PEER) !== 0) headers.remove(HEADER);
}

/** Undefined when there is none, or none that the proved identity allows. */
export function readIntroduction(headers: HeaderBlock, peer: PeerFacts | undefined): PeerLabels | undefined {
  if ((headers.known & MALHA_PEER) === 0) return undefined;
  const [, namespace, workload, service, version] = FORM.exec(headers.get(HEADER) ?? '') ?? [];
  if (namespace === undefined || workload === undefined || service === undefined || version === undefined) {
    return undefined;
  }
  if (peer !== undefined && peer.namespace !== namespace) return undefined;
  return Object.freeze({ namespace, service, version, workload, principal: peer?.spiffeId ?? '' });
}
