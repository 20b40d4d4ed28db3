import { describe, expect, it } from 'vitest';
import { valueOfKey } from './slider-keys.ts';

describe('valueOfKey', () => {
  const bounds = { min: 0, max: 40 };

  it.each([
    ['ArrowRight', false, 31],
    ['ArrowUp', true, 35],
    ['ArrowLeft', false, 29],
    ['ArrowDown', true, 25],
    ['PageUp', false, 40],
    ['PageDown', false, 20],
    ['Home', false, 0],
    ['End', false, 40],
    ['Enter', false, undefined],
  ])('%s (shift %s) asks for %s', (key, isShift, expected) => {
    expect(valueOfKey(key, isShift, 30, bounds)).toBe(expected);
  });
});
