// The proof of a WebSocket handshake (RFC 6455 §1.3), which only HTTP/1.1 has: where one side speaks HTTP/2 and left it out
// (RFC 8441 §5), the proxy gives it to the side that needs it.
import { createHash } from 'node:crypto';
import type { HeaderBlock } from './header-block.ts';

const KEY = 'sec-websocket-key';
const ACCEPT = 'sec-websocket-accept';
const KEY_BYTES = 16;
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** For an upstream of HTTP/1.1: the key that was added, empty when the client's own goes on. */
export function addKey(request: HeaderBlock, random: () => number): string {
  if (request.has(KEY)) return '';
  const bytes = Uint8Array.from({ length: KEY_BYTES }, () => Math.floor(random() * 256));
  const key = Buffer.from(bytes).toString('base64');
  request.set(KEY, key);
  return key;
}

/** The answer to a key of ours, which is nothing to the client. False: the upstream did not understand what it accepted. */
export function takeAccept(response: HeaderBlock, key: string): boolean {
  const isRight = response.get(ACCEPT) === acceptOf(key);
  response.remove(ACCEPT);
  return isRight;
}

/** For a client of HTTP/1.1 whose upstream spoke HTTP/2 and proved nothing. */
export function addAccept(response: HeaderBlock, request: HeaderBlock): void {
  const key = request.get(KEY);
  if (key !== undefined && !response.has(ACCEPT)) response.set(ACCEPT, acceptOf(key));
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`, 'latin1').digest('base64');
}
