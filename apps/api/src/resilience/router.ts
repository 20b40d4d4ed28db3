// tRPC: what protects the calls of the mesh.
import { parseResources } from '@malha/model';
import type { World } from '@malha/policies';
import { z } from 'zod';
import { ResourcesInvalid } from '../resources/errors.ts';
import type { TelemetryQueries } from '../telemetry/index.ts';
import { timeRangeSchema } from '../telemetry/query/time-range.ts';
import { router, viewerProcedure } from '../trpc/init.ts';
import { previewOf } from './preview.ts';
import { Protections } from './protection.ts';
import { protectedEdges } from './resilience.ts';
import { type ReportingProxy, standingOf } from './standing.ts';

const input = z.strictObject({
  range: timeRangeSchema,
  namespaces: z.array(z.string().min(1).max(253)).max(500).optional(),
});

const YAML_LENGTH_MAX = 2 * 1024 * 1024;
const previewInput = z.strictObject({ yaml: z.string().max(YAML_LENGTH_MAX), range: timeRangeSchema });

export interface ResilienceRouterDeps {
  readonly world: () => World;
  readonly queries: Pick<TelemetryQueries, 'topology'>;
  readonly proxies: () => Promise<readonly ReportingProxy[]>;
  readonly now: () => number;
}

export function createResilienceRouter({ world, queries, proxies, now }: ResilienceRouterDeps) {
  const protectionsOf = ofNewest(world);
  return router({
    edges: viewerProcedure.input(input).query(async ({ input: { range, namespaces } }) => {
      const topology = await queries.topology({ range, namespaces, view: 'service' });
      const protections = protectionsOf();
      return protectedEdges(topology, (source, target) => protections.of(source, target));
    }),
    /** What a draft of a policy would change of it. */
    preview: viewerProcedure.input(previewInput).query(async ({ input: { yaml, range } }) => {
      const draft = parseResources(yaml);
      if (draft.errors.length > 0) throw new ResourcesInvalid(draft.errors);
      const topology = await queries.topology({ range, view: 'service' });
      const current = world();
      return previewOf(topology, { world: current, draft: draft.resources, protections: protectionsOf() });
    }),
    /** Of this moment, whatever the range: open breakers, ejected endpoints, learned limits. */
    standing: viewerProcedure.query(async () => {
      const protections = protectionsOf();
      return standingOf(await proxies(), now(), (caller, rule) => protections.calleeOf(caller, rule));
    }),
  });
}

/** What was compiled is kept until the world is another one. */
function ofNewest(world: () => World): () => Protections {
  let known: { readonly world: World; readonly protections: Protections } | undefined;
  return () => {
    const current = world();
    if (known?.world !== current) known = { world: current, protections: new Protections(current) };
    return known.protections;
  };
}
