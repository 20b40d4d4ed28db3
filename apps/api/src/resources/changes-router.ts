// tRPC: the history of revisions, taking one back, and news of new ones.
import { z } from 'zod';
import { namespacedProcedure, router, viewerProcedure } from '../trpc/init.ts';
import { subscribe } from '../trpc/subscribe.ts';
import type { History } from './history.ts';
import { requireRevert } from './permissions.ts';
import { messageSchema, revisionSchema } from './router.ts';
import type { ResourceStore } from './store.ts';
import type { RevisionSummary } from './types.ts';

const LIMIT_MAX = 200;

export interface ChangesRouterDeps<Golden> {
  readonly store: ResourceStore;
  readonly history: History<Golden>;
}

export function createChangesRouter<Golden>({ store, history }: ChangesRouterDeps<Golden>) {
  return router({
    list: viewerProcedure
      .input(
        z.strictObject({
          cursor: revisionSchema.optional(),
          limit: z.int().min(1).max(LIMIT_MAX).default(50),
          namespace: z.string().max(63).optional(),
          /** tRPC's client of paged queries sends it; older revisions are the only direction. */
          direction: z.enum(['forward', 'backward']).optional(),
        }),
      )
      .query(({ input }) => history.list(input)),
    get: viewerProcedure
      .input(z.strictObject({ revision: revisionSchema }))
      .query(({ input }) => history.get(input.revision)),
    revert: namespacedProcedure('editor')
      .input(z.strictObject({ revision: revisionSchema, message: messageSchema.default('') }))
      .mutation(async ({ ctx, input }) => {
        const { objects } = await history.get(input.revision);
        requireRevert(
          ctx.principal,
          objects.map(({ key }) => key),
        );
        const { revision } = await store.revert({ ...input, author: ctx.principal.email });
        return { revision };
      }),
    /** Begins with nothing: the caller reads the list first. */
    onRevision: viewerProcedure.subscription(async function* ({ signal }) {
      const revisions = subscribe<RevisionSummary>((emit) => store.onRevision((revision) => emit(revision)), signal);
      for await (const { revision, author, message, createdAtMs } of revisions) {
        yield { revision, author, message, createdAtMs };
      }
    }),
  });
}
