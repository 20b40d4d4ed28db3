'use client';
// The service that a route belongs to: its versions, their instances and what it is doing now.
import { useQuery } from '@tanstack/react-query';
import { parse } from 'yaml';
import { z } from 'zod';
import { useTRPC } from '#trpc/client.ts';

const declared = z.object({
  spec: z.object({
    ports: z.array(z.object({ port: z.number() })).optional(),
    versions: z.array(z.object({ name: z.string() })).optional(),
  }),
});

export interface DeclaredService {
  readonly port: number | undefined;
  /** Absent where the service declares none. */
  readonly versions: readonly string[] | undefined;
}

export function readService(yaml: string): DeclaredService {
  const spec = declared.safeParse(parse(yaml)).data?.spec;
  return { port: spec?.ports?.[0]?.port, versions: spec?.versions?.map((version) => version.name) };
}

export interface ParentService {
  readonly name: string;
  readonly port: number | undefined;
  readonly versions: readonly string[];
  readonly instances: ReadonlyMap<string, number>;
  readonly requestsPerSecond: number | undefined;
}

const LIVE_RANGE = { liveSeconds: 60 };

export function useParentService(namespace: string, name: string | undefined): ParentService | undefined {
  const trpc = useTRPC();
  const isKnown = name !== undefined;
  const key = `Service/${namespace}/${name ?? ''}`;
  const resource = useQuery(trpc.resources.get.queryOptions({ key }, { enabled: isKnown, staleTime: 30_000 })).data;
  const services = useQuery(
    trpc.services.list.queryOptions({ range: LIVE_RANGE }, { enabled: isKnown, refetchInterval: 5_000 }),
  ).data;
  if (name === undefined) return undefined;
  const row = services?.find((candidate) => candidate.namespace === namespace && candidate.name === name);
  const shape = resource === undefined ? undefined : readService(resource.yaml);
  return {
    name,
    port: shape?.port,
    versions: shape?.versions ?? row?.versions.map((version) => version.name) ?? [],
    instances: new Map(row?.versions.map((version) => [version.name, version.instances])),
    requestsPerSecond: row?.golden.requestsPerSecond,
  };
}
