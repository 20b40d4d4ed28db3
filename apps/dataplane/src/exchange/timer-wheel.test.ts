import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TimerTarget, TimerWheel, WheelTimer } from './timer-wheel.ts';

class Clock {
  nowMs = 0;
  readonly wheel = new TimerWheel(() => this.nowMs);

  to(nowMs: number): void {
    this.nowMs = nowMs;
    this.wheel.advance();
  }
}

class Target implements TimerTarget {
  readonly firedAtMs: number[] = [];
  readonly timer = new WheelTimer(this);

  constructor(
    private readonly clock: Clock,
    private readonly then: () => void = () => undefined,
  ) {}

  timerFired(): void {
    this.firedAtMs.push(this.clock.nowMs);
    this.then();
  }
}

describe('TimerWheel', () => {
  it('fires every deadline once, never early and at most one tick late', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1, maxLength: 40 }), (dueMs) => {
        const clock = new Clock();
        const targets = dueMs.map((due) => {
          const target = new Target(clock);
          clock.wheel.arm(target.timer, due);
          return { target, due };
        });
        for (let nowMs = 0; nowMs <= 40_050; nowMs += 5) clock.to(nowMs);
        for (const { target, due } of targets) {
          expect(target.firedAtMs).toHaveLength(1);
          expect(target.firedAtMs[0]).toBeGreaterThanOrEqual(due);
          expect(target.firedAtMs[0]).toBeLessThanOrEqual(due + 20);
        }
        expect(clock.wheel.size).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('fires all that is due after a long pause of the process', () => {
    const clock = new Clock();
    const targets = [15, 900, 10_300, 50_000].map((due) => {
      const target = new Target(clock);
      clock.wheel.arm(target.timer, due);
      return target;
    });
    clock.to(60_000);
    expect(targets.map((target) => target.firedAtMs)).toEqual([[60_000], [60_000], [60_000], [60_000]]);
  });

  it('does not fire what was disarmed, and follows a changed deadline', () => {
    const clock = new Clock();
    const [gone, moved] = [new Target(clock), new Target(clock)];
    clock.wheel.arm(gone.timer, 50);
    clock.wheel.arm(moved.timer, 50);
    clock.wheel.disarm(gone.timer);
    clock.wheel.disarm(gone.timer);
    clock.wheel.arm(moved.timer, 200);
    clock.to(100);
    expect(moved.firedAtMs).toEqual([]);
    clock.to(210);
    expect([gone.firedAtMs, moved.firedAtMs]).toEqual([[], [210]]);
  });

  it('lets a target disarm and arm others of the same moment', () => {
    const clock = new Clock();
    const second: Target = new Target(clock);
    const third: Target = new Target(clock);
    const first = new Target(clock, () => {
      clock.wheel.disarm(second.timer);
      clock.wheel.arm(third.timer, 500);
    });
    // Newest first within a slot: armed last fires first.
    for (const target of [third, second, first]) clock.wheel.arm(target.timer, 30);
    clock.to(40);
    expect(second.firedAtMs).toEqual([]);
    expect(third.firedAtMs).toEqual([]);
    clock.to(520);
    expect(third.firedAtMs).toEqual([520]);
    clock.wheel.stop();
  });
});
