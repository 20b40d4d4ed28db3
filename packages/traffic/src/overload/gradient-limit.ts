// How many requests at a time a service can work on, learned from its latency: a gradient, as Envoy's adaptive concurrency
// and Netflix' concurrency-limits have it. When answers take longer than without a queue, fewer are let through; when
// they do not, a few more are tried. From time to time the limit is lowered for a moment to measure the latency without a queue.

/** Before anything was measured. */
const INITIAL_LIMIT = 20;
/** A window ends after this time, with so many requests at least. */
const WINDOW_MS = 100;
const WINDOW_SAMPLES_MIN = 20;
/** Latencies that are kept of a window; of more, the latest. */
const SAMPLES_MAX = 256;
/** A latency up to so many times the one without a queue is no sign of a queue. */
const TOLERANCE = 2;
/** The limit is never lowered by more than this factor at a time. */
const GRADIENT_MIN = 0.5;
/** Part of a change that is made in one window: latencies tell of the limit of some time ago. */
const SMOOTHING = 0.5;
/** A measurement lowers the limit to this part, and looks at the first requests that begin under it. */
const PROBE_PART = 0.25;
const PROBE_SAMPLES_MIN = 30;
const PROBE_SAMPLES_PER_LIMIT = 2;
/** Between two measurements: at least this time, and so many times as long as one took. */
const PROBE_INTERVAL_MS = 5_000;
const PROBE_REST = 20;
/** It is given up after this time, or so many latencies. */
const PROBE_TIMEOUT_MS = 2_000;
const PROBE_TIMEOUT_FACTOR = 40;
/** Below what a clock can tell, ratios of latencies say nothing. */
const LATENCY_MIN_MS = 0.1;

type State =
  | { readonly type: 'steady'; readonly probeAtMs: number }
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

/** `failed`: in a way that says nothing of how long an answer takes. `abandoned`: its caller waited no longer. */
export type Ending = 'answered' | 'abandoned' | 'failed';

export interface LimitBounds {
  readonly minConcurrency: number;
  readonly maxConcurrency: number;
}

export class GradientLimit {
  #bounds: LimitBounds;
  #limit: number;
  /** Median latency without a queue; 0 = not known yet. */
  #baselineMs = 0;
  #state: State;
  readonly #samples = new Float64Array(SAMPLES_MAX);
  #count = 0;
  #abandoned = 0;
  #windowStartMs: number;
  /** The most in flight in this window. */
  #peak = 0;

  constructor(bounds: LimitBounds, nowMs: number) {
    this.#bounds = bounds;
    this.#limit = clamp(INITIAL_LIMIT, bounds);
    this.#state = { type: 'steady', probeAtMs: nowMs };
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
    this.#note(how, nowMs - startMs);
    const requests = this.#count + this.#abandoned;
    if (requests >= WINDOW_SAMPLES_MIN && nowMs - this.#windowStartMs >= WINDOW_MS) this.#closeWindow(nowMs, state);
  }

  #note(how: Ending, latencyMs: number): void {
    if (how === 'abandoned') this.#abandoned++;
    if (how !== 'answered') return;
    this.#samples[this.#count % SAMPLES_MAX] = latencyMs;
    this.#count++;
  }

  /** Most callers gave up: what the service works on is for nobody, and no latency says how long it would take. */
  get #isInVain(): boolean {
    return this.#abandoned > this.#count;
  }

  #closeWindow(nowMs: number, { probeAtMs }: Extract<State, { type: 'steady' }>): void {
    const isUsed = this.#peak * 2 >= this.#limit;
    if (this.#isInVain) {
      if (isUsed) this.#limit = clamp(this.#limit * GRADIENT_MIN, this.#bounds);
      this.#openWindow(nowMs);
      return;
    }
    const latencyMs = this.#median();
    this.#openWindow(nowMs);
    if (!isUsed) {
      // The limit holds nobody back: whatever the latency is, no queue makes it.
      this.#baselineMs =
        this.#baselineMs === 0 ? latencyMs : this.#baselineMs + (latencyMs - this.#baselineMs) * SMOOTHING;
      return;
    }
    if (this.#baselineMs > 0) this.#adapt(latencyMs);
    if (this.#baselineMs === 0 || nowMs >= probeAtMs) this.#state = { type: 'draining', sinceMs: nowMs };
  }

  #adapt(latencyMs: number): void {
    const gradient = Math.min(1, Math.max(GRADIENT_MIN, (TOLERANCE * this.#baselineMs) / latencyMs));
    const wanted = this.#limit * gradient + Math.sqrt(this.#limit);
    this.#limit = clamp(this.#limit + (wanted - this.#limit) * SMOOTHING, this.#bounds);
  }

  #probe(state: Exclude<State, { type: 'steady' }>, how: Ending, { startMs, nowMs, inFlight }: Ended): void {
    if (state.type === 'measuring' && startMs >= state.fromMs && startMs <= state.untilMs && state.pending > 0) {
      state.pending--;
      this.#note(how, nowMs - startMs);
    }
    if (state.type === 'measuring' && this.#isMeasured(state, nowMs)) {
      if (!this.#isInVain) this.#baselineMs = this.#median(state.pending);
      this.#endProbe(state.sinceMs, nowMs);
      return;
    }
    const longestMs = Math.max(PROBE_TIMEOUT_MS, this.#baselineMs * PROBE_TIMEOUT_FACTOR);
    if (nowMs - state.sinceMs > longestMs) this.#endProbe(state.sinceMs, nowMs);
    else if (state.type === 'draining' && inFlight - 1 <= this.limit) this.#measure(state.sinceMs, nowMs);
  }

  /** Those that are still at it have taken longer than the median, whatever they will take: nobody waits for them. */
  #isMeasured({ wanted, pending, untilMs }: Measuring, nowMs: number): boolean {
    if (wanted > 0) return false;
    if (pending === 0) return this.#count > 0;
    return this.#count > pending && this.#median(pending) <= nowMs - untilMs;
  }

  #measure(sinceMs: number, nowMs: number): void {
    const wanted = Math.min(SAMPLES_MAX, Math.max(PROBE_SAMPLES_MIN, this.limit * PROBE_SAMPLES_PER_LIMIT));
    this.#openWindow(nowMs);
    this.#state = { type: 'measuring', sinceMs, fromMs: nowMs, untilMs: nowMs, wanted, pending: 0 };
  }

  #endProbe(sinceMs: number, nowMs: number): void {
    const restMs = Math.max(PROBE_INTERVAL_MS, (nowMs - sinceMs) * PROBE_REST);
    this.#state = { type: 'steady', probeAtMs: nowMs + restMs };
    this.#openWindow(nowMs);
  }

  #openWindow(nowMs: number): void {
    this.#count = 0;
    this.#abandoned = 0;
    this.#peak = 0;
    this.#windowStartMs = nowMs;
  }

  /** Of what was noted, and so many that are longer than all of it. */
  #median(longer = 0): number {
    const kept = this.#samples.slice(0, Math.min(this.#count, SAMPLES_MAX)).sort();
    return Math.max(LATENCY_MIN_MS, kept[(kept.length + longer) >> 1] ?? 0);
  }
}

interface Ended {
  readonly startMs: number;
  readonly nowMs: number;
  /** With it. */
  readonly inFlight: number;
}

function clamp(limit: number, { minConcurrency, maxConcurrency }: LimitBounds): number {
  return Math.min(maxConcurrency, Math.max(minConcurrency, limit));
}
