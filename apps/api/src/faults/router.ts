// tRPC: the faults that are at work, and the buttons that stop one, or all of them at once.
import { type ResourceKey, resourceKeySchema } from '@malha/model';
import { z } from 'zod';
import type { FaultEnder } from '../experiments/fault-end.ts';
import { requireWrite } from '../resources/permissions.ts';
import { messageSchema } from '../resources/router.ts';
import type { ResourceStore } from '../resources/store.ts';
import { namespacedProcedure, router, viewerProcedure } from '../trpc/init.ts';
import { faultsOf } from './faults.ts';

export interface FaultsRouterDeps {
  readonly store: Pick<ResourceStore, 'state'>;
  readonly ender: FaultEnder;
  readonly now: () => number;
}

export function createFaultsRouter({ store, ender, now }: FaultsRouterDeps) {
  const stop = async (by: string, keys: readonly ResourceKey[], message: string) => {
    const revision = keys.length === 0 ? undefined : await ender.end(keys, { by, reason: message, message });
    return { revision: revision ?? null, stopped: revision === undefined ? [] : keys };
  };
  return router({
    /** `nowMs` is the control plane's: countdowns count from it. */
    list: viewerProcedure.query(() => {
      const nowMs = now();
      return { nowMs, faults: faultsOf(store.state, nowMs) };
    }),
    /** `revision` null: it had ended. */
    stop: namespacedProcedure('operator')
      .input(z.strictObject({ key: resourceKeySchema, message: messageSchema.optional() }))
      .mutation(({ ctx, input: { key, message } }) => {
        requireWrite(ctx.principal, [key]);
        return stop(ctx.principal.email, [key], message || `Stop fault ${key.split('/').slice(1).join('/')}`);
      }),
    /** As one revision, of the faults that are running; `revision` null: none was. */
    stopAll: namespacedProcedure('operator')
      .input(z.strictObject({ message: messageSchema.optional() }))
      .mutation(({ ctx, input }) => {
        const keys = faultsOf(store.state, now()).flatMap(({ key, isRunning }) => (isRunning ? [key] : []));
        requireWrite(ctx.principal, keys);
        return stop(ctx.principal.email, keys, input.message || 'Stop all faults');
      }),
  });
}
