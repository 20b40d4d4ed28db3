import { countryDatabase } from '@malha/testing/country-database';
import { describe, expect, it } from 'vitest';
import { CountryDatabase } from './country-database.ts';

const database = new CountryDatabase(
  countryDatabase({
    '10.0.0.0/8': 'PT',
    '10.9.0.0/16': 'BR',
    '192.0.2.7/32': 'AO',
    '2001:db8::/32': 'MZ',
    '198.51.100.0/24': 'xx',
  }),
);

describe('a country database', () => {
  it.each([
    ['10.1.2.3', 'PT'],
    ['10.9.255.1', 'BR'],
    ['10.10.0.0', 'PT'],
    ['192.0.2.7', 'AO'],
    ['2001:db8:1::1', 'MZ'],
    // The same again: from what was read before.
    ['10.1.2.3', 'PT'],
  ])('places %s in %s', (address, country) => {
    expect(database.countryOf(address)).toBe(country);
  });

  it.each(['192.0.2.8', '11.0.0.1', '2001:db9::1', 'nonsense', '', '10.1.2.3:80'])('does not place %j', (address) => {
    expect(database.countryOf(address)).toBeUndefined();
  });

  it('takes nothing that is no code of a country', () => {
    expect(database.countryOf('198.51.100.1')).toBeUndefined();
  });

  it.each([Buffer.alloc(0), Buffer.from('no database'), countryDatabase({ '10.0.0.0/8': 'PT' }).subarray(0, 40)])(
    'refuses other bytes',
    (bytes) => {
      expect(() => new CountryDatabase(bytes)).toThrow();
    },
  );

  it('places nobody by a damaged record, and does not fail', () => {
    const whole = countryDatabase({ '10.0.0.0/8': 'PT' });
    const at = whole.indexOf('iso_code');
    const damaged = Buffer.from(whole);
    damaged[at - 1] = 0x3f;
    expect(new CountryDatabase(damaged).countryOf('10.0.0.1')).toBeUndefined();
  });
});
