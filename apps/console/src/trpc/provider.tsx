'use client';
// One query client and one transport per tab; a session that ended leads to the sign-in page.
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { TRPCProvider } from './client.ts';
import { connection } from './connection.ts';
import { isSignedOut, isWorthRetrying } from './errors.ts';
import { createTransport, type Transport } from './links.ts';

function leaveIfSignedOut(error: unknown) {
  if (!isSignedOut(error) || typeof location === 'undefined') return;
  const here = location.pathname + location.search;
  location.assign(`/sign-in?reason=ended&next=${encodeURIComponent(here)}`);
}

function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveIfSignedOut }),
    mutationCache: new MutationCache({ onError: leaveIfSignedOut }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 2 && isWorthRetrying(error),
      },
    },
  });
}

/** What failed or grew old while the control plane was away is read anew as soon as it is back. */
function refreshOnReturn(queryClient: QueryClient): () => void {
  let wasLost = false;
  return connection.subscribe(() => {
    const { status } = connection.read();
    if (status === 'open' && wasLost) void queryClient.invalidateQueries();
    if (status !== 'connecting') wasLost = status === 'lost';
  });
}

export function DataProvider({ children }: { readonly children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  const [transport] = useState<Transport>(createTransport);
  useEffect(() => () => transport.close(), [transport]);
  useEffect(() => refreshOnReturn(queryClient), [queryClient]);
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={transport.client} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
