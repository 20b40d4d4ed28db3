// The clock of the process, for composition roots; everything below gets it passed in.
import type { Clock } from '@malha/traffic/clock';

/** `performance.now()` begins anew in each thread; times that threads share (buckets of limits) must not. */
const threadStartMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => threadStartMs + performance.now() };
