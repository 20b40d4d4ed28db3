// Header blocks, one after another on one connection, to our HPACK decoder and to nghttp2 (node:http2): what we decode,
// nghttp2 decodes to the same fields, and neither table gets out of step.
import http2 from 'node:http2';
import { Duplex } from 'node:stream';
import { afterAll } from 'vitest';
import { HpackDecoder } from '../../src/http2/hpack/decoder.ts';
import { HpackError } from '../../src/http2/hpack/hpack-error.ts';
import { ErrorCode, Flag, FrameType, PREFACE, StreamError } from '../../src/http2/protocol.ts';
import { requestFrom } from '../../src/http2/request-fields.ts';
import { frame, framesOf, SETTINGS } from '../raw-http2.ts';
import { fuzz } from './fuzz.ts';

/** Silence is a fault whenever it ends: long enough for a busy machine. */
const GIVE_UP_MS = 20_000;
const BLOCKS_MAX = 12;
/** :method GET, :scheme http, :path /, :authority app: without them nghttp2 shows no fields. They touch no table. */
const PSEUDO = Buffer.from('8286840103617070', 'hex');
const SIZE_UPDATE = 0x20;

const server = http2.createServer();
/** Fields by stream of the connection that is tried now. */
let seen = new Map<number, string[]>();
server.on('stream', (stream: http2.ServerHttp2Stream, _headers: unknown, _flags: unknown, rawHeaders: string[]) => {
  seen.set(stream.id ?? 0, rawHeaders);
  stream.on('error', () => undefined);
});
server.on('sessionError', () => undefined);
afterAll(() => server.close());

/** The input as blocks: a length, then so many bytes. Size updates at their start stay in front of the pseudo-headers. */
function blocksOf(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length && blocks.length < BLOCKS_MAX; ) {
    const end = at + 1 + (bytes[at] ?? 0);
    const block = bytes.subarray(at + 1, end);
    let updates = 0;
    while (updates < block.length && ((block[updates] ?? 0) & 0xe0) === SIZE_UPDATE && block[updates] !== 0x3f)
      updates++;
    blocks.push(Buffer.concat([block.subarray(0, updates), PSEUDO, block.subarray(updates)]));
    at = end;
  }
  return blocks;
}

/** Fields of each block, as far as it goes. */
function ours(blocks: readonly Buffer[]): string[][] {
  const decoder = new HpackDecoder({ tableSizeMax: 4_096, listSizeMax: 61_440 });
  const decoded: string[][] = [];
  try {
    for (const block of blocks) decoded.push(decoder.decode(block).fields);
  } catch (error) {
    if (!(error instanceof HpackError)) throw error;
  }
  return decoded;
}

/** The same fields, but for those that nghttp2 leaves out because of their bytes: the request with them we refuse. */
function isTaken(theirs: readonly string[], mine: readonly string[]): boolean {
  let at = 0;
  for (let index = 0; index < mine.length; index += 2) {
    const [name = '', value = ''] = mine.slice(index, index + 2);
    if (theirs[at] === name && theirs[at + 1] === value) at += 2;
    else if (!isRefused(mine)) return false;
  }
  return at === theirs.length;
}

function isRefused(fields: readonly string[]): boolean {
  try {
    requestFrom(1, fields, true);
    return false;
  } catch (error) {
    return error instanceof StreamError;
  }
}

class Peer extends Duplex {
  bytes = Buffer.alloc(0);
  changed: () => void = () => undefined;
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    done();
    this.changed();
  }
}

/** True when nghttp2 took every block for HPACK, whatever it thought of the fields. */
function nghttp2Takes(blocks: readonly Buffer[]): Promise<boolean> {
  const peer = new Peer();
  peer.on('error', () => undefined);
  return new Promise((resolve) => {
    const finish = (takes: boolean) => {
      clearTimeout(timer);
      peer.changed = () => undefined;
      // Events of streams come a turn later than what is written.
      setImmediate(() => {
        peer.destroy();
        resolve(takes);
      });
    };
    const timer = setTimeout(() => finish(false), GIVE_UP_MS);
    peer.changed = () => {
      const frames = framesOf(peer.bytes);
      const goAway = frames.find(({ type }) => type === FrameType.GoAway);
      if (goAway !== undefined) finish(goAway.payload.readUInt32BE(4) !== ErrorCode.CompressionError);
      else if (frames.some(({ type, flags }) => type === FrameType.Ping && flags === Flag.Ack)) finish(true);
    };
    server.emit('connection', peer);
    const heads = blocks.map((block, index) =>
      frame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, 2 * index + 1, block),
    );
    peer.push(Buffer.concat([PREFACE, SETTINGS, ...heads, frame(FrameType.Ping, 0, 0, Buffer.alloc(8))]));
  });
}

fuzz({
  name: 'hpack',
  shards: [
    ...[
      '\x80',
      '\x82',
      '\xbe',
      '\xbf',
      '\xff',
      '\xff\x80',
      '\x7f',
      '\x40',
      '\x00',
      '\x10',
      '\x20',
      '\x3f\xe1\x1f',
      '\x3f',
    ],
    ...[
      '\x40\x03x-a\x03abc',
      '\x00\x03x-b\x82\x1c\x64',
      '\x83\x8c\xf1\xe3',
      '\x7f\x80\x00',
      '\x0f\x2f\x01a',
      '\x1f\x00\x01b',
    ],
  ],
  async check(bytes) {
    const blocks = blocksOf(bytes);
    const decoded = ours(blocks);
    if (decoded.length === 0) return undefined;
    seen = new Map();
    const takes = await nghttp2Takes(blocks.slice(0, decoded.length));
    if (!takes) return `we decode ${decoded.length} blocks, nghttp2 refuses one of them`;
    for (const [streamId, fields] of seen) {
      const mine = decoded[(streamId - 1) / 2];
      if (mine === undefined || !isTaken(fields, mine))
        return `we read ${JSON.stringify(mine)}, nghttp2 ${JSON.stringify(fields)}`;
    }
    return undefined;
  },
});
