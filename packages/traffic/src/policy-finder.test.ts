import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type AuthorizationRequest, RuleMatcher } from './authorization-rule.ts';
import type { AuthorizationRule } from './config.ts';
import { PolicyFinder } from './policy-finder.ts';

const some = <T>(values: readonly T[]) => fc.subarray([...values], { maxLength: Math.min(2, values.length) });
const rule: fc.Arbitrary<AuthorizationRule> = fc.record({
  principals: some(['spiffe://m/ns/a/sa/x', 'spiffe://m/ns/a/*', '*']),
  namespaces: some(['a', 'b']),
  ipBlocks: fc.constant([]),
  methods: some(['GET']),
  paths: some(['/a', '/a/b', '/a/*', '/a*', '*/b', '/', '/*', '*']),
  hosts: fc.constant([]),
  ports: fc.constant([]),
  headers: fc.constant([]),
});
const request: fc.Arbitrary<AuthorizationRequest> = fc.record({
  principal: fc.constantFrom(undefined, 'spiffe://m/ns/a/sa/x', 'spiffe://m/ns/b/sa/y'),
  namespace: fc.constantFrom(undefined, 'a', 'b'),
  sourceIp: fc.constant('127.0.0.1'),
  method: fc.constantFrom('GET', 'POST'),
  path: fc.constantFrom('/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '*', ''),
  host: fc.constant('app'),
  port: fc.constant(80),
  header: fc.constant(() => undefined),
});

it('finds the policy that trying all in order finds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(rule, { maxLength: 3 }), { maxLength: 12 }),
      fc.array(request, { minLength: 1, maxLength: 20 }),
      (rulesOf, requests) => {
        const policies = rulesOf.map((rules, rank) => ({
          rank,
          rules: rules.map((each) => ({ rule: each, matcher: new RuleMatcher(each) })),
        }));
        const finder = new PolicyFinder(policies);
        for (const each of requests) {
          const expected = policies.find(({ rules }) =>
            rules.some(({ matcher }) => matcher.matches(each, each.path, true)),
          );
          expect(finder.find(each, each.path, true)).toBe(expected);
        }
      },
    ),
    { numRuns: 500 },
  );
});
