// x-forwarded-client-cert: what a client sends is never believed; the application sees who the proxy verified.
import type { PeerFacts } from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { FORWARDED_CLIENT_CERT } from '../exchange/known-headers.ts';

const HEADER = 'x-forwarded-client-cert';

export function dropClientCertificate(headers: HeaderBlock): void {
  if ((headers.known & FORWARDED_CLIENT_CERT) !== 0) headers.remove(HEADER);
}

/** Envoy's format: who verified, the certificate's hash, the peer's SPIFFE ID. */
export function clientCertificateText(ownSpiffeId: string, peer: PeerFacts): string {
  return `By=${ownSpiffeId};Hash=${peer.certificateSha256};URI=${peer.spiffeId}`;
}

export function setClientCertificate(headers: HeaderBlock, text: string): void {
  headers.set(HEADER, text);
}
