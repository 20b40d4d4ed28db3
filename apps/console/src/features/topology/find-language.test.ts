import { describe, expect, it } from 'vitest';
import { type Facts, matches, parseQuery } from './find-language.ts';

const edge: Facts = {
  kind: 'edge',
  names: ['ledger', 'api.stripe.example'],
  namespaces: ['payments'],
  numbers: { rps: 20, errors: 0.048, p50: 182, p95: 1180, p99: 2000, retries: 1.2 },
  words: new Set(['failing', 'external']),
};

function holds(text: string, facts: Facts = edge): boolean {
  const parsed = parseQuery(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.query !== null && matches(parsed.query, facts);
}

describe('find language', () => {
  it.each([
    ['rps > 10', true],
    ['rps>10', true],
    ['rps < 10', false],
    ['errors > 1%', true],
    ['errors >= 4.8', true],
    ['p95 > 1s', true],
    ['p95 > 1200ms', false],
    ['rps < 1k', true],
    ['!healthy', true],
    ['failing and ns = payments', true],
    ['failing ns != payments', false],
    ['healthy or external', true],
    ['(healthy or failing) and stripe', true],
    ['not (failing)', false],
    ['name = cart', false],
    ['STRIPE', true],
  ])('%s is %s', (text, expected) => {
    expect(holds(text)).toBe(expected);
  });

  it('is never true of what was not measured', () => {
    const idle = { ...edge, numbers: { ...edge.numbers, p95: null } };
    expect(holds('p95 > 0', idle)).toBe(false);
    expect(holds('p95 < 1s', idle)).toBe(false);
  });

  it('asks nothing when empty', () => {
    expect(parseQuery('  ')).toEqual({ ok: true, query: null });
  });

  it.each([
    ['rps >', 'rps > what?'],
    ['errors > soon', '"soon" is not a share: write 1%'],
    ['p95 > 1h', '"1h" is not a time: write 200ms or 1.5s'],
    ['colour = red', '"colour" is not known; try rps, errors, p95, ns or name'],
    ['name > 3', '"name" has no size; compare rps, errors, p50, p95, p99 or retries'],
    ['(failing', 'a bracket is not closed'],
    ['failing )', '")" is one too many'],
  ])('says what is wrong with %s', (text, message) => {
    const parsed = parseQuery(text);
    expect(parsed).toEqual({ ok: false, message });
  });
});
