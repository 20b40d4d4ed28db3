// Tells a connection that bytes are wanted of from one that was opened in case they would be: a caller's proxy connects
// before it knows what its client speaks, and leaves without a byte when that is HTTP.
import type { Socket } from 'node:net';
import { type TimerTarget, WheelTimer } from '../exchange/timer-wheel.ts';
import type { TcpEnvironment } from './tcp-connection.ts';

/** A client that waits for a greeting is silent too, and should not wait long for being refused. */
const SILENCE_MAX_MS = 1_000;

export class WantedBytes implements TimerTarget {
  private readonly socket: Socket;
  private readonly environment: TcpEnvironment;
  private readonly wanted: () => void;
  private readonly timer = new WheelTimer(this);

  /** `wanted` is called once: at the first byte, or after a silence. Not at all when the peer leaves before. */
  constructor(socket: Socket, environment: TcpEnvironment, wanted: () => void) {
    this.socket = socket;
    this.environment = environment;
    this.wanted = wanted;
    environment.wheel.arm(this.timer, environment.monotonic() + SILENCE_MAX_MS);
    socket.on('readable', this.onReadable);
    socket.once('end', this.onGone);
    socket.once('close', this.onGone);
    socket.on('error', this.onGone);
  }

  timerFired(): void {
    this.release();
    this.wanted();
  }

  private readonly onReadable = (): void => {
    // Also said of the end, where there is nothing to be read.
    if (this.socket.readableLength === 0) return;
    this.release();
    this.wanted();
  };

  private readonly onGone = (): void => {
    this.release();
    this.socket.destroy();
  };

  private release(): void {
    this.environment.wheel.disarm(this.timer);
    this.socket.removeListener('readable', this.onReadable);
    this.socket.removeListener('end', this.onGone);
    this.socket.removeListener('close', this.onGone);
    this.socket.removeListener('error', this.onGone);
  }
}
