import { describe, expect, it } from 'vitest';
import { crumbsOf, isTool, PLACES, placeOf } from './places.ts';

describe('places', () => {
  it('finds the place that a page belongs to', () => {
    expect(placeOf('/')?.name).toBe('Overview');
    expect(placeOf('/services/bookstore/reviews')?.name).toBe('Services');
    expect(placeOf('/nowhere')).toBeUndefined();
  });

  it('gives every place a key of its own', () => {
    expect(new Set(PLACES.map((place) => place.key)).size).toBe(PLACES.length);
  });

  it('opens tools with the narrow rail and lists with the wide one', () => {
    expect(isTool('/topology')).toBe(true);
    expect(isTool('/routes/bookstore/reviews')).toBe(true);
    expect(isTool('/resilience/RateLimit/shop/web')).toBe(true);
    expect([isTool('/routes'), isTool('/resilience')]).toEqual([false, false]);
    expect(isTool('/traces/abc')).toBe(true);
    expect(isTool('/traces')).toBe(false);
  });
});

describe('crumbsOf', () => {
  it('links everything but the page itself', () => {
    expect(crumbsOf('/routes/bookstore/reviews')).toEqual([
      { id: '', name: 'Routes', href: '/routes', isMachineName: false },
      { id: 'bookstore', name: 'bookstore', href: '/routes?ns=bookstore', isMachineName: true },
      { id: 'bookstore/reviews', name: 'reviews', isMachineName: true },
    ]);
    expect(crumbsOf('/resilience/RateLimit/shop/web').map(({ name, href }) => `${name} ${href ?? '-'}`)).toEqual([
      'Resilience /resilience',
      'RateLimit -',
      'shop /resilience?ns=shop',
      'web -',
    ]);
    const report = '/resilience/experiments/e038e1bc-b42d-4744-b675-8d9718b23d7b';
    expect(crumbsOf(report).map(({ name, href }) => `${name} ${href ?? '-'}`)).toEqual([
      'Resilience /resilience',
      'experiments -',
      'e038e1bc -',
    ]);
    expect(crumbsOf('/changes/5').map(({ name }) => name)).toEqual(['Changes', 'r5']);
    expect(crumbsOf('/')).toEqual([{ id: '', name: 'Overview', isMachineName: false }]);
  });
});
