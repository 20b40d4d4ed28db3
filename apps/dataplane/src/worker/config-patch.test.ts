import { meshConfigArbitrary } from '@malha/testing/mesh-config-arbitrary';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareUnchanged } from '../standalone/structural-sharing.ts';
import { diffConfig, patchConfig } from './config-patch.ts';

test('a patch that crossed a thread border gives the next configuration, and keeps the objects that did not change', () => {
  fc.assert(
    fc.property(meshConfigArbitrary, meshConfigArbitrary, (first, second) => {
      const here = patchConfig(undefined, structuredClone(diffConfig(undefined, first)));
      expect(here).toEqual(first);
      const next = shareUnchanged(first, second);
      const there = patchConfig(here, structuredClone(diffConfig(first, next)));
      expect(there).toEqual(second);
      next.clusters.forEach((cluster, index) => {
        const former = first.clusters.indexOf(cluster);
        if (former >= 0) expect(there.clusters[index]).toBe(here.clusters[former]);
      });
    }),
    { numRuns: 50 },
  );
});
