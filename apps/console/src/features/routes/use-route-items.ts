'use client';
// Every stored route and gateway of all kinds, read for the table and for what refers to what.
import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTRPC } from '#trpc/client.ts';
import type { StoredResource } from '#trpc/contract.ts';
import { EDITED_KINDS, type EditedKind } from './model/kinds.ts';
import type { ParentView } from './model/parents.ts';
import { type RouteView, readRoute } from './model/view.ts';

const REFRESH_MS = 10_000;

export interface RouteItem extends Omit<StoredResource, 'kind'> {
  readonly kind: EditedKind;
  /** Undefined where it cannot be read. */
  readonly view: RouteView | undefined;
}

export function useRouteItems() {
  const trpc = useTRPC();
  const results = useQueries({
    queries: EDITED_KINDS.map((kind) => trpc.resources.list.queryOptions({ kind }, { refetchInterval: REFRESH_MS })),
    combine: (all) => ({
      data: all.every(({ data }) => data !== undefined) ? all.map(({ data }) => data?.items ?? []) : undefined,
      error: all.find(({ error }) => error !== null)?.error ?? null,
      refetch: () => all.map((query) => query.refetch()),
    }),
  });
  const { data } = results;
  const items = useMemo(
    () =>
      data?.flatMap((list, index) => {
        const kind = EDITED_KINDS[index];
        if (kind === undefined) return [];
        return list.map((item): RouteItem => {
          const reading = readRoute(item.yaml);
          return { ...item, kind, view: reading.ok ? reading.view : undefined };
        });
      }),
    [data],
  );
  return { items, error: results.error, refetch: results.refetch };
}

/** The parentRefs of a route that mean the gateway. */
export function parentsOfGateway(
  { namespace, view }: Pick<RouteItem, 'namespace' | 'view'>,
  gateway: { readonly namespace: string; readonly name: string },
): readonly ParentView[] {
  return (view?.parents ?? []).filter(
    (parent) =>
      parent.kind === 'Gateway' &&
      parent.name === gateway.name &&
      (parent.namespace || namespace) === gateway.namespace,
  );
}
