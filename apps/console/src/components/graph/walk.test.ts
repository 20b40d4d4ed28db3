import { describe, expect, it } from 'vitest';
import { stepFrom } from './walk.ts';

const at = (x: number, y: number) => ({ x, y, width: 10, height: 10 });
const layout = new Map([
  ['a', at(0, 0)],
  ['b', at(100, 0)],
  ['c', at(100, 80)],
  ['d', at(0, 300)],
]);
const edges = [
  { source: 'a', target: 'b' },
  { source: 'a', target: 'c' },
];

describe('stepFrom', () => {
  it('follows edges to the right and back to the left', () => {
    expect(stepFrom('a', 'right', edges, layout)).toBe('b');
    expect(stepFrom('c', 'left', edges, layout)).toBe('a');
    expect(stepFrom('d', 'right', edges, layout)).toBeUndefined();
  });

  it('goes up and down within the column first', () => {
    expect(stepFrom('b', 'down', edges, layout)).toBe('c');
    expect(stepFrom('d', 'up', edges, layout)).toBe('a');
    expect(stepFrom('a', 'up', edges, layout)).toBeUndefined();
  });
});
