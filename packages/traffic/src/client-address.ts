// Whose address a request has that came through proxies of the operator: `X-Forwarded-For` is read from its end.
import { parseAddress } from './ip-block.ts';

/** IPv4 clients of a dual-stack socket. */
const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i;

/**
 * Each of `trustedHops` proxies has added the address that it saw, the last one `remoteAddress` itself excepted: it is the
 * peer of the connection. What stands before them was said by the client. With fewer entries, or with one that is no address,
 * the request did not come through all of the proxies, and nobody is believed (as Envoy's `xff_num_trusted_hops`).
 */
export function clientAddress(forwardedFor: string | undefined, remoteAddress: string, trustedHops: number): string {
  const peer = remoteAddress.replace(MAPPED_IPV4, '');
  if (trustedHops === 0 || forwardedFor === undefined) return peer;
  const entry = forwardedFor.split(',').at(-trustedHops)?.trim() ?? '';
  return parseAddress(entry) === undefined ? peer : entry.replace(MAPPED_IPV4, '');
}
