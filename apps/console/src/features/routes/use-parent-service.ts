'use client';
// The service that a route belongs to: its versions, their instances and what it is doing now.
import { useQuery } from '@tanstack/react-query';
import { isMap, isSeq, parseDocument } from 'yaml';
import { useTRPC } from '#trpc/client.ts';

export interface DeclaredService {
  readonly port: number | undefined;
  /** Absent where the service declares none. */
  readonly versions: readonly string[] | undefined;
}

/** What is stored has been checked by the control plane; here only what is needed of it is read. */
export function readService(yaml: string): DeclaredService {
  const document = parseDocument(yaml);
  const port: unknown = document.getIn(['spec', 'ports', 0, 'port']);
  const versions: unknown = document.getIn(['spec', 'versions']);
  return {
    port: typeof port === 'number' ? port : undefined,
    versions: isSeq(versions)
      ? versions.items.flatMap((item) => {
          const name: unknown = isMap(item) ? item.get('name') : undefined;
          return typeof name === 'string' ? [name] : [];
        })
      : undefined,
  };
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
