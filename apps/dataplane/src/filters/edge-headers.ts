// Headers at the border of the mesh: what a client outside says of itself or of proxies before us is not believed.
import type { ConnectionFacts } from '../exchange/exchange.ts';
import type { HeaderBlock } from '../exchange/header-block.ts';

/** Applications trust these as if they came from the operator's own proxies. */
const NOT_BELIEVED = ['forwarded', 'x-forwarded-host', 'x-forwarded-port', 'x-real-ip', 'x-request-id'];

/** IPv4 clients of a dual-stack socket. */
const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i;

export function replaceEdgeHeaders(headers: HeaderBlock, { remoteAddress, client }: ConnectionFacts): void {
  for (const name of NOT_BELIEVED) headers.remove(name);
  headers.set('x-forwarded-for', remoteAddress.replace(MAPPED_IPV4, ''));
  headers.set('x-forwarded-proto', client?.scheme ?? 'http');
}
