// Streams of server-sent events last by design: they are bounded by silence, not by their length.
import type { ResponseHead } from './exchange.ts';
import { CONTENT_TYPE } from './known-headers.ts';

export function isEventStream({ headers }: ResponseHead): boolean {
  if ((headers.known & CONTENT_TYPE) === 0) return false;
  return headers.get('content-type')?.startsWith('text/event-stream') === true;
}
