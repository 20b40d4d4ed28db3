// How long the answers of a window took, and how many callers waited for none.

/** Latencies that are kept; of more, the latest. */
const SAMPLES_MAX = 256;
/** Below what a clock can tell, ratios of latencies say nothing. */
const LATENCY_MIN_MS = 0.1;

/** `failed`: in a way that says nothing of how long an answer takes. `abandoned`: its caller waited no longer. */
export type Ending = 'answered' | 'abandoned' | 'failed';

export class LatencyWindow {
  readonly #samples = new Float64Array(SAMPLES_MAX);
  #answered = 0;
  #abandoned = 0;

  get answered(): number {
    return this.#answered;
  }

  /** Requests that say how the service does. */
  get requests(): number {
    return this.#answered + this.#abandoned;
  }

  /** Most callers gave up: what the service works on is for nobody, and no latency says how long it would take. */
  get isInVain(): boolean {
    return this.#abandoned > this.#answered;
  }

  note(how: Ending, latencyMs: number): void {
    if (how === 'abandoned') this.#abandoned++;
    if (how !== 'answered') return;
    this.#samples[this.#answered % SAMPLES_MAX] = latencyMs;
    this.#answered++;
  }

  /** Of what was noted, and so many that are longer than all of it. */
  medianMs(longer = 0): number {
    const kept = this.#samples.slice(0, Math.min(this.#answered, SAMPLES_MAX)).sort();
    return Math.max(LATENCY_MIN_MS, kept[(kept.length + longer) >> 1] ?? 0);
  }

  clear(): void {
    this.#answered = 0;
    this.#abandoned = 0;
  }
}
