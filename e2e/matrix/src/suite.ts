// The one suite that every side runs: each case is a test; counts and reasons are printed at the end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AREAS } from '../cases/areas.ts';
import { SECTIONS } from '../cases/index.ts';
import type { Side } from './case.ts';
import { type Player, play } from './side.ts';
import { tally } from './tally.ts';

export function runMatrix(side: Side, start: () => Promise<Player>, startedWithinMs: number): void {
  describe(`behaviour matrix on ${side}`, () => {
    let player: Player | undefined;
    const agreed = new Map<string, number>();
    beforeAll(async () => {
      player = await start();
    }, startedWithinMs);
    afterAll(async () => {
      await player?.close();
      console.log(tally(side, SECTIONS, AREAS, agreed));
    });

    for (const { name: section, cases } of SECTIONS) {
      describe(section, () => {
        for (const matrixCase of cases) {
          test.skipIf(matrixCase.leftOut?.[side] !== undefined)(matrixCase.name, async () => {
            if (player === undefined) throw new Error('the side has not started');
            expect(await play(player, matrixCase)).toEqual([]);
            agreed.set(section, (agreed.get(section) ?? 0) + 1);
          });
        }
      });
    }
  });
}
