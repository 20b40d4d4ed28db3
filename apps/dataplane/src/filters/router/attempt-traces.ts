// The spans of a request's attempts: none of their own while there is only one, from the second on each within that of the request.
import type { ExchangeNotes } from '../../exchange/exchange.ts';
import type { TraceRef } from '../../telemetry/record.ts';
import type { Attempt } from './attempt.ts';

/** Beyond, attempts are counted but not told of one by one. */
const SPANS_MAX = 16;

/** Of the stack; one object for all requests. */
export interface AttemptSpans<Request> {
  newSpanId(): string;
  /** It is over, and what came of it is known. */
  ended(request: Request, attempt: Attempt): void;
}

export class AttemptTraces<Request> {
  private readonly request: Request;
  private readonly spans: AttemptSpans<Request>;
  /** Of the whole request. */
  private readonly whole: TraceRef;
  private number = 1;
  private endedMs = 0;

  private constructor(request: Request, spans: AttemptSpans<Request>, whole: TraceRef) {
    this.request = request;
    this.spans = spans;
    this.whole = whole;
  }

  /**
   * Before there is a second attempt; undefined: the trace is not sampled. What was the request's span until now is that of
   * its first attempt: the peer that it was sent to knows no other. The request gets a new one above it.
   */
  static from<Request extends { readonly exchange: { readonly notes: ExchangeNotes } }>(
    first: Attempt,
    request: Request,
    spans: AttemptSpans<Request>,
  ): AttemptTraces<Request> | undefined {
    const { notes } = request.exchange;
    const { trace } = notes;
    if (trace?.sampled !== true) return undefined;
    const whole = { ...trace, spanId: spans.newSpanId() };
    notes.trace = whole;
    first.trace = { ...trace, parentSpanId: whole.spanId };
    return new AttemptTraces(request, spans, whole);
  }

  begun(attempt: Attempt): void {
    const { whole, spans } = this;
    this.number++;
    attempt.number = this.number;
    if (attempt.kind === 'retry' && this.endedMs > 0) attempt.backoffMs = attempt.startMs - this.endedMs;
    attempt.trace =
      this.number > SPANS_MAX ? whole : { ...whole, spanId: spans.newSpanId(), parentSpanId: whole.spanId };
  }

  /** It was none: the same one begins again. */
  takeBack(attempt: Attempt): void {
    attempt.trace = undefined;
    this.number--;
  }

  /** Told once of each. */
  over(attempt: Attempt, nowMs: number): void {
    this.endedMs = nowMs;
    if (attempt.trace !== undefined && attempt.trace !== this.whole) this.spans.ended(this.request, attempt);
  }
}
