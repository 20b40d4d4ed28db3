// tRPC: the rate limits of the mesh, those that are nearest to their bound first.
import { z } from 'zod';
import type { ResourceStore } from '../resources/store.ts';
import type { TelemetryQueries } from '../telemetry/index.ts';
import { timeRangeSchema } from '../telemetry/query/time-range.ts';
import { router, viewerProcedure } from '../trpc/init.ts';
import { limitsOf } from './limits.ts';

export interface LimitsRouterDeps {
  readonly store: Pick<ResourceStore, 'state'>;
  readonly queries: Pick<TelemetryQueries, 'services'>;
}

export function createLimitsRouter({ store, queries }: LimitsRouterDeps) {
  return router({
    list: viewerProcedure.input(z.strictObject({ range: timeRangeSchema })).query(async ({ input: { range } }) => {
      const rows = new Map((await queries.services(range)).map((row) => [`${row.namespace}/${row.name}`, row]));
      return limitsOf(
        store.state,
        (namespace, service) => rows.get(`${namespace}/${service}`)?.golden,
        (namespace, service) => rows.get(`${namespace}/${service}`)?.instances ?? 0,
      );
    }),
  });
}
