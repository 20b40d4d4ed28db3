// Headers that belong to one connection and never pass the proxy (RFC 9110 §7.6.1).
import type { HeaderBlock } from '../exchange/header-block.ts';
import {
  CONNECTION,
  HOP_BY_HOP,
  KEEP_ALIVE,
  PROXY_CONNECTION,
  TE,
  TRANSFER_ENCODING,
  UPGRADE,
} from '../exchange/known-headers.ts';

const NAMES: readonly (readonly [number, string])[] = [
  [CONNECTION, 'connection'],
  [KEEP_ALIVE, 'keep-alive'],
  [PROXY_CONNECTION, 'proxy-connection'],
  [TE, 'te'],
  [UPGRADE, 'upgrade'],
  [TRANSFER_ENCODING, 'transfer-encoding'],
];

/** `Connection` may not be used to strip what the next hop relies on (a known way around access control). */
const PROTECTED = new Set([
  'host',
  'content-length',
  'content-type',
  'authorization',
  'cookie',
  'traceparent',
  'x-request-id',
  'x-forwarded-client-cert',
]);

/** `connection` is the lower-case value of the Connection header, empty when there is none. */
export function removeHopByHop(headers: HeaderBlock, connection: string): void {
  if ((headers.known & HOP_BY_HOP) === 0) return;
  if (connection !== '' && connection !== 'keep-alive' && connection !== 'close')
    for (const item of connection.split(',')) {
      const name = item.trim();
      if (name !== '' && !PROTECTED.has(name)) headers.remove(name);
    }
  for (const [bit, name] of NAMES) if ((headers.known & bit) !== 0) headers.remove(name);
}
