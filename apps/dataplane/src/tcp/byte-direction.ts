// One direction of a connection of bytes: what is read of one socket is written to the other, with back-pressure.
import type { Socket } from 'node:net';
import type { PacedBytes } from '../exchange/paced-bytes.ts';
import { GatheredWrites } from './gathered-writes.ts';
import { ReusedReads } from './reused-reads.ts';

/** Bytes that may wait in a socket for its reader; above, nothing more is read from the other one. */
const HELD_BYTES_MAX = 256 * 1024;

export interface DirectionOptions {
  readonly firstBytes?: () => void;
  readonly makePace?: MakePace | undefined;
}

/** Makes the pace of a direction; `passed` is told of bytes as they go. */
export type MakePace = (from: Socket, to: Socket, passed: (bytes: number) => void) => PacedBytes | undefined;

export class ByteDirection {
  bytes = 0;
  private readonly from: Socket;
  private readonly to: Socket;
  private readonly gathered: GatheredWrites | undefined;
  private readonly paced: PacedBytes | undefined;

  /** `firstBytes` is told when there are some, before they are passed on. */
  constructor(from: Socket, to: Socket, { firstBytes, makePace }: DirectionOptions = {}) {
    this.from = from;
    this.to = to;
    const reads = ReusedReads.of(from);
    this.paced = makePace?.(from, to, (bytes) => {
      if (this.bytes === 0) firstBytes?.();
      this.bytes += bytes;
    });
    if (this.paced !== undefined) {
      this.readAtPace(this.paced, reads);
      return;
    }
    // A write that the kernel does not take whole would keep the buffer that everybody reads into.
    const isGathered = !isTls(to) && (reads !== undefined || isTls(from));
    this.gathered = isGathered ? new GatheredWrites(to) : undefined;
    const read = (chunk: Buffer, pass: (chunk: Buffer) => boolean): boolean => {
      if (this.bytes === 0) firstBytes?.();
      this.bytes += chunk.length;
      return pass(chunk);
    };
    if (reads !== undefined) reads.deliver((chunk) => read(chunk, this.passLent));
    else {
      from.on('data', (chunk: Buffer) => {
        if (!read(chunk, this.passOwn)) from.pause();
      });
    }
  }

  /** Bytes that were read of the sender before. */
  pass(chunk: Buffer): void {
    if (this.paced !== undefined) {
      this.paced.push(chunk);
      return;
    }
    this.bytes += chunk.length;
    this.passOwn(chunk);
  }

  /** The sender has ended: so does what the other one is told. */
  end(): void {
    if (this.paced !== undefined) {
      this.paced.end();
      return;
    }
    this.gathered?.flush();
    this.to.end();
  }

  /** The receiver has room again. */
  resume(): void {
    if (this.paced === undefined) this.from.resume();
    else this.paced.resume();
  }

  /** Both sockets are gone. */
  drop(): void {
    this.paced?.drop();
  }

  private readAtPace(paced: PacedBytes, reads: ReusedReads | undefined): void {
    if (reads !== undefined) reads.deliver((chunk) => paced.push(Buffer.from(chunk)));
    else
      this.from.on('data', (chunk: Buffer) => {
        if (!paced.push(chunk)) this.from.pause();
      });
  }

  /** Of a chunk that is ours to keep. */
  private readonly passOwn = (chunk: Buffer): boolean => {
    if (this.gathered !== undefined) return this.gather(chunk, this.gathered);
    this.to.write(chunk);
    return this.to.writableLength < HELD_BYTES_MAX;
  };

  /** Of a chunk that is overwritten after the call. */
  private readonly passLent = (chunk: Buffer): boolean => {
    const { to, gathered } = this;
    if (gathered !== undefined) return this.gather(chunk, gathered);
    // TLS encrypts within the call, or makes a copy; what has to wait for an earlier write is kept as it is.
    return to.write(to.writableLength > 0 ? Buffer.from(chunk) : chunk);
  };

  private gather(chunk: Buffer, gathered: GatheredWrites): boolean {
    gathered.add(chunk);
    return gathered.heldBytes < HELD_BYTES_MAX;
  }
}

function isTls(socket: Socket): boolean {
  return 'encrypted' in socket;
}
