import { describe, expect, it } from 'vitest';
import { backendLine, ruleLines, ruleName } from './explain-words.ts';
import type { RequestExplanation } from './use-explanation.ts';

const everyPath = { part: 'path' as const, ok: true, words: 'path /reviews/1 begins with /' };

function explanation(change: Partial<RequestExplanation> = {}): RequestExplanation {
  return {
    authority: 'reviews',
    virtualHost: 'reviews.bookstore:80',
    hostWords: '',
    rules: [
      {
        route: 'bookstore/reviews/beta',
        verdict: 'no-match',
        words: '',
        checks: [everyPath, { part: 'header', ok: false, words: 'header x-beta is absent' }],
      },
      { route: 'bookstore/reviews/default', verdict: 'winner', words: '', checks: [everyPath] },
      { route: 'bookstore/reviews/late', verdict: 'also-matches', words: '', checks: [everyPath] },
    ],
    winner: 'bookstore/reviews/default',
    actionWords: '',
    backends: [],
    caller: { workload: '', principal: '' },
    quarantined: [],
    ...change,
  };
}

type Endpoint = RequestExplanation['backends'][number]['endpoints'][number];

function endpoint(change: Partial<Endpoint> = {}): Endpoint {
  return {
    workload: 'bookstore/reviews-v2',
    version: 'v2',
    address: '127.0.0.1:1',
    isHealthy: true,
    mtls: true,
    authorization: { isAllowed: true, policy: null, shadowDenied: null, words: '' },
    limits: [],
    ...change,
  };
}

const backend = (endpoints: readonly Endpoint[]) => ({
  cluster: 'outbound|80|v2|reviews.bookstore',
  weight: 30,
  share: 0.3,
  endpoints: [...endpoints],
});

describe('ruleLines', () => {
  it('says why each rule takes the request or not, without reasons that every request fulfils', () => {
    expect(ruleLines(explanation(), 'bookstore/reviews').map(({ name, words }) => [name, words])).toEqual([
      ['beta', 'no: header x-beta is absent'],
      ['default', 'wins: it takes every request'],
      ['late', 'would match too, but default comes first'],
    ]);
  });

  it('keeps the full name of a rule of another route', () => {
    expect(ruleName('bookstore/other/default', 'bookstore/reviews')).toBe('bookstore/other/default');
  });
});

describe('backendLine', () => {
  it('names the version, its share and who lets the request in', () => {
    const allowed = { isAllowed: true, policy: 'bookstore/readers', shadowDenied: null, words: '' };
    expect(backendLine(backend([endpoint({ authorization: allowed }), endpoint({ isHealthy: false })]))).toEqual({
      id: 'outbound|80|v2|reviews.bookstore',
      name: 'reviews-v2',
      share: '30.0\u00a0%',
      words: '1 of 2 endpoints healthy · mTLS · allowed by bookstore/readers',
      isSound: true,
    });
  });

  it('says which rate limits the call meets, each once', () => {
    const limited = endpoint({ limits: ['10 a second'] });
    expect(backendLine(backend([limited, limited])).words).toBe(
      '2 endpoints · mTLS · no policy has a say · 10 a second',
    );
  });

  it('is not sound where a policy denies it or nothing answers', () => {
    const denied = { isAllowed: false, policy: 'bookstore/readers', shadowDenied: null, words: '' };
    expect(backendLine(backend([endpoint({ authorization: denied })]))).toMatchObject({
      isSound: false,
      words: '1 endpoint · mTLS · denied with 403 by bookstore/readers',
    });
    expect(backendLine(backend([]))).toMatchObject({ isSound: false });
  });
});
