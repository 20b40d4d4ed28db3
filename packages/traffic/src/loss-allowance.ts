// What an endpoint that breaks off may take with it: how many of the requests that it has lost may be sent again beyond the
// budget of retries. Of an endpoint that dies all, of one that lives and breaks off again and again next to none.

/** So many good answers earn one request: what living endpoints can add to the load of a service, whatever they do. */
export const ANSWERS_FOR_ONE = 10;
/** As many as are in flight to one service by default. */
export const ALLOWANCE_MAX = 1024;

/**
 * Over any history it allows at most what was in flight when the endpoint broke off for the first time, and one for each ten of
 * its good answers after that; between two good answers at most what was in flight at the first of these losses.
 */
export class LossAllowance {
  /** Good answers that are not spent; undefined until it breaks off for the first time. */
  #answers: number | undefined;
  /** Of this loss. */
  #left = 0;
  /** It has broken off, and not answered well since. */
  #isLost = false;

  /** The endpoint answered well. */
  answered(): void {
    this.#isLost = false;
    if (this.#answers !== undefined) this.#answers = Math.min(this.#answers + 1, ALLOWANCE_MAX * ANSWERS_FOR_ONE);
  }

  /** One request was broken off by it; `inFlight`: how many it has at this moment, with this one. */
  tryTake(inFlight: number): boolean {
    this.#answers ??= Math.min(inFlight, ALLOWANCE_MAX) * ANSWERS_FOR_ONE;
    if (!this.#isLost) this.#left = Math.min(inFlight, Math.floor(this.#answers / ANSWERS_FOR_ONE));
    this.#isLost = true;
    if (this.#left < 1) return false;
    this.#left--;
    this.#answers -= ANSWERS_FOR_ONE;
    return true;
  }
}
