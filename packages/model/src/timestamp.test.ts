import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timestampMs } from './timestamp.ts';

test('a timestamp means what the platform takes it for', () => {
  const dates = fc.date({
    min: new Date('1600-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(dates, (date) => {
      expect(timestampMs(date.toISOString())).toBe(date.getTime());
    }),
  );
});

test('without a fraction, and with one that is finer than milliseconds', () => {
  expect(timestampMs('1970-01-01T00:00:01Z')).toBe(1000);
  expect(timestampMs('1970-01-01T00:00:01.0019Z')).toBe(1001);
});

test.each(['2026-11-26', '2026-11-26T09:30:00+01:00', 'now', ''])('refuses %j', (text) => {
  expect(() => timestampMs(text)).toThrow(RangeError);
});
