// tRPC: overview, services, topology, split and traces.
import { z } from 'zod';
import { hasRole } from '../auth/principal.ts';
import { router, viewerProcedure } from '../trpc/init.ts';
import type { TelemetryQueries } from './queries.ts';
import { timeRangeSchema } from './query/time-range.ts';

const name = z.string().min(1).max(253);
const namespaces = z.array(name).max(500).optional();
const overviewInput = z.strictObject({ range: timeRangeSchema, namespaces });
const topologyInput = z.strictObject({
  range: timeRangeSchema,
  view: z.enum(['service', 'version', 'workload']),
  namespaces,
});
const splitInput = z.strictObject({
  namespace: name,
  route: name,
  /** Its name, or its index where it has none. */
  rule: z.union([name, z.int().min(0)]).transform(String),
  sinceMs: z.number().min(0).optional(),
});
const traceId = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hex digits');
const traceSearch = z.strictObject({
  service: name.optional(),
  namespace: name.optional(),
  minDurationMs: z.number().min(0).optional(),
  errorsOnly: z.boolean().optional(),
  traceId: traceId.optional(),
  range: timeRangeSchema,
  limit: z.int().min(1).max(500).default(100),
});

export interface TelemetryRouterDeps {
  readonly queries: TelemetryQueries;
}

export function createOverviewRouter({ queries }: TelemetryRouterDeps) {
  return router({
    get: viewerProcedure.input(overviewInput).query(({ input }) => queries.overview(input)),
    on: viewerProcedure.input(overviewInput).subscription(async function* ({ input, ctx, signal }) {
      yield* queries.followOverview(input, endOf(ctx.sessionEnded, signal));
    }),
  });
}

export function createServicesRouter({ queries }: TelemetryRouterDeps) {
  return router({
    list: viewerProcedure
      .input(z.strictObject({ range: timeRangeSchema }))
      .query(({ input }) => queries.services(input.range)),
    get: viewerProcedure
      .input(z.strictObject({ namespace: name, name, range: timeRangeSchema }))
      .query(({ input }) => queries.service({ namespace: input.namespace, name: input.name }, input.range)),
  });
}

export function createTopologyRouter({ queries }: TelemetryRouterDeps) {
  return router({
    get: viewerProcedure.input(topologyInput).query(({ input }) => queries.topology(input)),
    on: viewerProcedure.input(topologyInput).subscription(async function* ({ input, ctx, signal }) {
      yield* queries.followTopology(input, endOf(ctx.sessionEnded, signal));
    }),
  });
}

export function createSplitRouter({ queries }: TelemetryRouterDeps) {
  return router({
    measured: viewerProcedure.input(splitInput).query(({ input }) => queries.split(input)),
    on: viewerProcedure.input(splitInput).subscription(async function* ({ input, ctx, signal }) {
      yield* queries.followSplit(input, endOf(ctx.sessionEnded, signal));
    }),
  });
}

export function createTracesRouter({ queries }: TelemetryRouterDeps) {
  return router({
    search: viewerProcedure.input(traceSearch).query(({ input }) => queries.traces(input)),
    /** The policy that decided is for operators. */
    get: viewerProcedure
      .input(z.strictObject({ traceId }))
      .query(({ input, ctx }) => queries.trace(input.traceId, hasRole(ctx.principal, 'operator'))),
  });
}

function endOf(sessionEnded: AbortSignal, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? sessionEnded : AbortSignal.any([sessionEnded, signal]);
}
