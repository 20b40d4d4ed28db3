// Frames of HTTP/2 by hand: what a library would refuse to send.
import { connect, createServer, type Socket } from 'node:net';
import { HpackEncoder } from '../src/http2/hpack/encoder.ts';
import { Flag, FrameType, PREFACE } from '../src/http2/protocol.ts';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

export const SETTINGS = frame(FrameType.Settings, 0, 0);

/** name, value, name, value … as a block that indexes nothing. */
export function headerBlock(fields: readonly string[]): Buffer {
  const encoder = new HpackEncoder(0);
  encoder.begin();
  for (let index = 0; index < fields.length; index += 2) encoder.field(fields[index] ?? '', fields[index + 1] ?? '');
  return Buffer.from(encoder.end());
}

export function headersFrame(streamId: number, fields: readonly string[], isEnd: boolean): Buffer {
  return frame(FrameType.Headers, Flag.EndHeaders | (isEnd ? Flag.EndStream : 0), streamId, headerBlock(fields));
}

/** Whole frames in `bytes` from `start`. */
export function framesOf(bytes: Buffer, start = 0): Frame[] {
  const frames: Frame[] = [];
  for (let at = start; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5);
    frames.push({ type, flags, streamId: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return frames;
}

/** A client that has sent its preface and SETTINGS. */
export class RawHttp2Client {
  readonly socket: Socket;
  isClosed = false;
  private bytes = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    this.socket.on('data', (chunk: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
    });
    this.send(PREFACE, SETTINGS);
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  frames(type: number, streamId: number): Frame[] {
    return framesOf(this.bytes).filter((each) => each.type === type && each.streamId === streamId);
  }
}

/** An upstream of HTTP/2 that answers each request head with the frames that `answer` makes. */
export async function rawHttp2Upstream(
  answer: (streamId: number) => readonly Buffer[],
): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    let bytes = Buffer.alloc(0);
    let answered = 0;
    socket.write(SETTINGS);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const heads = framesOf(bytes, PREFACE.length).filter(({ type }) => type === FrameType.Headers);
      for (const { streamId } of heads.slice(answered)) socket.write(Buffer.concat(answer(streamId)));
      answered = heads.length;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the upstream has no port');
  return {
    port: address.port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
