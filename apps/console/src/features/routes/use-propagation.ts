'use client';
// How far a revision has come, proxy by proxy, live until all serve it.
import { skipToken, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useTRPC } from '#trpc/client.ts';
import type { Propagation } from '#trpc/contract.ts';

export function usePropagation(revision: number | undefined): Propagation | undefined {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const isAsked = revision !== undefined && revision > 0;
  const input = { revision: revision ?? 0 };
  const query = trpc.propagation.of.queryOptions(input, { enabled: isAsked });
  useSubscription(
    trpc.propagation.on.subscriptionOptions(isAsked ? input : skipToken, {
      onData: (data) => queryClient.setQueryData(query.queryKey, data),
    }),
  );
  return useQuery(query).data;
}

export function hasArrived(propagation: Propagation): boolean {
  return propagation.total > 0 && propagation.active >= propagation.total;
}
