import { expect, it } from 'vitest';
import { outcomeOf, outcomesInWords } from './trace-outcome.ts';

const answered = { status: 200, errors: 0 };
const partly = { status: 200, errors: 1 };
const failed = { status: 503, errors: 2 };

it('tells a failed call from a failed request', () => {
  expect([answered, partly, failed, { status: 404, errors: 0 }].map(outcomeOf)).toEqual([
    'answered',
    'partly',
    'failed',
    'answered',
  ]);
});

it('does not call a request answered that was refused', () => {
  expect(outcomeOf({ status: 429, errors: 1 })).toBe('refused');
  expect(outcomesInWords([{ status: 429, errors: 1 }, answered, partly])).toBe(
    ', 1 answered with 4xx, 1 with a call that failed.',
  );
});

it('takes a trace without any answer as failed', () => {
  expect(outcomeOf({ status: 0, errors: 1 })).toBe('failed');
  expect(outcomeOf({ status: 0, errors: 0 })).toBe('answered');
});

it.each([
  [[answered], ', none failed.'],
  [[answered, failed], ', 1 failed.'],
  [[partly, answered], ', 1 with a call that failed.'],
  [[failed, partly, partly], ', 1 failed, 2 with a call that failed.'],
])('counts them (%#)', (traces, words) => {
  expect(outcomesInWords(traces)).toBe(words);
});
