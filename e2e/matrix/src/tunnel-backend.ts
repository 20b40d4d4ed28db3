// The backend of a WebSocket case over HTTP/2 (RFC 8441): bytes go back as they come.
import type http2 from 'node:http2';
import type { Answer } from './case.ts';

/** Opens the tunnel, unless the case scripts a status. */
export function serveTunnel(
  stream: http2.ServerHttp2Stream,
  headers: Readonly<Record<string, string>>,
  answer: Answer,
): void {
  stream.on('error', () => undefined);
  const status = typeof answer === 'number' ? answer : 200;
  stream.respond({ ':status': status, ...headers }, { endStream: status !== 200 });
  if (status === 200) stream.pipe(stream);
}
