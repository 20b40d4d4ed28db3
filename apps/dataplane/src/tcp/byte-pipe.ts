// Two sockets as one connection: bytes both ways with back-pressure, each direction ended by itself.
import type { Socket } from 'node:net';
import { abort } from './reset.ts';
import { ReusedReads } from './reused-reads.ts';

/** Bytes that may wait in a socket for its reader; above, nothing more is read from the other one. */
const HELD_BYTES_MAX = 256 * 1024;

export type PipeEnd = 'both-ended' | 'client-failed' | 'upstream-failed';

export interface PipeOwner {
  /** Once; both sockets are closed, or about to be. */
  pipeEnded(end: PipeEnd, error: Error | undefined): void;
  /** One of the two; both may follow each other at once. */
  directionEnded(): void;
  /** The first bytes of the upstream. */
  upstreamSpoke(): void;
}

export class BytePipe {
  clientBytes = 0;
  upstreamBytes = 0;
  private readonly client: Socket;
  private readonly upstream: Socket;
  private readonly owner: PipeOwner;
  /** One direction has ended. */
  isHalfClosed = false;
  private open = 2;
  private isEnded = false;

  constructor(client: Socket, upstream: Socket, owner: PipeOwner) {
    this.client = client;
    this.upstream = upstream;
    this.owner = owner;
    // Over TLS too: close_notify ends one direction (RFC 8446 §6.1).
    client.allowHalfOpen = true;
    upstream.allowHalfOpen = true;
    client.on('data', (chunk: Buffer) => {
      this.clientBytes += chunk.length;
      forward(chunk, client, upstream);
    });
    const reads = ReusedReads.of(upstream);
    if (reads === undefined) {
      upstream.on('data', (chunk: Buffer) => {
        this.upstreamRead(chunk.length);
        forward(chunk, upstream, client);
      });
    } else {
      reads.deliver((chunk) => {
        this.upstreamRead(chunk.length);
        return forwardReused(chunk, reads, client);
      });
    }
    this.join(client, upstream, 'client-failed');
    this.join(upstream, client, 'upstream-failed');
    // Accepted sockets are not read before somebody wants their bytes.
    client.resume();
    upstream.resume();
  }

  destroy(): void {
    this.isEnded = true;
    this.client.destroy();
    this.upstream.destroy();
  }

  private upstreamRead(length: number): void {
    if (this.upstreamBytes === 0) this.owner.upstreamSpoke();
    this.upstreamBytes += length;
  }

  private join(from: Socket, to: Socket, failure: PipeEnd): void {
    from.on('end', () => {
      to.end();
      this.isHalfClosed = true;
      this.owner.directionEnded();
    });
    from.on('drain', () => to.resume());
    from.on('error', (error: Error) => this.end(failure, error));
    from.on('close', () => {
      // Closed before the other had said and heard everything: what is left of it has nobody to go to.
      if (--this.open === 0) this.end('both-ended', undefined);
      else if (!from.readableEnded || !from.writableFinished) this.end(failure, undefined);
    });
  }

  private end(end: PipeEnd, error: Error | undefined): void {
    if (this.isEnded) return;
    this.isEnded = true;
    if (end === 'upstream-failed') abort(this.client);
    else if (end === 'client-failed') abort(this.upstream);
    this.owner.pipeEnded(end, error);
  }
}

function forward(chunk: Buffer, from: Socket, to: Socket): void {
  if (!to.write(chunk) && to.writableLength >= HELD_BYTES_MAX) from.pause();
}

/** False: `to` says when it can take more. What waits in it has been copied or keeps the buffer, so little is let wait. */
function forwardReused(chunk: Buffer, reads: ReusedReads, to: Socket): boolean {
  if (to.writableLength > 0) return to.write(Buffer.from(chunk));
  const hasRoom = to.write(chunk);
  // The kernel has not taken all of it. TLS has encrypted it by now, or made a copy.
  if (to.writableLength > 0 && !('encrypted' in to)) reads.release();
  return hasRoom;
}
