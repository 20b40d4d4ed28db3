'use client';
// The rate limits of the mesh and how near each is to its bound.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { useScope } from '#features/scope/index.ts';
import { useTRPC } from '#trpc/client.ts';
import type { AppRouter } from '#trpc/router.ts';

export type Limit = inferRouterOutputs<AppRouter>['limits']['list'][number];

const REFRESH_MS = 3_000;

export function useLimits() {
  const trpc = useTRPC();
  const scope = useScope();
  const query = useQuery(
    trpc.limits.list.queryOptions(
      { range: scope.range },
      { placeholderData: keepPreviousData, ...(scope.isLive && { refetchInterval: REFRESH_MS }) },
    ),
  );
  const limits = query.data?.filter(
    ({ namespace }) => scope.namespaces.length === 0 || scope.namespaces.includes(namespace),
  );
  return { limits, error: query.error };
}
