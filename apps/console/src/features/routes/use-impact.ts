'use client';
// Asks the control plane to replay the recorded calls on the draft, on each pause of editing.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTRPC } from '#trpc/client.ts';
import { usePaused } from './use-findings.ts';

export interface ImpactInput {
  readonly namespace: string;
  readonly service: string;
  readonly yaml: string;
}

export function useImpact({ namespace, service, yaml }: ImpactInput) {
  const trpc = useTRPC();
  const paused = usePaused(yaml);
  const query = useQuery(
    trpc.explain.impact.queryOptions(
      { yaml: paused, service: { namespace, name: service } },
      { placeholderData: keepPreviousData, staleTime: 10_000, retry: false },
    ),
  );
  return { data: query.data, error: query.error, isStale: paused !== yaml || query.isPlaceholderData };
}
