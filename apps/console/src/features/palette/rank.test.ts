import { describe, expect, it } from 'vitest';
import { marksOf, type PaletteItem, rank } from './rank.ts';

const item = (group: string, name: string, detail = ''): PaletteItem => ({
  id: `${group}:${name}`,
  group,
  name,
  detail,
  href: '/',
  isMachineName: false,
});

describe('rank', () => {
  const items = [item('Go to', 'Topology'), item('Services', 'bookstore/reviews'), item('Services', 'preview-api')];

  it('needs every word and puts a hit at the start of a word first', () => {
    expect(rank(items, 'revie').map((found) => found.name)).toEqual(['bookstore/reviews', 'preview-api']);
    expect(rank(items, 'revie book').map((found) => found.name)).toEqual(['bookstore/reviews']);
    expect(rank(items, 'zzz')).toEqual([]);
  });

  it('keeps the order of groups', () => {
    expect(rank(items, '').map((found) => found.group)).toEqual(['Go to', 'Services', 'Services']);
  });
});

describe('marksOf', () => {
  it('marks what was typed and takes it literally', () => {
    expect(marksOf('api.stripe.example', 'stripe')).toEqual([
      { text: 'api.', isHit: false },
      { text: 'stripe', isHit: true },
      { text: '.example', isHit: false },
    ]);
    expect(marksOf('a(b', '(')).toEqual([
      { text: 'a', isHit: false },
      { text: '(', isHit: true },
      { text: 'b', isHit: false },
    ]);
  });
});
