'use client';
// Where a rule may send: the services of its namespace and their versions.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTRPC } from '#trpc/client.ts';
import type { BackendTarget } from './model/edit.ts';
import { readService } from './use-parent-service.ts';

export interface BackendChoice {
  readonly service: string;
  readonly port: number | undefined;
  readonly versions: readonly string[];
}

const SERVICES_MAX = 500;

export function useBackendChoices(namespace: string): readonly BackendChoice[] {
  const trpc = useTRPC();
  const items = useQuery(trpc.resources.list.queryOptions({ kind: 'Service', namespace }, { staleTime: 30_000 })).data
    ?.items;
  return useMemo(
    () =>
      (items ?? []).slice(0, SERVICES_MAX).map(({ name, yaml }) => {
        const { port, versions = [] } = readService(yaml);
        return { service: name, port, versions };
      }),
    [items],
  );
}

export function versionTarget(service: string, version: string, port: number | undefined): BackendTarget {
  return { group: 'malha.dev', kind: 'ServiceVersion', name: `${service}-${version}`, port };
}

export function serviceTarget(service: string, port: number | undefined): BackendTarget {
  return { group: '', kind: 'Service', name: service, port };
}
