'use client';
// The traces that entered where this one did: what its duration is judged by, and the good one among them.
import { useQuery } from '@tanstack/react-query';
import { useScope } from '#features/scope/index.ts';
import { useTRPC } from '#trpc/client.ts';
import type { TraceSummary } from '#trpc/contract.ts';
import { goodOneOf } from './compare.ts';
import type { Hop } from './hop.ts';

const OTHERS_MAX = 200;

export interface Others {
  readonly service: string;
  readonly traces: readonly TraceSummary[];
  /** Undefined: none of them was answered by every service, or they are still read. */
  readonly goodOne: TraceSummary | undefined;
}

export function useOthers(traceId: string, root: Hop | undefined): Others {
  const trpc = useTRPC();
  const { range } = useScope();
  const { namespace = '', service = '' } = root?.call ?? root?.span ?? {};
  const search = { namespace, service, range, limit: OTHERS_MAX };
  const options = { enabled: root !== undefined, staleTime: 30_000 };
  const traces = useQuery(trpc.traces.search.queryOptions(search, options)).data ?? [];
  // A caller's own span has the operation too, and is what the search calls the first one.
  const operation = (root?.call ?? root?.span)?.name ?? '';
  return { service, traces, goodOne: goodOneOf(traces, { traceId, operation }) };
}
