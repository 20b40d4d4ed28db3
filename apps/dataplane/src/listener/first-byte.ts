// Tells TLS from plaintext by the first byte of a connection, without losing it.
import type { Socket } from 'node:net';
import { type TimerTarget, type TimerWheel, WheelTimer } from '../exchange/timer-wheel.ts';

/** Content type "handshake" of a TLS record: a ClientHello starts with it, HTTP never does. */
const TLS_HANDSHAKE = 0x16;

export interface FirstByteHandler {
  tlsBegins(socket: Socket): void;
  plaintextBegins(socket: Socket): void;
}

/** Silent sockets are closed after `timeoutMs`. */
export class FirstByte implements TimerTarget {
  private readonly socket: Socket;
  private readonly wheel: TimerWheel;
  private readonly handler: FirstByteHandler;
  private readonly timer = new WheelTimer(this);

  constructor(socket: Socket, wheel: TimerWheel, dueMs: number, handler: FirstByteHandler) {
    this.socket = socket;
    this.wheel = wheel;
    this.handler = handler;
    wheel.arm(this.timer, dueMs);
    socket.once('readable', this.onReadable);
    socket.once('end', this.onEnd);
    socket.once('close', this.onClose);
    socket.on('error', this.onError);
  }

  timerFired(): void {
    this.socket.destroy();
  }

  private readonly onReadable = (): void => {
    const { socket, handler } = this;
    const chunk: Buffer | null = socket.read();
    if (chunk === null) {
      if (!socket.destroyed && !socket.readableEnded) socket.once('readable', this.onReadable);
      return;
    }
    this.release();
    socket.unshift(chunk);
    if (chunk[0] === TLS_HANDSHAKE) handler.tlsBegins(socket);
    else handler.plaintextBegins(socket);
  };

  private readonly onEnd = (): void => {
    this.socket.destroy();
  };

  private readonly onClose = (): void => {
    this.release();
  };

  private readonly onError = (): void => {
    this.socket.destroy();
  };

  private release(): void {
    const { socket } = this;
    this.wheel.disarm(this.timer);
    socket.removeListener('readable', this.onReadable);
    socket.removeListener('end', this.onEnd);
    socket.removeListener('close', this.onClose);
    socket.removeListener('error', this.onError);
  }
}
