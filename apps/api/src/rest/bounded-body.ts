// Reads the body of an HTTP request up to a bound. Not by `for await`: leaving that loop destroys the connection, and
// with it the answer that says why.
import type { IncomingMessage } from 'node:http';

/** Undefined when it is larger: the rest is thrown away as it comes, so that the answer can be read. */
export function readBounded(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else {
        chunks = [];
        resolve(undefined);
      }
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the request was not sent to its end')));
  });
}
