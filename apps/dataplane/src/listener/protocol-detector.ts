// Tells TLS, HTTP/2 and HTTP/1.1 apart by the first bytes of a connection, without losing them.
import type { Socket } from 'node:net';
import { type TimerTarget, type TimerWheel, WheelTimer } from '../exchange/timer-wheel.ts';
import { PREFACE } from '../http2/protocol.ts';

/** Content type "handshake" of a TLS record: a ClientHello starts with it, HTTP never does. */
const TLS_HANDSHAKE = 0x16;

/** Takes over the socket, its first bytes unread. */
export interface DetectionHandler {
  tlsBegins(socket: Socket): void;
  http2Begins(socket: Socket): void;
  /** HTTP/1.1, or nothing that is known. */
  http1Begins(socket: Socket): void;
  /** Nothing came in time; the socket is closed. */
  timedOut(): void;
}

/** Sockets that stay silent, or do not get beyond the start of a preface, are closed at `dueMs`. */
export class ProtocolDetector implements TimerTarget {
  private readonly socket: Socket;
  private readonly wheel: TimerWheel;
  private readonly handler: DetectionHandler;
  private readonly timer = new WheelTimer(this);
  /** The start of a preface. */
  private held: Buffer | undefined;

  constructor(socket: Socket, wheel: TimerWheel, dueMs: number, handler: DetectionHandler) {
    this.socket = socket;
    this.wheel = wheel;
    this.handler = handler;
    wheel.arm(this.timer, dueMs);
    socket.on('readable', this.onReadable);
    socket.once('end', this.onEnd);
    socket.once('close', this.onClose);
    socket.on('error', this.onEnd);
  }

  timerFired(): void {
    this.handler.timedOut();
    this.socket.destroy();
  }

  private readonly onReadable = (): void => {
    const { socket, handler } = this;
    const read: Buffer | null = socket.read();
    if (read === null) return;
    const chunk = this.held === undefined ? read : Buffer.concat([this.held, read]);
    const compared = Math.min(chunk.length, PREFACE.length);
    const isPreface = PREFACE.compare(chunk, 0, compared, 0, compared) === 0;
    // The rest of a preface is waited for; as soon as a byte differs it is something else.
    if (isPreface && compared < PREFACE.length) {
      this.held = chunk;
      return;
    }
    this.release();
    socket.unshift(chunk);
    if (isPreface) handler.http2Begins(socket);
    else if (chunk[0] === TLS_HANDSHAKE) handler.tlsBegins(socket);
    else handler.http1Begins(socket);
  };

  private readonly onEnd = (): void => {
    this.socket.destroy();
  };

  private readonly onClose = (): void => {
    this.release();
  };

  private release(): void {
    const { socket } = this;
    this.wheel.disarm(this.timer);
    socket.removeListener('readable', this.onReadable);
    socket.removeListener('end', this.onEnd);
    socket.removeListener('close', this.onClose);
    socket.removeListener('error', this.onEnd);
  }
}
