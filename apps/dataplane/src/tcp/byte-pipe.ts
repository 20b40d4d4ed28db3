// Two sockets as one connection: bytes both ways with back-pressure, each direction ended by itself.
import type { Socket } from 'node:net';
import { ByteDirection } from './byte-direction.ts';
import type { PipeThrottle } from './pipe-throttle.ts';
import { abort } from './reset.ts';

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
  private readonly client: Socket;
  private readonly upstream: Socket;
  private readonly owner: PipeOwner;
  private readonly toUpstream: ByteDirection;
  private readonly toClient: ByteDirection;
  /** One direction has ended. */
  isHalfClosed = false;
  private open = 2;
  private isEnded = false;

  constructor(client: Socket, upstream: Socket, owner: PipeOwner, throttle?: PipeThrottle) {
    this.client = client;
    this.upstream = upstream;
    this.owner = owner;
    // Over TLS too: close_notify ends one direction (RFC 8446 §6.1).
    client.allowHalfOpen = true;
    upstream.allowHalfOpen = true;
    this.toUpstream = new ByteDirection(client, upstream, { makePace: throttle?.toUpstream });
    this.toClient = new ByteDirection(upstream, client, {
      firstBytes: () => owner.upstreamSpoke(),
      makePace: throttle?.toClient,
    });
    this.join(client, this.toUpstream, this.toClient, 'client-failed');
    this.join(upstream, this.toClient, this.toUpstream, 'upstream-failed');
    // Accepted sockets are not read before somebody wants their bytes.
    client.resume();
    upstream.resume();
  }

  get clientBytes(): number {
    return this.toUpstream.bytes;
  }

  get upstreamBytes(): number {
    return this.toClient.bytes;
  }

  /** All that a client said that had ended before the pipe was there. */
  clientHasSaid(bytes: Buffer): void {
    this.toUpstream.pass(bytes);
    this.toUpstream.end();
    this.isHalfClosed = true;
    this.owner.directionEnded();
  }

  destroy(): void {
    this.isEnded = true;
    this.dropHeld();
    this.client.destroy();
    this.upstream.destroy();
  }

  /** `out` is what `from` says, `back` what it is told. */
  private join(from: Socket, out: ByteDirection, back: ByteDirection, failure: PipeEnd): void {
    from.on('end', () => {
      out.end();
      this.isHalfClosed = true;
      this.owner.directionEnded();
    });
    from.on('drain', () => back.resume());
    from.on('error', (error: Error) => this.end(failure, error));
    from.on('close', () => {
      // Closed before the other had said and heard everything: what is left of it has nobody to go to.
      if (--this.open === 0) this.end('both-ended', undefined);
      else if (!from.readableEnded || !from.writableFinished) this.end(failure, undefined);
    });
  }

  private dropHeld(): void {
    this.toUpstream.drop();
    this.toClient.drop();
  }

  private end(end: PipeEnd, error: Error | undefined): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.dropHeld();
    if (end === 'upstream-failed') abort(this.client);
    else if (end === 'client-failed') abort(this.upstream);
    this.owner.pipeEnded(end, error);
  }
}
