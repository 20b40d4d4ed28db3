// tRPC: experiments and their reports.
import { z } from 'zod';
import { router, viewerProcedure } from '../trpc/init.ts';
import type { Experiments } from './experiments.ts';

const ID_LENGTH_MAX = 64;

export interface ExperimentsRouterDeps {
  readonly experiments: Experiments;
}

export function createExperimentsRouter({ experiments }: ExperimentsRouterDeps) {
  return router({
    list: viewerProcedure.query(() => experiments.list()),
    get: viewerProcedure
      .input(z.strictObject({ id: z.string().max(ID_LENGTH_MAX) }))
      .query(({ input: { id } }) => experiments.get(id)),
  });
}
