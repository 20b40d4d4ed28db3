// Propagation for the console: how far a revision has come, proxy by proxy.
import { z } from 'zod';
import { router, viewerProcedure } from '../trpc/init.ts';
import type { Propagation, RevisionPropagation } from './propagation/propagation.ts';

/** Changes of one revision within this time are shown together. */
const EMIT_INTERVAL_MS = 50;

const input = z.object({ revision: z.int().min(0) });

export function createXdsRouter(propagation: Propagation) {
  return router({
    of: viewerProcedure.input(input).query(({ input: { revision } }) => stateOf(propagation, revision)),
    on: viewerProcedure.input(input).subscription(async function* ({ input: { revision }, signal }) {
      for await (const _ of changes(propagation, revision, signal)) yield stateOf(propagation, revision);
    }),
  });
}

/** A revision that this process does not know (too old, or not here yet) has no proxies. */
function stateOf(propagation: Propagation, revision: number): RevisionPropagation {
  return propagation.of(revision) ?? { revision, startedAtMs: 0, proxies: [], active: 0, total: 0, p50Ms: 0, p99Ms: 0 };
}

/** A first turn at once, then one for any number of changes since the last; ends with the signal. */
async function* changes(propagation: Propagation, revision: number, signal: AbortSignal | undefined) {
  let isChanged = true;
  let wake: () => void = () => undefined;
  const stop = propagation.onChange((changed) => {
    if (changed !== revision) return;
    isChanged = true;
    wake();
  });
  const onAbort = () => wake();
  signal?.addEventListener('abort', onAbort);
  try {
    while (signal?.aborted !== true) {
      if (!isChanged) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      isChanged = false;
      yield;
      await new Promise((resolve) => setTimeout(resolve, EMIT_INTERVAL_MS));
    }
  } finally {
    stop();
    signal?.removeEventListener('abort', onAbort);
  }
}
