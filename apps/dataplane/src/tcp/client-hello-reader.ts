// Reads a connection up to the end of its ClientHello, within bounds of bytes and time, and gives the bytes back unread.
import type { Socket } from 'node:net';
import { type TimerTarget, WheelTimer } from '../exchange/timer-wheel.ts';
import { CLIENT_HELLO_BYTES_MAX, parseClientHello } from './client-hello.ts';
import type { TcpEnvironment } from './tcp-connection.ts';

/** From the accept to the last byte of the ClientHello. */
const HELLO_TIMEOUT_MS = 10_000;

export interface ClientHelloHandler {
  /** Lower case; empty when the client asks for no name. */
  helloRead(serverName: string): void;
  /** It is none, has no end within the bounds, or the client went away. */
  helloRefused(): void;
}

export class ClientHelloReader implements TimerTarget {
  private readonly socket: Socket;
  private readonly environment: TcpEnvironment;
  private readonly handler: ClientHelloHandler;
  private readonly timer = new WheelTimer(this);
  private held: Buffer | undefined;

  constructor(socket: Socket, environment: TcpEnvironment, handler: ClientHelloHandler) {
    this.socket = socket;
    this.environment = environment;
    this.handler = handler;
    environment.wheel.arm(this.timer, environment.monotonic() + HELLO_TIMEOUT_MS);
    socket.on('readable', this.onReadable);
    socket.once('end', this.onEnd);
    socket.once('close', this.onClose);
    socket.on('error', this.onEnd);
  }

  timerFired(): void {
    this.refuse();
  }

  private readonly onReadable = (): void => {
    const read: Buffer | null = this.socket.read();
    if (read === null) return;
    const bytes = this.held === undefined ? read : Buffer.concat([this.held, read]);
    this.held = bytes;
    const hello = parseClientHello(bytes);
    if (hello.type === 'read') {
      this.release();
      this.socket.unshift(bytes);
      this.handler.helloRead(hello.serverName);
    } else if (hello.type === 'malformed' || bytes.length >= CLIENT_HELLO_BYTES_MAX) this.refuse();
  };

  private readonly onEnd = (): void => this.refuse();

  private readonly onClose = (): void => this.release();

  private refuse(): void {
    this.release();
    this.handler.helloRefused();
  }

  private release(): void {
    const { socket } = this;
    this.environment.wheel.disarm(this.timer);
    socket.removeListener('readable', this.onReadable);
    socket.removeListener('end', this.onEnd);
    socket.removeListener('close', this.onClose);
    socket.removeListener('error', this.onEnd);
  }
}
