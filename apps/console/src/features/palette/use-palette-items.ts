'use client';
// Everything the palette can open: pages, services, routes, revisions; a trace by its id.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { PLACES } from '#features/navigation/index.ts';
import { useScope } from '#features/scope/index.ts';
import { inWords, percent, rateShort } from '#format/number.ts';
import { moment } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import type { PaletteItem } from './rank.ts';

const STALE_MS = 15_000;

const pages: readonly PaletteItem[] = PLACES.map((place) => ({
  id: place.href,
  group: 'Go to',
  name: place.name,
  detail: place.question,
  href: place.href,
  isMachineName: false,
  hint: `g ${place.key}`,
}));

function traceItem(query: string): readonly PaletteItem[] {
  const id = query.trim().toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(id)) return [];
  return [{ id, group: 'Trace', name: id, detail: 'open this trace', href: `/traces/${id}`, isMachineName: true }];
}

export function usePaletteItems(isOpen: boolean, query: string): readonly PaletteItem[] {
  const trpc = useTRPC();
  const scope = useScope();
  const options = { enabled: isOpen, staleTime: STALE_MS };
  const services = useQuery(trpc.services.list.queryOptions({ range: scope.range }, options)).data;
  const routes = useQuery(trpc.resources.list.queryOptions({ kind: 'HTTPRoute' }, options)).data;
  const changes = useQuery(trpc.changes.list.queryOptions({ limit: 50 }, options)).data;
  return useMemo(() => {
    const now = Date.now();
    return [
      ...traceItem(query),
      ...pages,
      ...(services ?? []).map((row) => ({
        id: `service:${row.namespace}/${row.name}`,
        group: 'Services',
        name: `${row.namespace}/${row.name}`,
        detail: `${rateShort(row.golden.requestsPerSecond)} req/s, ${inWords(percent(row.golden.errorRate))} errors`,
        href: `/services/${row.namespace}/${row.name}`,
        isMachineName: true,
      })),
      ...(routes?.items ?? []).map((route) => ({
        id: `route:${route.key}`,
        group: 'Routes',
        name: `${route.namespace}/${route.name}`,
        detail: `HTTPRoute, r${route.revision}`,
        href: `/routes/${route.namespace}/${route.name}`,
        isMachineName: true,
      })),
      ...(changes?.items ?? []).map((change) => ({
        id: `change:${change.revision}`,
        group: 'Changes',
        name: `r${change.revision} ${change.message}`,
        detail: `${change.author}, ${moment(change.createdAtMs, now)}`,
        href: `/changes/${change.revision}`,
        isMachineName: false,
      })),
    ];
  }, [query, services, routes, changes]);
}
