// The four situations of the study: what befalls the replicas of catalog, under which load, and when it is measured.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TroubledApp } from '@malha/testing/troubled-app';

export interface Situation {
  readonly id: string;
  readonly title: string;
  readonly words: string;
  /** Pages a second, before the trouble and during it. */
  readonly calmRate: number;
  readonly rate: number;
  /** Runs while the load is on. Resolves when the trouble is over. */
  readonly befall: (replicas: readonly TroubledApp[], seconds: number) => Promise<void>;
  /** Whether the time after the trouble counts, instead of the trouble itself. */
  readonly isAftermath: boolean;
}

/** What a replica has when it is well: 4 workers of 100 ms, 40 requests a second; three of them 120. */
export const WELL = { workers: 4, workMs: 100, isFailing: false, isDown: false } as const;
const CALM = 60;
const OVERLOAD = 240;
const SLOW_MS = 1_000;
const CRASHED_MS = 1_000;
const UP_MS = 1_000;
const STALL_MS = 2_000;

export const SITUATIONS: readonly Situation[] = [
  {
    id: 'slow-replica',
    title: 'A slow replica',
    words: 'One of three replicas takes 1 s instead of 100 ms; 60 pages/s, half of what three can do.',
    calmRate: CALM,
    rate: CALM,
    befall: async ([first], seconds) => {
      await first?.change({ workMs: SLOW_MS });
      await sleep(seconds * 1_000);
    },
    isAftermath: false,
  },
  {
    id: 'crashing-replica',
    title: 'A crashing replica',
    words: 'The application of one of three replicas is gone for a second, back for a second, and so on; 60 pages/s.',
    calmRate: CALM,
    rate: CALM,
    befall: async ([first], seconds) => {
      const untilMs = performance.now() + seconds * 1_000;
      while (performance.now() < untilMs) {
        await first?.change({ isDown: true });
        await sleep(CRASHED_MS);
        await first?.change({ isDown: false });
        await sleep(UP_MS);
      }
    },
    isAftermath: false,
  },
  {
    id: 'overload',
    title: 'An overload of 2 × capacity',
    words: 'All replicas are well and can do 120 pages/s; 240 pages/s are asked.',
    calmRate: CALM,
    rate: OVERLOAD,
    befall: (_, seconds) => sleep(seconds * 1_000),
    isAftermath: false,
  },
  {
    id: 'retry-storm',
    title: 'A retry storm',
    words:
      'All replicas stall for 2 s and are well again; 60 pages/s, half of what they can do. Measured is the time after the stall.',
    calmRate: CALM,
    rate: CALM,
    befall: async (replicas) => {
      await Promise.all(replicas.map((replica) => replica.change({ workMs: SLOW_MS })));
      await sleep(STALL_MS);
      await Promise.all(replicas.map((replica) => replica.change({ workMs: WELL.workMs })));
    },
    isAftermath: true,
  },
];
