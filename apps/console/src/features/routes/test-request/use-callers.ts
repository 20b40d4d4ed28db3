'use client';
// Whom a tested request may come from: the workloads of the mesh, those that really call the service first.
import { skipToken, useQuery } from '@tanstack/react-query';
import { useTRPC } from '#trpc/client.ts';

export interface Caller {
  /** `namespace/workload` */
  readonly id: string;
}

const RECENT = { liveSeconds: 300 };
const CALLERS_MAX = 200;

/** `service`: none for a route of gateways only. */
export function useCallers(namespace: string, service: string | undefined): readonly Caller[] {
  const trpc = useTRPC();
  const proxies = useQuery(trpc.proxies.list.queryOptions(undefined, { staleTime: 15_000 })).data ?? [];
  const detail = useQuery(
    trpc.services.get.queryOptions(service === undefined ? skipToken : { namespace, name: service, range: RECENT }, {
      staleTime: 30_000,
    }),
  ).data;
  const known = new Set(detail?.callers.map((caller) => `${caller.namespace}/${caller.name}`));
  const rank = (proxy: { namespace: string; service: string }) =>
    known.has(`${proxy.namespace}/${proxy.service}`) ? 0 : proxy.namespace === namespace ? 1 : 2;
  return [...proxies]
    .sort((a, b) => rank(a) - rank(b) || a.workload.localeCompare(b.workload))
    .slice(0, CALLERS_MAX)
    .map((proxy) => ({
      id: proxy.workload.includes('/') ? proxy.workload : `${proxy.namespace}/${proxy.workload}`,
    }));
}
