import { describe, expect, it } from 'vitest';
import { safeNextPath } from './next-path.ts';

describe('safeNextPath', () => {
  it('keeps a path of the console with its filters', () => {
    expect(safeNextPath('/topology?ns=bookstore')).toBe('/topology?ns=bookstore');
  });

  it.each(['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', undefined])(
    'sends %s to the overview',
    (next) => {
      expect(safeNextPath(next)).toBe('/');
    },
  );
});
