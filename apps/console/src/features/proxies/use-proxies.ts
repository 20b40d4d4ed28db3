'use client';
// Every proxy of the mesh, live.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useTRPC } from '#trpc/client.ts';

export function useProxies() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = trpc.proxies.list.queryOptions();
  useSubscription(
    trpc.proxies.on.subscriptionOptions(undefined, {
      onData: (data) => queryClient.setQueryData(query.queryKey, data),
    }),
  );
  return useQuery(query);
}
