'use client';
// What a draft would change of the calls that are made: asked of the control plane on each pause of editing.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { usePaused } from '#features/routes/index.ts';
import { useScope } from '#features/scope/index.ts';
import { useTRPC } from '#trpc/client.ts';
import type { AppRouter } from '#trpc/router.ts';

export type ProtectionPreview = inferRouterOutputs<AppRouter>['resilience']['preview'];

export function usePreview(yaml: string) {
  const trpc = useTRPC();
  const { range } = useScope();
  const paused = usePaused(yaml);
  const query = useQuery(
    trpc.resilience.preview.queryOptions(
      { yaml: paused, range },
      { placeholderData: keepPreviousData, staleTime: 10_000, retry: false },
    ),
  );
  return { data: query.data, error: query.error, isStale: paused !== yaml || query.isPlaceholderData };
}
