// Header names the proxy itself must recognise: one bit each, so that "is there any hop-by-hop header" is one test.

export const HOST = 1 << 0;
export const CONTENT_LENGTH = 1 << 1;
export const TRANSFER_ENCODING = 1 << 2;
export const CONNECTION = 1 << 3;
export const KEEP_ALIVE = 1 << 4;
export const PROXY_CONNECTION = 1 << 5;
export const TE = 1 << 6;
export const UPGRADE = 1 << 7;
export const EXPECT = 1 << 8;
export const TRAILER = 1 << 9;
export const TRACEPARENT = 1 << 10;
export const X_REQUEST_ID = 1 << 11;
export const FORWARDED_CLIENT_CERT = 1 << 12;
export const PROXY_AUTHENTICATE = 1 << 13;
export const PROXY_AUTHORIZATION = 1 << 14;
export const CONTENT_TYPE = 1 << 15;
export const MALHA_PEER = 1 << 16;
export const EXPECTED_TIMEOUT = 1 << 17;
export const DATE = 1 << 18;

/**
 * A name that gateways of applications (CGI, WSGI) would take for one that decides on framing or trust, as they turn
 * `-` into `_`.
 */
export const DISGUISED = 1 << 30;

/** Meant for one connection only (RFC 9110 §7.6.1); `Connection` itself names further ones. */
export const HOP_BY_HOP = CONNECTION | KEEP_ALIVE | PROXY_CONNECTION | TE | UPGRADE | TRANSFER_ENCODING;

/** Fields that frame, route or authenticate a message mean nothing after it (RFC 9110 §6.5.1), and only harm. */
export const NOT_IN_TRAILERS =
  HOP_BY_HOP |
  CONTENT_LENGTH |
  HOST |
  EXPECT |
  TRAILER |
  FORWARDED_CLIENT_CERT |
  PROXY_AUTHENTICATE |
  PROXY_AUTHORIZATION;

const NAMES: readonly (readonly [string, number])[] = [
  ['host', HOST],
  ['content-length', CONTENT_LENGTH],
  ['transfer-encoding', TRANSFER_ENCODING],
  ['connection', CONNECTION],
  ['keep-alive', KEEP_ALIVE],
  ['proxy-connection', PROXY_CONNECTION],
  ['te', TE],
  ['upgrade', UPGRADE],
  ['expect', EXPECT],
  ['trailer', TRAILER],
  ['traceparent', TRACEPARENT],
  ['x-request-id', X_REQUEST_ID],
  ['x-forwarded-client-cert', FORWARDED_CLIENT_CERT],
  ['proxy-authenticate', PROXY_AUTHENTICATE],
  ['proxy-authorization', PROXY_AUTHORIZATION],
  ['content-type', CONTENT_TYPE],
  ['x-malha-peer', MALHA_PEER],
  ['x-envoy-expected-rq-timeout-ms', EXPECTED_TIMEOUT],
  ['date', DATE],
];

const BIT_OF_NAME = new Map(NAMES);
const UNDERSCORE = 0x5f;
const HYPHEN = 0x2d;

/** What applications build on. */
const TRUSTED = CONTENT_LENGTH | TRANSFER_ENCODING | FORWARDED_CLIENT_CERT;

const LENGTH_MAX = 32;
const BY_LENGTH: (readonly { readonly bytes: Uint8Array; readonly bit: number }[])[] = Array.from(
  { length: LENGTH_MAX },
  (_, length) =>
    NAMES.filter(([name]) => name.length === length).map(([name, bit]) => ({ bytes: Buffer.from(name), bit })),
);

/** The bit of a lower-case name, 0 for any other. */
export function knownHeader(name: string): number {
  return BIT_OF_NAME.get(name) ?? 0;
}

/** The same for bytes in any case. */
export function knownHeaderInBytes(buffer: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length >= LENGTH_MAX) return 0;
  const candidates = BY_LENGTH[length];
  if (candidates === undefined) return 0;
  for (let index = 0; index < candidates.length; index++) {
    const candidate = candidates[index];
    if (candidate === undefined || !looksLike(buffer, start, candidate.bytes)) continue;
    if (hasUnderscore(buffer, start, end)) return (candidate.bit & TRUSTED) === 0 ? 0 : DISGUISED;
    return candidate.bit;
  }
  return 0;
}

/** Ignoring case, and `_` being `-`. */
function looksLike(buffer: Uint8Array, start: number, lowerCase: Uint8Array): boolean {
  for (let index = 0; index < lowerCase.length; index++) {
    let byte = buffer[start + index] ?? 0;
    if (byte >= 65 && byte <= 90) byte |= 32;
    else if (byte === UNDERSCORE) byte = HYPHEN;
    if (byte !== lowerCase[index]) return false;
  }
  return true;
}

function hasUnderscore(buffer: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) if (buffer[index] === UNDERSCORE) return true;
  return false;
}
