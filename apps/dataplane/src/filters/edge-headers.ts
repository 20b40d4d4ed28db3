// Headers at the border of the mesh: what a client outside says of itself or of proxies before us is not believed.
import { clientAddress } from '@malha/traffic/client-address';
import { isSchemeBelieved, NOT_BELIEVED } from '@malha/traffic/edge-request';
import type { ConnectionFacts } from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';

/** The address and the scheme of the client remain, as the last of `trustedHops` proxies of the operator saw them. */
export function replaceEdgeHeaders(headers: HeaderBlock, connection: ConnectionFacts, trustedHops: number): void {
  for (const name of NOT_BELIEVED) headers.remove(name);
  const { remoteAddress, client } = connection;
  headers.set('x-forwarded-for', clientAddress(headers.get('x-forwarded-for'), remoteAddress, trustedHops));
  if (!isSchemeBelieved(headers.get('x-forwarded-proto'), trustedHops))
    headers.set('x-forwarded-proto', client?.scheme ?? 'http');
}

/** How the client of an edge proxy came to the first proxy of the operator; calls within the mesh are of `http`. */
export function clientScheme(headers: HeaderBlock, { client }: ConnectionFacts): 'http' | 'https' {
  if (client === undefined) return 'http';
  return headers.get('x-forwarded-proto') === 'https' ? 'https' : 'http';
}
