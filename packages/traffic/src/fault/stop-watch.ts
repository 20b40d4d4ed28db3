// Counts requests over a sliding window, and says when too many of them failed for a fault to go on. Clock passed in.
import type { FaultStopRule } from './rule.ts';

/** Parts of the window: it slides by one of them at a time. */
const SLICES = 10;
const MILLION = 1_000_000;

export class StopWatch {
  readonly #rule: FaultStopRule;
  readonly #sliceMs: number;
  readonly #requests = new Uint32Array(SLICES);
  readonly #failures = new Uint32Array(SLICES);
  #slice = 0;

  constructor(rule: FaultStopRule) {
    this.#rule = rule;
    this.#sliceMs = rule.windowMs / SLICES;
  }

  /** True: with this request, the bound is passed. */
  count(isFailure: boolean, nowMs: number): boolean {
    const at = this.#slide(nowMs);
    this.#requests[at] = (this.#requests[at] ?? 0) + 1;
    if (!isFailure) return false;
    this.#failures[at] = (this.#failures[at] ?? 0) + 1;
    return isStopDue(this.#rule, sum(this.#requests), sum(this.#failures));
  }

  #slide(nowMs: number): number {
    const slice = Math.floor(nowMs / this.#sliceMs);
    const passed = Math.min(SLICES, slice - this.#slice);
    for (let step = 1; step <= passed; step += 1) {
      const at = (this.#slice + step) % SLICES;
      this.#requests[at] = 0;
      this.#failures[at] = 0;
    }
    if (passed === SLICES) {
      this.#requests.fill(0);
      this.#failures.fill(0);
    }
    if (slice > this.#slice) this.#slice = slice;
    return this.#slice % SLICES;
  }
}

/** The bound itself may be reached; above it the fault ends. */
export function isStopDue(
  { errorPerMillion, minRequests }: Pick<FaultStopRule, 'errorPerMillion' | 'minRequests'>,
  requests: number,
  failures: number,
): boolean {
  return requests >= minRequests && failures * MILLION > errorPerMillion * requests;
}

function sum(counts: Uint32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
