// Where the service keeps its counts: one answer for all limits of a request, each of which must have tokens for it.
import type { CountedLimit } from './counted-limit.ts';

export interface CountedAnswer {
  readonly isTaken: boolean;
  readonly remaining: number;
  /** Until so many tokens are there; 0 when they were taken. */
  readonly waitMs: number;
  /** Until the bucket is full. */
  readonly resetMs: number;
}

export interface LimitStore {
  /**
   * Takes `hits` tokens of each bucket, or of none when one has too few. Rejects with StoreAway when it has no answer in
   * time.
   */
  take(limits: readonly CountedLimit[], hits: number): Promise<readonly CountedAnswer[]>;
  readonly isHere: boolean;
  close(): void;
}

export class StoreAway extends Error {
  readonly code = 'MALHA4801';

  constructor(address: string, options?: ErrorOptions) {
    super(`the counts in Redis at ${address} cannot be reached`, options);
    this.name = 'StoreAway';
  }
}
