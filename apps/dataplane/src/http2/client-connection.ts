// Client side of HTTP/2 on one socket: many requests at once, and a watch on whether the peer is still there.
import type { Socket } from 'node:net';
import { type TimerTarget, type TimerWheel, WheelTimer } from '../exchange/timer-wheel.ts';
import type { UpstreamHandler, UpstreamStream } from '../exchange/upstream-stream.ts';
import { ClientStream } from './client-stream.ts';
import { ConnectionError, ErrorCode } from './protocol.ts';
import { Http2Session, type SessionOwner } from './session.ts';
import { MESH_SETTINGS } from './settings.ts';
import type { Http2Stream, StreamEvents } from './stream.ts';

/** The pool that the connection belongs to. */
export interface MultiplexOwner {
  /** A request has ended: there is room for another, or nothing left to do. */
  streamsChanged(connection: Http2ClientConnection): void;
  /** Once, after which it is not to be used. */
  multiplexClosed(connection: Http2ClientConnection): void;
}

export interface MultiplexEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
}

/** A peer that has answers to give and says nothing for so long is asked; silent once more, it is given up. */
const LIVENESS_MS = 4_000;

export class Http2ClientConnection implements SessionOwner, TimerTarget {
  /** Set by the pool while it is idle. */
  idleSinceMs = 0;
  private readonly session: Http2Session;
  private readonly owner: MultiplexOwner;
  private readonly environment: MultiplexEnvironment;
  private readonly timer = new WheelTimer(this);
  private chunksSeen = 0;
  private isAsked = false;
  private isUsed = false;

  constructor(socket: Socket, owner: MultiplexOwner, environment: MultiplexEnvironment) {
    this.owner = owner;
    this.environment = environment;
    this.session = new Http2Session(socket, this, {
      role: 'client',
      local: MESH_SETTINGS,
      monotonic: environment.monotonic,
    });
    this.armTimer();
  }

  get canBegin(): boolean {
    return this.session.canOpen;
  }

  /** Its SETTINGS have come: before, nobody knows whether it takes tunnels. */
  get isPeerKnown(): boolean {
    return this.session.isPeerKnown;
  }

  /** It opens a tunnel by an extended CONNECT (RFC 8441). */
  get takesTunnels(): boolean {
    return this.session.peer.takesTunnels;
  }

  get activeStreams(): number {
    return this.session.openStreams;
  }

  /** Ask `canBegin` before. */
  begin(handler: UpstreamHandler): UpstreamStream {
    const stream = new ClientStream(this.session, handler, this.isUsed);
    this.isUsed = true;
    return stream;
  }

  /** Closes when the last request has ended. */
  drain(): void {
    this.session.drain();
  }

  destroy(): void {
    this.session.destroy();
  }

  streamOpened(stream: Http2Stream): StreamEvents {
    throw new ConnectionError(ErrorCode.ProtocolError, `the server opened stream ${stream.id}`);
  }

  /** A server opens no streams. */
  streamRefused(): void {}

  headTooLarge(stream: Http2Stream): void {
    const { events } = stream;
    stream.reset(ErrorCode.Cancel);
    events?.streamReset(ErrorCode.ProtocolError, undefined);
  }

  streamsChanged(): void {
    this.owner.streamsChanged(this);
  }

  sessionClosed(): void {
    this.environment.wheel.disarm(this.timer);
    this.owner.multiplexClosed(this);
  }

  timerFired(): void {
    const { session } = this;
    // A server speaks first (RFC 9113 §3.4), and requests may wait for what it says.
    if (!session.isPeerKnown) {
      session.destroy();
      return;
    }
    if (session.isIdle || session.receivedChunks !== this.chunksSeen) this.isAsked = false;
    else if (this.isAsked) {
      session.destroy();
      return;
    } else {
      this.isAsked = true;
      session.ping();
    }
    this.chunksSeen = session.receivedChunks;
    this.armTimer();
  }

  private armTimer(): void {
    this.environment.wheel.arm(this.timer, this.environment.monotonic() + LIVENESS_MS);
  }
}
