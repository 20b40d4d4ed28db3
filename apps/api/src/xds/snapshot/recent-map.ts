// A memo in two generations: what was not asked for while one filled up goes with the next.

export class RecentMap<T> {
  readonly #sizeMax: number;
  #current = new Map<string, T>();
  #former = new Map<string, T>();

  /** `sizeMax` bounds each of the two generations; without one, `next` is called from outside. */
  constructor(sizeMax = Number.POSITIVE_INFINITY) {
    this.#sizeMax = sizeMax;
  }

  next(): void {
    this.#former = this.#current;
    this.#current = new Map();
  }

  get(key: string): T | undefined {
    const known = this.#current.get(key);
    if (known !== undefined) return known;
    const former = this.#former.get(key);
    return former === undefined ? undefined : this.set(key, former);
  }

  set(key: string, value: T): T {
    if (this.#current.size >= this.#sizeMax) this.next();
    this.#current.set(key, value);
    return value;
  }
}
