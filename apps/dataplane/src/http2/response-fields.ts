// Response heads from HTTP/2 fields (RFC 9113 §8.3.2).
import type { ResponseHead } from '../exchange/exchange.ts';
import { checkFields, malformed } from './field-list.ts';

export interface ReceivedResponse {
  readonly head: ResponseHead;
  /** What the body must add up to, UNKNOWN_LENGTH = anything. */
  readonly bodyLength: number;
}

/** Throws StreamError. `method` is that of the request. */
export function responseFrom(
  streamId: number,
  fields: readonly string[],
  method: string,
  isEnd: boolean,
): ReceivedResponse {
  const status = statusOf(fields[1] ?? '');
  if (fields[0] !== ':status' || status === 0) throw malformed(streamId, 'no valid :status');
  // A switch of protocols is HTTP/1.1's alone (RFC 9113 §8.6).
  if (status === 101) throw malformed(streamId, 'status 101');
  if (status < 200 && isEnd) throw malformed(streamId, 'an interim response that ends the stream');
  const { headers, contentLength } = checkFields(streamId, fields, 2, []);
  const isBodyless = method === 'HEAD' || status === 204 || status === 304 || status < 200;
  if (isEnd && contentLength > 0 && !isBodyless) throw malformed(streamId, 'a content-length without content');
  const head = { status, reason: '', headers, contentLength: isBodyless || isEnd ? 0 : contentLength };
  return { head, bodyLength: isBodyless ? 0 : contentLength };
}

const STATUS = /^[1-5][0-9]{2}$/;

/** 100 to 599, 0 for anything else. */
function statusOf(value: string): number {
  if (value === '200') return 200;
  if (value.length !== 3) return 0;
  return STATUS.test(value) ? Number(value) : 0;
}
