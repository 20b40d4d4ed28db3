// A request as an edge proxy hands it to its routes: what a client claims of itself is replaced by what the edge knows.
import { clientAddress } from './client-address.ts';
import type { HttpGatewayListener } from './config.ts';
import type { RequestView } from './request-view.ts';

export interface EdgeClient {
  /** Peer of the connection: the client, or the last proxy of the operator before the edge. */
  readonly address: string;
  /** ISO 3166-1, two capital letters; undefined = not known. */
  readonly country?: string | undefined;
}

/** Applications take these for the word of the operator's own proxies. */
export const NOT_BELIEVED: readonly string[] = [
  'forwarded',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-real-ip',
  'x-request-id',
  'x-malha-priority',
];

const SCHEME = /^https?$/;

/** Whether the scheme that `X-Forwarded-Proto` says is that of a proxy of the operator. */
export function isSchemeBelieved(forwardedProto: string | undefined, trustedHops: number): boolean {
  return trustedHops > 0 && SCHEME.test(forwardedProto ?? '');
}

/** The same request as rules of the listener see it. */
export function edgeRequest(
  request: RequestView,
  { protocol, trustedHops }: Pick<HttpGatewayListener, 'protocol' | 'trustedHops'>,
  { address, country }: EdgeClient,
): RequestView {
  const { method, authority, path } = request;
  const header = (name: string): string | undefined => {
    if (NOT_BELIEVED.includes(name)) return undefined;
    if (name === 'x-forwarded-for') return clientAddress(request.header(name), address, trustedHops);
    if (name === 'x-forwarded-proto') {
      const claimed = request.header(name);
      return isSchemeBelieved(claimed, trustedHops) ? claimed : protocol.toLowerCase();
    }
    return request.header(name);
  };
  return { method, authority, path, country, header };
}
