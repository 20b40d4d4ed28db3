// Any bytes after a preface to a session of a server: it answers, resets or ends with GOAWAY in well-formed frames, hands
// over no event after the end of a stream, and closes once.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { ErrorCode, PREFACE } from '../../src/http2/protocol.ts';
import { requestFrom } from '../../src/http2/request-fields.ts';
import { Http2Session } from '../../src/http2/session.ts';
import { CLIENT_FACING_SETTINGS } from '../../src/http2/settings.ts';
import type { Http2Stream, StreamEvents } from '../../src/http2/stream.ts';
import { framesOf, SETTINGS } from '../raw-http2.ts';
import { fuzz } from './fuzz.ts';

class Client extends Duplex {
  bytes = Buffer.alloc(0);
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    done();
  }
}

/** Echoes each request; notes what comes after a stream's end. */
class Echo implements StreamEvents {
  private isOver = false;
  private readonly stream: Http2Stream;
  private readonly wrong: string[];

  constructor(stream: Http2Stream, wrong: string[]) {
    this.stream = stream;
    this.wrong = wrong;
  }

  headersReceived(fields: string[], isEnd: boolean): void {
    this.expectOpen('headers');
    requestFrom(this.stream.id, fields, isEnd);
    this.stream.sendHeaders([':status', '200'], undefined, false);
    if (isEnd) this.stream.sendEnd(undefined, false);
  }

  dataReceived(data: Buffer): void {
    this.expectOpen('data');
    this.stream.sendData(data);
  }

  endReceived(): void {
    this.expectOpen('an end');
    this.stream.sendEnd(undefined, false);
  }

  streamReset(): void {
    this.expectOpen('a reset');
    this.isOver = true;
  }

  writable(): void {}

  private expectOpen(what: string): void {
    if (this.isOver) this.wrong.push(`${what} after the end of stream ${this.stream.id}`);
  }
}

fuzz({
  name: 'http2-session',
  shards: [
    // Frame headers: DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION.
    ...[
      '\0\0\x01\0\x01\0\0\0\x01x',
      '\0\0\x0b\x01\x05\0\0\0\x03\x82\x86\x84\x01\x03app\0\0\0',
      '\0\0\x05\x02\0\0\0\0\x01\0\0\0\x03\x01',
    ],
    ...[
      '\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08',
      '\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0',
      '\0\0\x04\x05\x04\0\0\0\x01\0\0\0\x02',
    ],
    ...[
      '\0\0\x08\x06\0\0\0\0\x0012345678',
      '\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0',
      '\0\0\x04\x08\0\0\0\0\x01\x7f\xff\xff\xff',
    ],
    ...[
      '\0\0\0\x09\x04\0\0\0\x01',
      '\0\0\0\x04\x01\0\0\0\0',
      '\xff\xff\xff',
      '\0\0\0',
      '\x80',
      '\x01',
      '\x08',
      '\x24',
      '\x2d',
    ],
  ],
  async check(bytes) {
    const client = new Client();
    const wrong: string[] = [];
    let closings = 0;
    const owner = {
      streamOpened: (stream: Http2Stream) => new Echo(stream, wrong),
      streamRefused: () => undefined,
      headTooLarge: (stream: Http2Stream) => stream.reset(ErrorCode.Cancel),
      streamsChanged: () => undefined,
      sessionClosed: () => closings++,
    };
    const session = new Http2Session(client as unknown as Socket, owner, {
      role: 'server',
      local: CLIENT_FACING_SETTINGS,
      monotonic: () => 0,
    });
    const all = Buffer.concat([PREFACE, SETTINGS, bytes]);
    // Pieces of changing length: frames are cut wherever it hurts.
    for (let at = 0, size = 1; at < all.length; at += size, size = (size * 7) % 61)
      client.emit('data', all.subarray(at, at + size));
    await new Promise((resolve) => setImmediate(resolve));
    client.emit('close');
    const written = framesOf(client.bytes).reduce((sum, { payload }) => sum + 9 + payload.length, 0);
    if (written !== client.bytes.length) wrong.push('the answer is not made of whole frames');
    if (closings !== 1) wrong.push(`closed ${closings} times`);
    if (session.openStreams !== 0) wrong.push(`${session.openStreams} streams are left`);
    return wrong.length === 0 ? undefined : wrong.join('; ');
  },
});
