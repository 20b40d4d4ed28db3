// tRPC: the faults that are at work, and the button that stops them all at once.
import { z } from 'zod';
import { requireWrite } from '../resources/permissions.ts';
import { messageSchema } from '../resources/router.ts';
import type { ResourceStore } from '../resources/store.ts';
import { namespacedProcedure, router, viewerProcedure } from '../trpc/init.ts';
import { faultsOf } from './faults.ts';

export interface FaultsRouterDeps {
  readonly store: Pick<ResourceStore, 'state' | 'apply'>;
  readonly now: () => number;
}

export function createFaultsRouter({ store, now }: FaultsRouterDeps) {
  return router({
    /** `nowMs` is the control plane's: countdowns count from it. */
    list: viewerProcedure.query(() => {
      const nowMs = now();
      return { nowMs, faults: faultsOf(store.state, nowMs) };
    }),
    /** As one revision, of the faults that are running; `revision` null: none was. */
    stopAll: namespacedProcedure('operator')
      .input(z.strictObject({ message: messageSchema.optional() }))
      .mutation(async ({ ctx, input }) => {
        const running = faultsOf(store.state, now()).filter(({ isRunning }) => isRunning);
        const keys = running.map(({ key }) => key);
        if (keys.length === 0) return { revision: null, stopped: keys };
        requireWrite(ctx.principal, keys);
        const { revision } = await store.apply({
          author: ctx.principal.email,
          message: input.message || 'Stop all faults',
          changes: keys.map((key) => ({ op: 'delete' as const, key })),
        });
        return { revision, stopped: keys };
      }),
  });
}
