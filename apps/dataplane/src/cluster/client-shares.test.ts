import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientShares } from './client-shares.ts';

const LIMIT = 80;
const HEADROOM = 10;

function holding(counts: Readonly<Record<string, number>>): { readonly shares: ClientShares; readonly active: number } {
  const shares = new ClientShares();
  let active = 0;
  for (const [client, count] of Object.entries(counts)) {
    for (let started = 0; started < count; started++, active++) shares.started(client);
  }
  return { shares, active };
}

describe('shares of a limit', () => {
  it('one client alone may have all of it, and no more', () => {
    const { shares } = holding({ greedy: LIMIT });
    expect(shares.admits('greedy', LIMIT - 1, LIMIT)).toBe(true);
    expect(shares.admits('greedy', LIMIT, LIMIT)).toBe(false);
  });

  it('when one client has all of it, others still begin requests', () => {
    const { shares, active } = holding({ greedy: LIMIT });
    expect(shares.admits('polite', active, LIMIT)).toBe(true);
    expect(shares.admits('greedy', active, LIMIT)).toBe(false);
  });

  it('what is beyond the limit is bounded, whoever asks', () => {
    const { shares, active } = holding({ greedy: LIMIT, others: HEADROOM });
    expect(shares.admits('polite', active, LIMIT)).toBe(false);
  });

  it('a share becomes smaller with each client, and larger when one has gone', () => {
    const { shares, active } = holding({ a: 60, b: 20 });
    expect(shares.admits('b', active, LIMIT)).toBe(true);
    const crowded = holding({ a: 50, b: 20, c: 5, d: 5 });
    expect(crowded.shares.admits('b', crowded.active, LIMIT)).toBe(false);
    for (const client of ['c', 'd']) for (let count = 0; count < 5; count++) crowded.shares.finished(client);
    expect(crowded.shares.admits('b', LIMIT, LIMIT)).toBe(true);
  });

  it('who is no client of an edge is held to the limit, and a small limit has nothing beyond it', () => {
    const { shares, active } = holding({ greedy: LIMIT });
    expect(shares.admits('', active, LIMIT)).toBe(false);
    expect(holding({ greedy: 7 }).shares.admits('polite', 7, 7)).toBe(false);
  });

  it('whatever clients do, the bound holds, and below the limit nobody waits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { maxLength: 400 }),
        (limit, steps) => {
          const shares = new ClientShares();
          const active: string[] = [];
          for (const [number, begins] of steps) {
            const client = `client-${number}`;
            const index = active.indexOf(client);
            if (begins) {
              const isAdmitted = shares.admits(client, active.length, limit);
              if (active.length < limit) expect(isAdmitted).toBe(true);
              if (!isAdmitted) continue;
              shares.started(client);
              active.push(client);
            } else if (index !== -1) {
              shares.finished(client);
              active.splice(index, 1);
            }
            expect(active.length).toBeLessThanOrEqual(limit + Math.floor(limit / 8));
          }
        },
      ),
    );
  });
});
