// Silence and health with a clock in hand.
import { beforeEach, expect, it } from 'vitest';
import { Health, TICK_MS } from './health.ts';
import { type Beat, type HeldSession, Sessions, SILENCE_MAX_MS } from './sessions.ts';

let nowMs: number;
let health: Health;
let sessions: Sessions;
let held: HeldSession;
const info = { session: 's1', namespace: 'bookstore', name: 'reviews-1', certificateNotAfterMs: 0 };

beforeEach(() => {
  nowMs = 1_000_000;
  const clock = { now: () => nowMs, monotonic: () => nowMs };
  health = new Health(clock);
  sessions = new Sessions(clock, health);
  held = sessions.start(info, true);
});

function beat(over: Partial<Beat> = {}): Beat {
  return {
    servedHash: '',
    rssBytes: 1,
    cpuSeconds: 0,
    openConnections: 0,
    isDraining: false,
    isHealthy: true,
    protection: { breakers: [], ejected: [], overloads: [] },
    ...over,
  };
}

function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += TICK_MS) {
    nowMs += TICK_MS;
    health.tick();
  }
}

it('finds who is silent for longer than three seconds', () => {
  pass(SILENCE_MAX_MS);
  expect(sessions.silent()).toEqual([]);
  pass(TICK_MS);
  expect(sessions.silent()).toEqual([held]);
  sessions.beat(held, beat());
  expect(sessions.silent()).toEqual([]);
});

it('counts silence anew after a stall and after an interruption', () => {
  pass(2_000);
  nowMs += 30_000;
  health.tick();
  expect(sessions.silent()).toEqual([]);
  pass(SILENCE_MAX_MS - TICK_MS);
  health.interrupted();
  pass(SILENCE_MAX_MS);
  expect(sessions.silent()).toEqual([]);
  pass(TICK_MS);
  expect(sessions.silent()).toEqual([held]);
});

it('knows only the newest session of a workload', () => {
  const newer = sessions.start({ ...info, session: 's2' }, true);
  expect(sessions.get(info)).toBeUndefined();
  sessions.drop(info);
  expect(sessions.get(newer)).toBe(newer);
});

it('notes changes that others act on, and only those', () => {
  sessions.beat(held, beat());
  expect(held.isStateUnsaved).toBe(false);
  sessions.beat(held, beat({ isHealthy: false }));
  expect([held.isStateUnsaved, held.isHealthy]).toEqual([true, false]);
  held.isStateUnsaved = false;
  sessions.beat(held, beat({ isHealthy: false, isDraining: true }));
  expect([held.isStateUnsaved, held.state]).toEqual([true, 'draining']);
});

it('computes used cores from CPU seconds, and survives a restarted counter', () => {
  sessions.beat(held, beat({ cpuSeconds: 10 }));
  pass(1_000);
  sessions.beat(held, beat({ cpuSeconds: 10.5 }));
  expect(held.cpuCores).toBeCloseTo(0.5);
  pass(1_000);
  sessions.beat(held, beat({ cpuSeconds: 0.1 }));
  expect(held.cpuCores).toBe(0);
});

it('hands each beat out until it was written, and a newer one again', () => {
  const first = sessions.takeDirty();
  expect(first.rows).toHaveLength(1);
  expect(sessions.takeDirty().rows).toHaveLength(1);
  pass(TICK_MS);
  sessions.beat(held, beat({ servedHash: 'new' }));
  first.written();
  const second = sessions.takeDirty();
  expect(second.rows).toMatchObject([{ servedHash: 'new', ageMs: 0 }]);
  second.written();
  expect(sessions.takeDirty().rows).toEqual([]);
});
