import { describe, expect, it } from 'vitest';
import type { ClusterName, ForwardAction, Route } from './config.ts';
import { NO_MUTATION } from './mutation.ts';
import { compileRouteTable } from './router.ts';
import { forward, makeRequest, makeRoute, weighted } from './testing.ts';

function explain(route: Route, country?: string) {
  const table = { name: 't', virtualHosts: [{ name: 'h', domains: ['a'], routes: [route] }] };
  return compileRouteTable(table).explain(makeRequest(country === undefined ? {} : { country }));
}

describe('explain tells what the rule that wins does', () => {
  const copy = [{ cluster: 'copy' as ClusterName, perMillion: 250_000 }];

  it.each<[Partial<ForwardAction>, string]>([
    [{}, 'Forwarded to one backend. A failure is not tried again.'],
    [{ rewrite: { host: 'b' } }, 'Forwarded to one backend. The host becomes b. A failure is not tried again.'],
    [
      { rewrite: { path: { type: 'full', value: '/x' } } },
      'Forwarded to one backend. The path becomes /x. A failure is not tried again.',
    ],
    [
      { rewrite: { path: { type: 'prefix', value: '' } } },
      'Forwarded to one backend. The matched prefix of the path becomes /. A failure is not tried again.',
    ],
    [
      { cohort: { type: 'header', name: 'x-user' }, session: { type: 'cookie', name: 'shop', maxAgeSeconds: 0 } },
      'Forwarded to one backend. The same header x-user goes to the same backend while the weights stay. A session by the cookie shop stays with its endpoint. A failure is not tried again.',
    ],
    [
      { cohort: { type: 'fixed', value: 'shop/front' } },
      'Forwarded to one backend. All requests of this caller go to the same backend while the weights stay. A failure is not tried again.',
    ],
    [
      {
        breaker: {
          successRate: 0.5,
          windowMs: 10_000,
          minRequests: 5,
          openMs: 1_000,
          openMaxMs: 2_000,
          halfOpenRequests: 1,
        },
      },
      'Forwarded to one backend. A failure is not tried again. For this route alone, when less than 50 % of at least 5 requests in 10 s succeed, requests are answered with 503 for 1 s and longer; then 1 decide.',
    ],
    [
      { mirrors: copy },
      'Forwarded to one backend. A copy of 25 % of the requests goes to copy. A failure is not tried again.',
    ],
  ])('%j', (parts, words) => {
    expect(explain(makeRoute('r', {}, { ...forward(weighted('c')), ...parts })).actionWords).toBe(words);
  });

  it('an answer of its own, with its size and type', () => {
    const set = [{ name: 'content-type', value: 'text/html' }];
    const direct = { type: 'direct', status: 503, body: '<p>', responseHeaders: { ...NO_MUTATION, set } } as const;
    const { actionWords } = explain({ ...makeRoute('r', {}), action: direct });
    expect(actionWords).toBe('Answered by the proxy with 503 and 3 characters of text/html.');
  });

  it('what the filters of single backends do', () => {
    const redirect = { type: 'redirect', status: 301, host: 'b', responseHeaders: NO_MUTATION } as const;
    const clusters = [
      weighted('plain'),
      { ...weighted('one'), rewrite: { host: 'b' }, mirrors: copy },
      { ...weighted('two'), answer: redirect },
    ];
    const { backends } = explain(makeRoute('r', {}, forward(...clusters)));
    expect(backends.map(({ filters }) => filters)).toEqual([
      undefined,
      ['The host becomes b.', 'A copy of 25 % of the requests goes to copy.'],
      ['Redirected with 301.'],
    ]);
  });
});

describe('explain tells of a rule for countries', () => {
  it.each([
    ['PT', 'Yes: path / begins with /; country PT is one of PT, BR.'],
    ['AO', 'No: country AO is not one of PT, BR.'],
    [undefined, 'No: the country of the client is not known, so it is not one of PT, BR.'],
  ])('to a client in %s', (country, words) => {
    expect(explain(makeRoute('r', { countries: ['PT', 'BR'] }), country).rules[0]?.words).toBe(words);
  });
});
