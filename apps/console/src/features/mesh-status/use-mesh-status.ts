'use client';
// The state of the whole mesh, live: name, revision, proxies in sync, whether anything can be written.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useTRPC } from '#trpc/client.ts';
import type { MeshStatus } from '#trpc/contract.ts';

/** Reads what `MeshStatusFeed` keeps fresh. */
export function useMeshStatus(): MeshStatus | undefined {
  const trpc = useTRPC();
  return useQuery(trpc.mesh.status.queryOptions(undefined, { staleTime: 10_000, refetchInterval: 10_000 })).data;
}

/** Stands once, in the shell. */
export function MeshStatusFeed() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  useSubscription(
    trpc.mesh.onStatus.subscriptionOptions(undefined, {
      onData: (status) => queryClient.setQueryData(trpc.mesh.status.queryKey(), status),
    }),
  );
  return null;
}
