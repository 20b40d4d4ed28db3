// Lets bytes through at a rate: what comes faster waits here, and the one who sends is told to wait too, so that no more is
// held than was on its way when it heard of it.
import type { Pace } from '@malha/traffic/fault/pace';
import { type TimerTarget, type TimerWheel, WheelTimer } from './timer-wheel.ts';

export interface PacedTarget {
  /** False: no more until `resume`. */
  write(chunk: Buffer): boolean;
  /** After the last byte. */
  end(): void;
  /** Nothing waits any more: the sender may go on. */
  drained(): void;
}

export interface PaceEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  /** From then on bytes go as fast as they can. */
  readonly isOver: () => boolean;
}

export class PacedBytes implements TimerTarget {
  private readonly pace: Pace;
  private readonly environment: PaceEnvironment;
  private readonly target: PacedTarget;
  private readonly timer = new WheelTimer(this);
  private readonly queue: Buffer[] = [];
  private isOpen = true;
  private isEnding = false;
  private isAwaited = false;
  private isDone = false;

  constructor(pace: Pace, environment: PaceEnvironment, target: PacedTarget) {
    this.pace = pace;
    this.environment = environment;
    this.target = target;
  }

  get isHolding(): boolean {
    return this.queue.length > 0;
  }

  /** Milliseconds until what waits here has gone, if the target takes it. */
  get leftMs(): number {
    if (!this.isHolding || this.environment.isOver()) return 0;
    return this.pace.leftMs(this.queue.reduce((bytes, { length }) => bytes + length, 0));
  }

  /** Keeps the chunk. False: wait for `drained`. */
  push(chunk: Buffer): boolean {
    if (this.isDone || chunk.length === 0) return true;
    this.queue.push(chunk);
    this.pump();
    const isFull = this.isHolding || !this.isOpen;
    this.isAwaited = isFull;
    return !isFull;
  }

  end(): void {
    this.isEnding = true;
    this.pump();
  }

  /** The target takes no more for now. */
  hold(): void {
    this.isOpen = false;
  }

  /** The target takes bytes again. */
  resume(): void {
    this.isOpen = true;
    this.pump();
  }

  /** Nobody wants them any more. */
  drop(): void {
    this.isDone = true;
    this.queue.length = 0;
    this.environment.wheel.disarm(this.timer);
  }

  timerFired(): void {
    this.pump();
  }

  private pump(): void {
    const { wheel, monotonic, isOver } = this.environment;
    for (let head = this.queue[0]; head !== undefined && this.isOpen; head = this.queue[0]) {
      const nowMs = monotonic();
      const length = isOver() ? head.length : this.pace.take(head.length, nowMs);
      if (length === 0) {
        wheel.arm(this.timer, this.pace.nextMs(head.length, nowMs));
        return;
      }
      if (length === head.length) this.queue.shift();
      else this.queue[0] = head.subarray(length);
      if (!this.target.write(head.subarray(0, length))) this.isOpen = false;
    }
    if (!this.isHolding) this.emptied();
  }

  private emptied(): void {
    if (this.isDone) return;
    if (this.isEnding) {
      this.drop();
      this.target.end();
    } else if (this.isAwaited && this.isOpen) {
      this.isAwaited = false;
      this.target.drained();
    }
  }
}
