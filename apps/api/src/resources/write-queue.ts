// Writers of one replica wait for each other here, not on database connections, and never without bound.
import { DomainError } from '../errors.ts';

const WAITING_MAX = 200;

export class TooManyWriters extends DomainError {
  override readonly name = 'TooManyWriters';
  constructor() {
    super('rate-limited', 'MALHA1907', 'Too many changes at once; try again in a moment.');
  }
}

export class WriteQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= WAITING_MAX) throw new TooManyWriters();
    this.#waiting++;
    const turn = this.#tail.then(work);
    // A failed writer must not fail the next one.
    this.#tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting--;
    }
  }
}
