// A session at its edges, by raw frames: what comes late, what comes twice, what comes in crumbs, and how it ends.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Exchange, ExchangeHandler, RequestConsumer } from '../exchange/exchange.ts';
import { HeaderBlock } from '../exchange/header-block.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import { ErrorCode, Flag, FrameType, PREFACE } from './protocol.ts';
import { ServerStream } from './server-stream.ts';
import { Http2Session } from './session.ts';
import { CLIENT_FACING_SETTINGS, MESH_SETTINGS } from './settings.ts';
import type { Http2Stream, StreamEvents } from './stream.ts';

/** The peer: `say` is what it sends, `frames` what it got. */
class Peer extends Duplex {
  isReading = true;
  errorSeen: Error | undefined;
  private bytes = Buffer.alloc(0);
  private unread: (() => void)[] = [];
  constructor() {
    super({ allowHalfOpen: true });
    this.on('error', (error) => {
      this.errorSeen = error;
    });
  }
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const take = () => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
      done();
    };
    if (this.isReading) take();
    else this.unread.push(take);
  }
  say(...frames: Buffer[]): void {
    this.push(Buffer.concat(frames));
  }
  readOn(): void {
    this.isReading = true;
    for (const take of this.unread.splice(0)) take();
  }
  frames(): { type: number; flags: number; streamId: number; payload: Buffer }[] {
    const bytes = this.bytes.subarray(0, PREFACE.length).equals(PREFACE)
      ? this.bytes.subarray(PREFACE.length)
      : this.bytes;
    const frames = [];
    for (let at = 0; at + 9 <= bytes.length; ) {
      const end = at + 9 + bytes.readUIntBE(at, 3);
      const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5);
      frames.push({ type, flags, streamId: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, end) });
      at = end;
    }
    return frames;
  }
  ofType(type: number) {
    return this.frames().filter((each) => each.type === type);
  }
  goAwayCode(): number | undefined {
    return this.ofType(FrameType.GoAway)[0]?.payload.readUInt32BE(4);
  }
}

function frame(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

function block(...fields: string[]): Buffer {
  const encoder = new HpackEncoder(0);
  encoder.begin();
  for (let index = 0; index < fields.length; index += 2) encoder.field(fields[index] ?? '', fields[index + 1] ?? '');
  return Buffer.from(encoder.end());
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const SETTINGS = frame(FrameType.Settings, 0, 0);
const REQUEST = block(':method', 'POST', ':scheme', 'http', ':path', '/', ':authority', 'app');
const word = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const SILENT: StreamEvents = {
  headersReceived: () => undefined,
  dataReceived: () => undefined,
  endReceived: () => undefined,
  streamReset: () => undefined,
  writable: () => undefined,
};

function session(role: 'server' | 'client', peer: Peer, events: (stream: Http2Stream) => StreamEvents): Http2Session {
  const owner = {
    streamOpened: events,
    headTooLarge: () => undefined,
    streamRefused: () => undefined,
    streamsChanged: () => undefined,
    sessionClosed: () => undefined,
  };
  const local = role === 'server' ? CLIENT_FACING_SETTINGS : MESH_SETTINGS;
  return new Http2Session(peer as unknown as Socket, owner, { role, local, monotonic: () => 0 });
}

/** The peer allows `window` bytes for each stream. */
function served(window: number, handler: ExchangeHandler, peer = new Peer()): { peer: Peer; served: Http2Session } {
  const facts = { remoteAddress: '', peer: undefined };
  const made = session('server', peer, (stream) => new ServerStream(stream, { handler, facts }));
  peer.say(PREFACE, frame(FrameType.Settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), word(window)])));
  return { peer, served: made };
}

function handlerOf(requestStarted: (exchange: Exchange) => void): ExchangeHandler {
  return { requestStarted, requestRefused: () => undefined, limitMet: () => undefined };
}

function respond(exchange: Exchange, body: Buffer): void {
  exchange.sendHead({ status: 200, reason: '', headers: HeaderBlock.fromList([]), contentLength: body.length }, false);
  exchange.sendData(body);
  exchange.sendEnd(undefined);
}

describe('a request whose response is complete, but for window', () => {
  it('takes its trailers for trailers, and not for another request', async () => {
    const started: string[] = [];
    const { peer } = served(
      10,
      handlerOf((exchange) => {
        started.push(exchange.request.path);
        respond(exchange, Buffer.alloc(100, 'x'));
      }),
    );
    peer.say(frame(FrameType.Headers, Flag.EndHeaders, 1, REQUEST));
    peer.say(frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, 1, block('x-checksum', '1')));
    peer.say(frame(FrameType.WindowUpdate, 0, 1, word(1_000)));
    await turn();
    await turn();
    expect(peer.ofType(FrameType.ResetStream)).toHaveLength(0);
    const data = peer.ofType(FrameType.Data);
    expect(Buffer.concat(data.map(({ payload }) => payload))).toHaveLength(100);
    expect(data.at(-1)?.flags).toBe(Flag.EndStream);
    expect(started).toEqual(['/']);
  });

  it('begins no second request on its stream', async () => {
    const started: string[] = [];
    const { peer } = served(
      10,
      handlerOf((exchange) => {
        started.push(exchange.request.path);
        respond(exchange, Buffer.alloc(100, 'x'));
      }),
    );
    peer.say(frame(FrameType.Headers, Flag.EndHeaders, 1, REQUEST));
    peer.say(frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, 1, REQUEST));
    await turn();
    await turn();
    expect(started).toEqual(['/']);
    expect(peer.ofType(FrameType.ResetStream)).toHaveLength(1);
  });
});

it('a byte of data buys no reset of a stream (rapid reset)', async () => {
  const consumer: RequestConsumer = {
    requestData: () => undefined,
    requestEnded: () => undefined,
    requestAborted: () => undefined,
    responseDrained: () => undefined,
  };
  let started = 0;
  const { peer } = served(
    65_535,
    handlerOf((exchange) => {
      started++;
      exchange.consumer = consumer;
    }),
  );
  for (let stream = 1; stream < 10_000; stream += 2)
    peer.say(
      frame(FrameType.Headers, Flag.EndHeaders, stream, REQUEST),
      frame(FrameType.Data, 0, stream, Buffer.from('x')),
      frame(FrameType.ResetStream, 0, stream, word(ErrorCode.Cancel)),
    );
  await turn();
  await turn();
  expect(peer.goAwayCode()).toBe(ErrorCode.EnhanceYourCalm);
  expect(started).toBeLessThan(2_000);
});

it('answers to many requests that were given up end no connection', async () => {
  const peer = new Peer();
  const client = session('client', peer, () => SILENT);
  peer.say(SETTINGS);
  await turn();
  const streams: Http2Stream[] = [];
  for (let count = 0; count < 800; count++) {
    const stream = client.open(SILENT);
    stream.sendHeaders([':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'app'], undefined, true);
    streams.push(stream);
  }
  for (const stream of streams) stream.reset(ErrorCode.Cancel);
  for (const { id } of streams)
    peer.say(
      frame(FrameType.Headers, Flag.EndHeaders, id, block(':status', '200')),
      frame(FrameType.Data, Flag.EndStream, id, Buffer.from('late')),
    );
  await turn();
  await turn();
  expect(peer.goAwayCode()).toBeUndefined();
  expect(client.canOpen).toBe(true);
});

it('a connection that was told to go still hands over its last response', async () => {
  const peer = new Peer();
  const { served: made } = served(
    1_000_000,
    handlerOf((exchange) => respond(exchange, Buffer.alloc(60_000, 'x'))),
    peer,
  );
  await turn();
  await turn();
  peer.isReading = false;
  peer.say(frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, 1, REQUEST));
  made.drain();
  await turn();
  peer.say(frame(FrameType.Ping, Flag.Ack, 0, Buffer.from('draining', 'latin1')));
  await turn();
  // The client has not read the end yet, and goes on speaking.
  peer.say(frame(FrameType.Ping, 0, 0, Buffer.alloc(8)), frame(FrameType.WindowUpdate, 0, 0, word(100)));
  await turn();
  await turn();
  peer.readOn();
  await turn();
  await turn();
  expect(peer.errorSeen).toBeUndefined();
  expect(Buffer.concat(peer.ofType(FrameType.Data).map(({ payload }) => payload))).toHaveLength(60_000);
});
