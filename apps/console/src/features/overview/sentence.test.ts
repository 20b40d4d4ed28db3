import { describe, expect, it } from 'vitest';
import type { Golden, Problem } from '#trpc/contract.ts';
import { sentenceOf } from './sentence.ts';

const golden = (requestsPerSecond: number, errorRate: number): Golden => ({
  requestsPerSecond,
  errorRate,
  p50Ms: null,
  p95Ms: null,
  p99Ms: null,
  failedPerSecond: 0,
  retriesPerSecond: 0,
});
const problem = (severity: Problem['severity'], title: string): Problem => ({ severity, title, detail: '', link: '/' });
const said = (...input: Parameters<typeof sentenceOf>) => {
  const { lead, middle, point } = sentenceOf(...input);
  return `${lead}${middle} ${point}`.trim();
};

describe('sentenceOf', () => {
  it('says that all is well', () => {
    expect(said({ golden: golden(10, 0), problems: [] }, '')).toBe('Every request succeeds. Nothing needs you now.');
  });

  it('never rounds failures away', () => {
    expect(said({ golden: golden(10, 0.00001), problems: [] }, '')).toBe(
      '99.99\u00a0% of requests succeed. Nothing needs you now.',
    );
  });

  it('names what fails before what only needs a look', () => {
    const problems = [problem('warn', 'ratings is short of endpoints'), problem('err', 'ledger fails.')];
    expect(said({ golden: golden(10, 0.0027), problems }, '')).toBe(
      '99.73\u00a0% of requests succeed. 2 problems, first: ledger fails.',
    );
  });

  it('does not claim success without requests', () => {
    expect(said({ golden: golden(0, 0), problems: [] }, 'in the last 5 min')).toBe(
      'No requests in the last 5 min. Nothing needs you now.',
    );
  });
});
