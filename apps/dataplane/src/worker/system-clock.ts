// The clock of the process, for composition roots; everything below gets it passed in.
import type { Clock } from '@malha/traffic/clock';

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
