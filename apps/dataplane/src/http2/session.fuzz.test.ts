// Random frames in random pieces: a session answers, resets, or ends with GOAWAY, and never does anything else.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HpackEncoder } from './hpack/encoder.ts';
import { ErrorCode, Flag, FrameType, PREFACE, StreamError } from './protocol.ts';
import { requestFrom } from './request-fields.ts';
import { Http2Session, type SessionOwner } from './session.ts';
import { CLIENT_FACING_SETTINGS } from './settings.ts';
import type { Http2Stream, StreamEvents } from './stream.ts';

const RUNS = 400;

class FakeSocket extends Duplex {
  bytes: Buffer[] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes.push(chunk);
    done();
  }
}

class Taker implements StreamEvents {
  isOver = false;
  constructor(private readonly stream: Http2Stream) {}
  headersReceived(fields: string[], isEnd: boolean): void {
    expect(this.isOver).toBe(false);
    requestFrom(this.stream.id, fields, isEnd);
    this.stream.sendHeaders([':status', '200'], undefined, false);
    if (isEnd) this.stream.sendEnd(undefined, false);
  }
  dataReceived(data: Buffer): void {
    expect(this.isOver).toBe(false);
    this.stream.sendData(data);
  }
  endReceived(): void {
    this.stream.sendEnd(undefined, false);
  }
  streamReset(): void {
    expect(this.isOver).toBe(false);
    this.isOver = true;
  }
  writable(): void {}
}

const head = (path: string): Buffer => {
  const encoder = new HpackEncoder(0);
  encoder.begin();
  for (const [name, value] of [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'app'],
  ] as const)
    encoder.field(name, value);
  return Buffer.from(encoder.end());
};

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constant(head('/')),
  fc
    .constantFrom([0, 0, 0, 8], [0, 4, 0, 0, 0, 0], [0, 3, 0, 0, 0, 9], [0, 0, 0, 1, 2, 3, 4, 5])
    .map((bytes) => Uint8Array.from(bytes)),
);
const frame = fc
  .record({
    type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...Object.values(FrameType)) }, fc.nat(255)),
    flags: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(0, Flag.EndStream, Flag.EndHeaders, Flag.EndHeaders | Flag.EndStream) },
      fc.nat(255),
    ),
    streamId: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 1, 3, 5, 7) }, fc.nat()),
    payload,
  })
  .map(({ type, flags, streamId, payload: bytes }) => {
    const header = Buffer.alloc(9);
    header.writeUIntBE(bytes.length, 0, 3);
    header[3] = type;
    header[4] = flags;
    header.writeUInt32BE(streamId, 5);
    return Buffer.concat([header, bytes]);
  });

const settings = Buffer.from([0, 0, 0, FrameType.Settings, 0, 0, 0, 0, 0]);

test.each(['server', 'client'] as const)('a %s', (role) => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      (frames, cuts, isOrderly) => {
        const socket = new FakeSocket();
        let closedTimes = 0;
        const owner: SessionOwner = {
          streamOpened: (stream) => new Taker(stream),
          streamRefused: () => undefined,
          headTooLarge: (stream) => stream.reset(ErrorCode.Cancel),
          streamsChanged: () => undefined,
          sessionClosed: () => {
            closedTimes++;
          },
        };
        const session = new Http2Session(socket as unknown as Socket, owner, {
          role,
          local: CLIENT_FACING_SETTINGS,
          monotonic: () => 0,
        });
        if (role === 'client') session.open(noEvents).sendHeaders([':method', 'GET', ':path', '/'], undefined, true);
        const start = role === 'server' && isOrderly ? [PREFACE, settings] : [settings];
        const bytes = Buffer.concat([...start, ...frames]);
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const end = at + (cuts[turn % cuts.length] ?? 1);
          socket.emit('data', bytes.subarray(at, end));
          at = end;
        }
        socket.emit('close');
        expect(closedTimes).toBe(1);
        expect(session.openStreams).toBe(0);
      },
    ),
    { numRuns: RUNS },
  );
});

const noEvents: StreamEvents = {
  headersReceived: (fields) => {
    if (fields.length === 0) throw new StreamError(1, ErrorCode.ProtocolError, 'nothing');
  },
  dataReceived: () => undefined,
  endReceived: () => undefined,
  streamReset: () => undefined,
  writable: () => undefined,
};
