import { describe, expect, it } from 'vitest';
import { tokenState } from './tokens-panel.tsx';

const token = { id: '1', spiffeId: '', createdBy: '', expiresAtMs: 100_000, usedAtMs: null, revokedAtMs: null };

describe('tokenState', () => {
  it('is open until it is used, revoked or over', () => {
    expect(tokenState(token, 40_000)).toMatchObject({ isOpen: true, words: '1\u00a0min left' });
    expect(tokenState({ ...token, usedAtMs: 1 }, 40_000).isOpen).toBe(false);
    expect(tokenState({ ...token, revokedAtMs: 1 }, 40_000)).toMatchObject({ isOpen: false, words: 'revoked' });
    expect(tokenState(token, 100_000)).toMatchObject({ isOpen: false, words: 'over' });
  });
});
