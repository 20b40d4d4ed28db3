// Responses to our parser and to Node's own (llhttp, strict): where we accept, Node does too and reads the same.
import http from 'node:http';
import { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { HEAD_LIMITS } from '../../src/http1/head-parser.ts';
import { responseOf } from '../../src/http1/response-head.ts';
import { fuzz } from './fuzz.ts';
import { readMessage, SHARDS } from './http1-message.ts';

interface Reading {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const GIVE_UP_MS = 500;

/** Our reading of one final response, and where it ends; undefined = refused, incomplete, or none of ours to compare. */
function ours(bytes: Buffer) {
  let isUntilClose = false;
  const message = readMessage('response', bytes, (parser) => {
    const { head, framing } = responseOf(parser, 'GET');
    isUntilClose = framing.mode === 'until-close';
    // Interim responses are other events in Node.
    if (head.status < 200) return undefined;
    return { head: { status: head.status, type: head.headers.get('content-type') ?? '' }, framing };
  });
  return message === undefined ? undefined : { ...message, isUntilClose };
}

class Upstream extends Duplex {
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

/** As a list: Node itself shows only the first of some headers. */
function valuesOf(rawHeaders: readonly string[], name: string): string {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name).join(', ');
}

/** What Node reads; the bytes end with the connection only if the response needs it. */
function nodes(bytes: Buffer, isUntilClose: boolean): Promise<Reading | string> {
  return new Promise((resolve) => {
    const upstream = new Upstream();
    const timer = setTimeout(() => finish('incomplete'), GIVE_UP_MS);
    const finish = (reading: Reading | string) => {
      clearTimeout(timer);
      upstream.destroy();
      resolve(reading);
    };
    const request = http.request(
      {
        createConnection: () => upstream,
        insecureHTTPParser: false,
        maxHeaderSize: HEAD_LIMITS.headBytesMax,
        headers: { host: 'app' },
      },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString('latin1');
        });
        response.on('error', (error) => finish(error.message));
        response.on('end', () =>
          finish({ status: response.statusCode ?? 0, type: valuesOf(response.rawHeaders, 'content-type'), body }),
        );
      },
    );
    request.on('error', (error) => finish(error.message));
    request.on('upgrade', () => finish('an upgrade'));
    request.end();
    upstream.push(bytes);
    if (isUntilClose) upstream.push(null);
  });
}

fuzz({
  name: 'http1-response',
  shards: [...SHARDS, 'HTTP/1.1 ', '204', '304', 'Connection: close\r\n'],
  async check(bytes) {
    const mine = ours(bytes);
    if (mine === undefined) return undefined;
    const { end, isUntilClose, reading } = mine;
    const found = await nodes(bytes.subarray(0, end), isUntilClose);
    if (isDeepStrictEqual(found, reading)) return undefined;
    return `we read ${JSON.stringify(reading)}, Node ${JSON.stringify(found)}`;
  },
});
