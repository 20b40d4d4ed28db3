// The server name that a TLS ClientHello asks for (RFC 8446 §4.1.2, RFC 6066 §3), read strictly and never decrypted.

/** A ClientHello with post-quantum key shares has 2 KB; all records of it together may have this much. */
export const CLIENT_HELLO_BYTES_MAX = 16 * 1024;

export type ClientHello =
  | { readonly type: 'read'; readonly serverName: string }
  | { readonly type: 'incomplete' }
  | { readonly type: 'malformed' };

const MALFORMED: ClientHello = { type: 'malformed' };
const INCOMPLETE: ClientHello = { type: 'incomplete' };

const RECORD_HEADER_BYTES = 5;
const RECORD_BYTES_MAX = 16 * 1024;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const HANDSHAKE_HEADER_BYTES = 4;
const RANDOM_BYTES = 32;
const SESSION_ID_BYTES_MAX = 32;
const SERVER_NAME_EXTENSION = 0;
const HOST_NAME = 0;

/** Letters, digits, hyphens and underscores in labels; no address (RFC 6066 §3), no trailing dot. */
const HOST_NAME_PATTERN =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9_])?$/;
const LOOKS_LIKE_ADDRESS = /^[0-9.]+$/;

/** `bytes` is everything that came so far. Says `malformed` as soon as that is certain. */
export function parseClientHello(bytes: Buffer): ClientHello {
  const handshake = handshakeOf(bytes);
  if (handshake === undefined) return MALFORMED;
  const { message, isCut } = handshake;
  if (message.length > 0 && message[0] !== CLIENT_HELLO) return MALFORMED;
  if (message.length < HANDSHAKE_HEADER_BYTES) return isCut ? MALFORMED : INCOMPLETE;
  const length = message.readUIntBE(1, 3);
  if (length + HANDSHAKE_HEADER_BYTES > CLIENT_HELLO_BYTES_MAX) return MALFORMED;
  if (message.length < HANDSHAKE_HEADER_BYTES + length) return isCut ? MALFORMED : INCOMPLETE;
  const serverName = serverNameOf(
    new Fields(message.subarray(HANDSHAKE_HEADER_BYTES, HANDSHAKE_HEADER_BYTES + length)),
  );
  return serverName === undefined ? MALFORMED : { type: 'read', serverName };
}

/** What the records carry, joined: a ClientHello may be cut into several. `isCut`: something else follows. */
function handshakeOf(bytes: Buffer): { message: Buffer; isCut: boolean } | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== HANDSHAKE_RECORD) return at === 0 ? undefined : { message: Buffer.concat(parts), isCut: true };
    // 3.1 is what the first record says, 3.3 later ones; older versions of the field are of SSL.
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return undefined;
    if (at + RECORD_HEADER_BYTES > bytes.length) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > RECORD_BYTES_MAX) return undefined;
    parts.push(bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length));
    at += RECORD_HEADER_BYTES + length;
  }
  return { message: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts), isCut: false };
}

/** Undefined: malformed. Empty: no name is asked for. */
function serverNameOf(hello: Fields): string | undefined {
  hello.skip(2 + RANDOM_BYTES);
  if (hello.vector(1).length > SESSION_ID_BYTES_MAX) return undefined;
  const suites = hello.vector(2).length;
  const compressions = hello.vector(1).length;
  if (hello.isBroken || suites === 0 || suites % 2 !== 0 || compressions === 0) return undefined;
  if (hello.isAtEnd) return '';
  const extensions = new Fields(hello.vector(2));
  if (hello.isBroken || !hello.isAtEnd) return undefined;
  let serverName: string | undefined;
  // Unknown types, GREASE among them (RFC 8701), are passed over.
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (extensions.isBroken) return undefined;
    if (type !== SERVER_NAME_EXTENSION) continue;
    const name = serverName === undefined ? hostNameOf(new Fields(content)) : undefined;
    if (name === undefined) return undefined;
    serverName = name;
  }
  return serverName ?? '';
}

/** One name of the only type there is; a second one, or bytes behind it, could be read in two ways. */
function hostNameOf(extension: Fields): string | undefined {
  const list = new Fields(extension.vector(2));
  if (extension.isBroken || !extension.isAtEnd) return undefined;
  const type = list.number(1);
  const name = list.vector(2).toString('latin1').toLowerCase();
  if (list.isBroken || !list.isAtEnd || type !== HOST_NAME) return undefined;
  return HOST_NAME_PATTERN.test(name) && !LOOKS_LIKE_ADDRESS.test(name) ? name : undefined;
}

/** Numbers and vectors one after the other; what goes beyond the end breaks it, and reads as nothing. */
class Fields {
  isBroken = false;
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.isBroken || this.at >= this.bytes.length;
  }

  number(size: number): number {
    const start = this.advance(size);
    return this.isBroken ? 0 : this.bytes.readUIntBE(start, size);
  }

  /** Bytes behind a length of `size` bytes. */
  vector(size: number): Buffer {
    const length = this.number(size);
    const start = this.advance(length);
    return this.isBroken ? Buffer.alloc(0) : this.bytes.subarray(start, start + length);
  }

  skip(length: number): void {
    this.advance(length);
  }

  private advance(length: number): number {
    const start = this.at;
    if (start + length > this.bytes.length) this.isBroken = true;
    else this.at = start + length;
    return start;
  }
}
