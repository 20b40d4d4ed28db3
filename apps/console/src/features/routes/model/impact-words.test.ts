import { describe, expect, it } from 'vitest';
import { checksOf, headlineOf, type Impact, perMinuteInWords, sharesInWords } from './impact-words.ts';

function impact(over: Partial<Impact> = {}): Impact {
  return {
    ...{ seconds: 300, requests: 6_000, samples: 40, movedShare: 0.031, movedPerMinute: 37.2 },
    ...{ deniedPerMinute: 0, unmatchedPerMinute: 0, unjudgedShare: 0, callers: [] },
    targets: [
      { name: 'v1', now: 0.603, after: 0.572 },
      { name: 'v2', now: 0.397, after: 0.428 },
    ],
    ...over,
  };
}

describe('headlineOf', () => {
  it('says how much moves and where to', () => {
    expect(headlineOf(impact(), 'reviews')).toBe('3.1\u00a0% of requests to reviews would move to v2: 37 a minute.');
  });

  it('does not take missing calls for no effect', () => {
    expect(headlineOf(impact({ requests: 0 }), 'reviews')).toMatch(/^Nobody called reviews/);
    expect(headlineOf(impact({ movedShare: 0, unjudgedShare: 1 }), 'reviews')).toMatch(/^Too few calls/);
    expect(headlineOf(impact({ movedShare: 0 }), 'reviews')).toBe('No request to reviews would go elsewhere.');
  });
});

it('shows what each target gains or loses in points', () => {
  expect(sharesInWords(impact())).toEqual([
    { name: 'v1', now: '60.3', after: '57.2', moves: '−3.1' },
    { name: 'v2', now: '39.7', after: '42.8', moves: '+3.1' },
  ]);
});

it('warns of what would be refused or match nothing', () => {
  expect(checksOf(impact({ deniedPerMinute: 720, unmatchedPerMinute: 2 })).slice(0, 2)).toEqual([
    { tone: 'err', words: '720 a minute would be denied' },
    { tone: 'err', words: '2.0 a minute would match no rule' },
  ]);
  expect(perMinuteInWords(0)).toBe('0');
});
