// Server side of HTTP/2 on one socket: a session whose streams become exchanges, and the deadlines of the connection.
import type { Socket } from 'node:net';
import type { ConnectionFacts } from '../exchange/exchange.ts';
import { type TimerTarget, WheelTimer } from '../exchange/timer-wheel.ts';
import type { ServedConnection, ServerContext } from '../listener/server-context.ts';
import type { RejectionReason } from '../telemetry/record.ts';
import { HpackError } from './hpack/hpack-error.ts';
import { ConnectionError, ErrorCode } from './protocol.ts';
import { ServerStream, type StreamContext } from './server-stream.ts';
import { Http2Session, type SessionOwner } from './session.ts';
import type { LocalSettings } from './settings.ts';
import type { Http2Stream, StreamEvents } from './stream.ts';

export class Http2ServerConnection implements ServedConnection, SessionOwner, TimerTarget {
  private readonly session: Http2Session;
  private readonly context: ServerContext;
  private readonly streamContext: StreamContext;
  private readonly timer = new WheelTimer(this);
  private partialSinceMs: number;
  private idleSinceMs: number;
  private isIdleClosed = false;

  constructor(socket: Socket, facts: ConnectionFacts, context: ServerContext, local: LocalSettings) {
    const { handler, monotonic, wheel, timeouts } = context;
    this.context = context;
    this.streamContext = { handler, facts };
    this.session = new Http2Session(socket, this, { role: 'server', local, monotonic });
    this.idleSinceMs = monotonic();
    this.partialSinceMs = this.idleSinceMs;
    wheel.arm(this.timer, this.idleSinceMs + timeouts.headTimeoutMs);
    if (context.isDraining) this.session.drain();
  }

  get isIdle(): boolean {
    return this.session.isIdle;
  }

  destroy(): void {
    this.session.destroy();
  }

  drain(): void {
    this.session.drain();
  }

  // ——— of the session ———

  streamOpened(stream: Http2Stream): StreamEvents {
    return new ServerStream(stream, this.streamContext);
  }

  headTooLarge(stream: Http2Stream): void {
    // Trailers beyond the limit come on a stream that has its events already.
    if (stream.events !== undefined) {
      this.context.handler.requestRefused('head-too-large', 'trailers that are too large');
      this.session.destroy();
    } else new ServerStream(stream, this.streamContext).refuseTooLarge();
  }

  streamRefused(): void {
    this.context.handler.limitMet('stream-refused');
  }

  streamsChanged(): void {
    if (this.session.isIdle) this.idleSinceMs = this.context.monotonic();
  }

  sessionClosed(error: Error | undefined): void {
    const { context } = this;
    context.wheel.disarm(this.timer);
    const reason = rejectionOf(error);
    if (reason !== undefined) context.handler.requestRefused(reason, error?.message ?? '');
    context.connectionClosed(this);
  }

  /** Deadlines are looked at now and then instead of being moved with every frame. */
  timerFired(timer: WheelTimer): void {
    const { wheel, monotonic, timeouts } = this.context;
    const { session } = this;
    const nowMs = monotonic();
    if (!session.isPartial) this.partialSinceMs = nowMs;
    if (nowMs - this.partialSinceMs >= timeouts.headTimeoutMs) {
      this.context.handler.requestRefused('head-timeout', 'a preface or header block took too long');
      session.destroy();
      return;
    }
    if (session.isIdle && !this.isIdleClosed && nowMs - this.idleSinceMs >= timeouts.idleTimeoutMs) {
      this.isIdleClosed = true;
      this.context.handler.limitMet('idle-closed');
      session.drain();
    }
    wheel.arm(timer, nowMs + timeouts.headTimeoutMs / 2);
  }
}

/** Undefined for a connection that ended in order, or that its socket gave up. */
function rejectionOf(error: Error | undefined): RejectionReason | undefined {
  if (error instanceof HpackError) return 'http2';
  if (!(error instanceof ConnectionError)) return undefined;
  return error.errorCode === ErrorCode.EnhanceYourCalm ? 'http2-flood' : 'http2';
}
