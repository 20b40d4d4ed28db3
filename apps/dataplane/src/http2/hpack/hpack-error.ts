// A header block that is not HPACK: the connection cannot go on, since both ends' tables have parted (RFC 7541 §2.2).
export class HpackError extends Error {
  readonly code = 'MALHA4021';
}
