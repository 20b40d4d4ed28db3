// A bounded first-in first-out ring: when it is full the new item is dropped and counted.
export class Ring<T> {
  readonly #items: (T | undefined)[];
  #head = 0;
  #size = 0;
  #dropped = 0;

  constructor(capacity: number) {
    this.#items = new Array<T | undefined>(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Items refused since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether there is room; a caller on the hot path asks before it builds the item. */
  hasRoom(): boolean {
    if (this.#size < this.#items.length) return true;
    this.#dropped += 1;
    return false;
  }

  push(item: T): void {
    if (!this.hasRoom()) return;
    this.#items[(this.#head + this.#size) % this.#items.length] = item;
    this.#size += 1;
  }

  /** Takes up to `max` of the oldest items out. */
  take(max = this.#size): T[] {
    const count = Math.min(max, this.#size);
    const taken: T[] = [];
    for (let i = 0; i < count; i++) {
      const item = this.#items[this.#head];
      this.#items[this.#head] = undefined;
      this.#head = (this.#head + 1) % this.#items.length;
      if (item !== undefined) taken.push(item);
    }
    this.#size -= count;
    return taken;
  }
}
