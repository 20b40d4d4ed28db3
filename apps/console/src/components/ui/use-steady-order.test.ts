import { describe, expect, it } from 'vitest';
import { keepOrder } from './use-steady-order.ts';

describe('keepOrder', () => {
  it('keeps known rows in place, puts new ones last and drops the gone', () => {
    const rows = [{ id: 'new' }, { id: 'b' }, { id: 'a' }];
    expect(keepOrder(rows, ['a', 'gone', 'b'], (row) => row.id).map((row) => row.id)).toEqual(['a', 'b', 'new']);
  });
});
