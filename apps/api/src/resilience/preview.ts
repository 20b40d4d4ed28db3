// What a draft would change of the protection of calls that are made: the same call compiled without it and with it. Pure.
import { keyOf, type Resource } from '@malha/model';
import type { World } from '@malha/policies';
import type { Topology } from '../telemetry/index.ts';
import { type Protection, Protections, type ServiceName } from './protection.ts';
import { protectedEdges } from './resilience.ts';

/** Of the busiest calls: each caller is compiled once more. */
const EDGES_MAX = 200;

export interface ProtectionChange {
  readonly id: string;
  readonly source: ServiceName;
  readonly target: ServiceName;
  readonly requestsPerSecond: number;
  readonly before: Protection;
  readonly after: Protection;
}

export interface ProtectionPreview {
  /** Calls that were compared. */
  readonly compared: number;
  readonly changes: readonly ProtectionChange[];
}

export function previewOf(
  topology: Pick<Topology, 'nodes' | 'edges'>,
  { world, draft, protections }: { world: World; draft: readonly Resource[]; protections: Protections },
): ProtectionPreview {
  const drafted = new Protections({ ...world, resources: withDraft(world.resources, draft) });
  const edges = [...protectedEdges(topology, (source, target) => protections.of(source, target))]
    .sort((a, b) => b.requestsPerSecond - a.requestsPerSecond)
    .slice(0, EDGES_MAX);
  const changes = edges.flatMap(({ id, source, target, requestsPerSecond, protection: before }) => {
    const after = drafted.of(source, target);
    if (after === undefined || JSON.stringify(after) === JSON.stringify(before)) return [];
    return [{ id, source, target, requestsPerSecond, before, after }];
  });
  return { compared: edges.length, changes };
}

function withDraft(resources: readonly Resource[], draft: readonly Resource[]): readonly Resource[] {
  const drafted = new Set(draft.map(keyOf));
  return [...resources.filter((resource) => !drafted.has(keyOf(resource))), ...draft];
}
