// How many requests at a time a service can work on, learned from its latency: a gradient, as Envoy's adaptive concurrency
// and Netflix' concurrency-limits have it. When answers take longer than without a queue, fewer are let through; when
// they do not, a few more are tried. From time to time the limit is lowered for a moment to measure the latency without a queue.
import { type Ending, LatencyWindow } from './latency-window.ts';

/** Before anything was measured. */
const INITIAL_LIMIT = 20;
/**
 * A window ends after this time, or one latency (what ends sooner are the quick ones alone), with so many requests at least. A low
 * limit lets few through: a service whose answers take long would otherwise be judged by what it was a minute ago.
 */
const WINDOW_MS = 100;
const WINDOW_SAMPLES_MAX = 20;
const WINDOW_SAMPLES_MIN = 8;
const SAMPLES_PER_LIMIT = 2;
/** A latency up to so many times the one without a queue is no sign of a queue. */
const TOLERANCE = 2;
/** The limit is never lowered by more than this factor at a time. */
const GRADIENT_MIN = 0.5;
/**
 * What is known of the latency without a queue is of another time when so many windows one after the other say so: by answers that take
 * too long however far the limit is lowered, or that are quicker, which no queue makes them. (Envoy measures anew after five windows at
 * its lowest limit.)
 */
const DOUBTFUL_WINDOWS_MAX = 5;
const TOO_LONG = 6;
const QUICKER = 0.5;
/** Part of a change that is made in one window: latencies tell of the limit of some time ago. */
const SMOOTHING = 0.5;
/** A measurement lowers the limit to this part, and looks at the first requests that begin under it. */
const PROBE_PART = 0.25;
const PROBE_SAMPLES_MIN = 10;
const PROBE_SAMPLES_MAX = 256;
/**
 * Between two measurements: at least this time, and so many latencies as make what a measurement costs small. Not in proportion to
 * how long the last one took: one that was made in trouble takes long, and is the one that must be made again soon.
 */
const PROBE_INTERVAL_MS = 5_000;
const PROBE_REST_FACTOR = 100;
/** It ends with what it has after this time, or so many latencies. */
const PROBE_TIMEOUT_MS = 2_000;
const PROBE_TIMEOUT_FACTOR = 20;

type State =
  | { readonly type: 'steady'; readonly measuredMs: number }
  /** Until no more than the lowered limit are in flight; they began under a higher one, and may have queued. */
  | { readonly type: 'draining'; readonly sinceMs: number }
  | Measuring;

interface Measuring {
  readonly type: 'measuring';
  readonly sinceMs: number;
  readonly fromMs: number;
  /** When the last one of those that are looked at began. */
  untilMs: number;
  /** So many more are to begin; of those that did, `pending` have not ended. */
  wanted: number;
  pending: number;
}

export interface LimitBounds {
  readonly minConcurrency: number;
  readonly maxConcurrency: number;
}

export class GradientLimit {
  #bounds: LimitBounds;
  #limit: number;
  /** Median latency without a queue; 0 = not known yet. */
  #baselineMs = 0;
  /** Median of the last window. */
  #latencyMs = 0;
  #state: State;
  readonly #window = new LatencyWindow();
  #windowStartMs: number;
  /** The most in flight in this window. */
  #peak = 0;
  #doubtfulWindows = 0;

  constructor(bounds: LimitBounds, nowMs: number) {
    this.#bounds = bounds;
    this.#limit = clamp(INITIAL_LIMIT, bounds);
    this.#state = { type: 'steady', measuredMs: nowMs };
    this.#windowStartMs = nowMs;
  }

  /** Requests at a time that may be worked on now. */
  get limit(): number {
    if (this.#state.type === 'steady') return Math.floor(this.#limit);
    return Math.floor(Math.max(this.#bounds.minConcurrency, this.#limit * PROBE_PART));
  }

  /** For the operator; 0 = not measured yet. */
  get baselineMs(): number {
    return this.#baselineMs;
  }

  rebound(bounds: LimitBounds): void {
    this.#bounds = bounds;
    this.#limit = clamp(this.#limit, bounds);
  }

  started(nowMs: number): void {
    const state = this.#state;
    if (state.type !== 'measuring' || state.wanted === 0) return;
    state.wanted--;
    state.pending++;
    state.untilMs = nowMs;
  }

  /** One request of `inFlight` is over. */
  ended(how: Ending, startMs: number, nowMs: number, inFlight: number): void {
    const { minConcurrency, maxConcurrency } = this.#bounds;
    if (minConcurrency === maxConcurrency) return;
    const state = this.#state;
    if (state.type !== 'steady') {
      this.#probe(state, how, { startMs, nowMs, inFlight });
      return;
    }
    this.#peak = Math.max(this.#peak, inFlight);
    this.#window.note(how, nowMs - startMs);
    const enough = within(this.#limit * SAMPLES_PER_LIMIT, WINDOW_SAMPLES_MIN, WINDOW_SAMPLES_MAX);
    const leastMs = Math.max(WINDOW_MS, this.#latencyMs);
    if (this.#window.requests >= enough && nowMs - this.#windowStartMs >= leastMs) this.#closeWindow(nowMs, state);
  }

  #closeWindow(nowMs: number, { measuredMs }: Extract<State, { type: 'steady' }>): void {
    const isUsed = this.#peak * 2 >= this.#limit;
    const { isInVain } = this.#window;
    const latencyMs = this.#window.medianMs();
    this.#openWindow(nowMs);
    if (isInVain) {
      if (isUsed) this.#limit = clamp(this.#limit * GRADIENT_MIN, this.#bounds);
      return;
    }
    this.#latencyMs = latencyMs;
    if (!isUsed) {
      // The limit holds nobody back: whatever the latency is, no queue makes it.
      this.#baselineMs =
        this.#baselineMs === 0 ? latencyMs : this.#baselineMs + (latencyMs - this.#baselineMs) * SMOOTHING;
      return;
    }
    if (this.#baselineMs > 0) this.#adapt(latencyMs);
    if (this.#isToBeMeasured(nowMs - measuredMs)) this.#state = { type: 'draining', sinceMs: nowMs };
  }

  #isToBeMeasured(sinceLastMs: number): boolean {
    if (this.#baselineMs === 0 || this.#doubtfulWindows >= DOUBTFUL_WINDOWS_MAX) return true;
    const restMs = PROBE_REST_FACTOR * Math.min(this.#baselineMs, this.#latencyMs);
    return sinceLastMs >= Math.max(PROBE_INTERVAL_MS, restMs);
  }

  #adapt(latencyMs: number): void {
    const ratio = latencyMs / this.#baselineMs;
    this.#doubtfulWindows = ratio > TOO_LONG || ratio < QUICKER ? this.#doubtfulWindows + 1 : 0;
    const wanted = this.#limit * within(TOLERANCE / ratio, GRADIENT_MIN, 1) + Math.sqrt(this.#limit);
    this.#limit = clamp(this.#limit + (wanted - this.#limit) * SMOOTHING, this.#bounds);
  }

  #probe(state: Exclude<State, { type: 'steady' }>, how: Ending, { startMs, nowMs, inFlight }: Ended): void {
    if (state.type === 'measuring' && startMs >= state.fromMs && startMs <= state.untilMs && state.pending > 0) {
      state.pending--;
      this.#window.note(how, nowMs - startMs);
    }
    // Whatever was known of the latency may be too short by far: what counts is what answers take now.
    const longestMs = Math.max(PROBE_TIMEOUT_MS, this.#latencyMs * PROBE_TIMEOUT_FACTOR);
    const isTimedOut = nowMs - state.sinceMs > longestMs;
    if (state.type === 'measuring' && (isTimedOut || this.#isMeasured(state, nowMs))) {
      if (this.#window.answered > 0 && !this.#window.isInVain) this.#baselineMs = this.#window.medianMs(state.pending);
      this.#endProbe(nowMs);
    } else if (state.type === 'draining' && inFlight - 1 <= this.limit) this.#measure(state.sinceMs, nowMs);
    else if (isTimedOut) this.#endProbe(nowMs);
  }

  /** Those that are still at it have taken longer than the median, whatever they will take: nobody waits for them. */
  #isMeasured({ wanted, pending, untilMs }: Measuring, nowMs: number): boolean {
    if (wanted > 0) return false;
    const { answered } = this.#window;
    if (pending === 0) return answered > 0;
    return answered > pending && this.#window.medianMs(pending) <= nowMs - untilMs;
  }

  #measure(sinceMs: number, nowMs: number): void {
    const wanted = within(this.limit * SAMPLES_PER_LIMIT, PROBE_SAMPLES_MIN, PROBE_SAMPLES_MAX);
    this.#openWindow(nowMs);
    this.#state = { type: 'measuring', sinceMs, fromMs: nowMs, untilMs: nowMs, wanted, pending: 0 };
  }

  #endProbe(nowMs: number): void {
    this.#state = { type: 'steady', measuredMs: nowMs };
    this.#doubtfulWindows = 0;
    this.#openWindow(nowMs);
  }

  #openWindow(nowMs: number): void {
    this.#window.clear();
    this.#peak = 0;
    this.#windowStartMs = nowMs;
  }
}

interface Ended {
  readonly startMs: number;
  readonly nowMs: number;
  /** With it. */
  readonly inFlight: number;
}

function clamp(limit: number, { minConcurrency, maxConcurrency }: LimitBounds): number {
  return within(limit, minConcurrency, maxConcurrency);
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
