'use client';
// Breakers that are open and endpoints that are ejected now, and the clock that their times are counted by.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { useTRPC } from '#trpc/client.ts';
import type { AppRouter } from '#trpc/router.ts';

export type Standing = inferRouterOutputs<AppRouter>['resilience']['standing'];

const REFRESH_MS = 1_000;

/** Of now, whatever time the page looks at: a breaker that was open is told by what it refused. */
export function useStanding(isAsked = true) {
  const trpc = useTRPC();
  return useQuery(
    trpc.resilience.standing.queryOptions(undefined, {
      enabled: isAsked,
      placeholderData: keepPreviousData,
      refetchInterval: REFRESH_MS,
    }),
  );
}
