'use client';
// What protects each call of the mesh, renewed while the time window is live.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { useScope } from '#features/scope/index.ts';
import { useTRPC } from '#trpc/client.ts';
import type { AppRouter } from '#trpc/router.ts';

export type ProtectedEdge = inferRouterOutputs<AppRouter>['resilience']['edges'][number];

const REFRESH_MS = 3_000;

export function useResilience() {
  const trpc = useTRPC();
  const scope = useScope();
  return useQuery(
    trpc.resilience.edges.queryOptions(
      { range: scope.range, ...scope.filter },
      { placeholderData: keepPreviousData, ...(scope.isLive && { refetchInterval: REFRESH_MS }) },
    ),
  );
}
