import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALLOWANCE_MAX, ANSWERS_FOR_ONE, LossAllowance } from './loss-allowance.ts';

function answered(allowance: LossAllowance, times: number): void {
  for (let index = 0; index < times; index++) allowance.answered();
}

function taken(allowance: LossAllowance, times: number, inFlight: (index: number) => number): number {
  let count = 0;
  for (let index = 0; index < times; index++) if (allowance.tryTake(inFlight(index))) count++;
  return count;
}

/** Answers of an endpoint, or a loss with so many in flight. */
type Event = readonly ['answers' | 'loss', number];

/** True: what was allowed stayed within its bound at each moment. */
function staysBounded(history: readonly Event[]): boolean {
  const allowance = new LossAllowance();
  let first: number | undefined;
  let answers = 0;
  let again = 0;
  return history.every(([type, count]) => {
    if (type === 'answers') {
      answered(allowance, count);
      if (first !== undefined) answers += count;
    } else {
      first ??= count;
      if (allowance.tryTake(count)) again++;
    }
    return again <= (first ?? 0) + Math.floor(answers / ANSWERS_FOR_ONE);
  });
}

describe('LossAllowance', () => {
  it('lets all be sent again that an endpoint takes with it, however many answers came before', () => {
    const counts = fc.tuple(fc.nat(100), fc.integer({ min: 1, max: ALLOWANCE_MAX }));
    fc.assert(
      fc.property(counts, ([answers, inFlight]) => {
        const allowance = new LossAllowance();
        answered(allowance, answers);
        // Each that is sent again is in flight there no more.
        return taken(allowance, inFlight, (index) => inFlight - index) === inFlight;
      }),
    );
  });

  it('allows nothing more while no good answer comes', () => {
    const allowance = new LossAllowance();
    expect(taken(allowance, 100, () => 5)).toBe(5);
  });

  it('allows again after good answers what they have earned, and no more than is in flight', () => {
    const allowance = new LossAllowance();
    taken(allowance, 5, () => 5);
    answered(allowance, 1_000);
    expect(taken(allowance, 100, () => 7)).toBe(7);
    answered(allowance, 10);
    expect(taken(allowance, 200, () => 200)).toBe(1_010 / ANSWERS_FOR_ONE - 7);
  });

  it('lets a service that breaks off add a tenth to its good answers at most, by any history', () => {
    const events = fc.oneof(
      fc.tuple(fc.constant('answers' as const), fc.integer({ min: 1, max: 40 })),
      fc.tuple(fc.constant('loss' as const), fc.integer({ min: 1, max: 60 })),
    );
    fc.assert(fc.property(fc.array(events, { maxLength: 60 }), staysBounded));
  });
});
