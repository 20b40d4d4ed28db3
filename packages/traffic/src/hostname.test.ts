import { describe, expect, it } from 'vitest';
import { coversHostname, intersectHostnames, mostSpecific } from './hostname.ts';

describe('hostnames', () => {
  it.each([
    ['*', 'a.example.com', true],
    ['*', '*.example.com', true],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', '*.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'aexample.com', false],
    ['*.b.example.com', '*.example.com', false],
    ['a.example.com', '*.example.com', false],
    ['a.example.com', 'a.example.com', true],
  ])('%s covers %s: %s', (outer, inner, expected) => {
    expect(coversHostname(outer, inner)).toBe(expected);
  });

  it.each([
    ['*', 'a.example.com', 'a.example.com'],
    ['a.example.com', '*.example.com', 'a.example.com'],
    ['*.example.com', '*.a.example.com', '*.a.example.com'],
    ['*.example.com', '*.example.org', undefined],
    ['example.com', '*.example.com', undefined],
  ])('%s and %s have %s in common, either way round', (a, b, expected) => {
    expect(intersectHostnames(a, b)).toBe(expected);
    expect(intersectHostnames(b, a)).toBe(expected);
  });

  it('the most specific one that covers a host wins, in whatever order they stand', () => {
    const all = ['*', '*.example.com', '*.very.long.example.com', 'a.example.com'].map((hostname) => ({ hostname }));
    for (const candidates of [all, [...all].reverse()]) {
      expect(mostSpecific(candidates, 'a.example.com')?.hostname).toBe('a.example.com');
      expect(mostSpecific(candidates, 'b.example.com')?.hostname).toBe('*.example.com');
      expect(mostSpecific(candidates, 'x.very.long.example.com')?.hostname).toBe('*.very.long.example.com');
      expect(mostSpecific(candidates, 'example.com')?.hostname).toBe('*');
    }
    expect(mostSpecific(all.slice(1), 'example.com')).toBeUndefined();
  });
});
