// The one suite that every side runs: each case is a test; counts and reasons are printed at the end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECTIONS } from '../cases/index.ts';
import type { Side } from './case.ts';
import { type Player, play } from './side.ts';

export function runMatrix(side: Side, start: () => Promise<Player>, startedWithinMs: number): void {
  describe(`behaviour matrix on ${side}`, () => {
    let player: Player | undefined;
    let agreed = 0;
    beforeAll(async () => {
      player = await start();
    }, startedWithinMs);
    afterAll(async () => {
      await player?.close();
      console.log(summary(side, agreed));
    });

    for (const { name: section, cases } of SECTIONS) {
      describe(section, () => {
        for (const matrixCase of cases) {
          test.skipIf(matrixCase.leftOut?.[side] !== undefined)(matrixCase.name, async () => {
            if (player === undefined) throw new Error('the side has not started');
            expect(await play(player, matrixCase)).toEqual([]);
            agreed += 1;
          });
        }
      });
    }
  });
}

function summary(side: Side, agreed: number): string {
  const all = SECTIONS.flatMap(({ cases }) => cases);
  const byReason = new Map<string, number>();
  for (const { leftOut } of all) {
    const reason = leftOut?.[side];
    if (reason !== undefined) byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
  }
  const reasons = [...byReason].map(([reason, count]) => `  left out ${count}: ${reason}`);
  const ran = all.length - all.filter(({ leftOut }) => leftOut?.[side] !== undefined).length;
  return [`matrix ${side}: ${agreed} of ${ran} cases agree, ${all.length} cases in all`, ...reasons].join('\n');
}
