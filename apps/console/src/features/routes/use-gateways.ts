'use client';
// The gateways of the mesh and their listeners, as routes can be attached to them.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTRPC } from '#trpc/client.ts';
import type { ListenerView } from './model/listeners.ts';
import { readRoute } from './model/view.ts';

export interface GatewayChoice {
  readonly namespace: string;
  readonly name: string;
  readonly listeners: readonly ListenerView[];
}

export function useGateways(): readonly GatewayChoice[] {
  const trpc = useTRPC();
  const items = useQuery(trpc.resources.list.queryOptions({ kind: 'Gateway' }, { staleTime: 15_000 })).data?.items;
  return useMemo(
    () =>
      (items ?? []).map(({ namespace, name, yaml }) => {
        const reading = readRoute(yaml);
        return { namespace, name, listeners: reading.ok ? reading.view.listeners : [] };
      }),
    [items],
  );
}
