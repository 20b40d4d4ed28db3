import { describe, expect, it } from 'vitest';
import { syncInWords } from './sync-pill.tsx';

const proxies = (total: number, active: number, stale: number, nacked: number) => ({ total, active, stale, nacked });

describe('syncInWords', () => {
  it('is in sync only when every proxy serves what it should', () => {
    expect(syncInWords(proxies(24, 24, 0, 0))).toEqual({ tone: 'ok', words: 'in sync 24/24' });
    expect(syncInWords(proxies(24, 21, 3, 0))).toEqual({ tone: 'info', words: 'syncing 21/24' });
  });

  it('puts a refusal before all else', () => {
    expect(syncInWords(proxies(24, 20, 3, 1))).toEqual({ tone: 'err', words: '1 refused' });
  });

  it('says how many are gone', () => {
    expect(syncInWords(proxies(24, 22, 0, 0))).toEqual({ tone: 'warn', words: '2 behind' });
  });

  it('does not claim sync without a proxy', () => {
    expect(syncInWords(proxies(0, 0, 0, 0)).tone).toBe('unknown');
  });
});
