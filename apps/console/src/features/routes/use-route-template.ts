'use client';
// A route that is not stored yet, for the service of the same name; undefined while one is stored or none can be.
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '#trpc/client.ts';
import { isNotFound } from '#trpc/errors.ts';
import { newRouteYaml } from './new-route.ts';
import { readService } from './use-parent-service.ts';

export function useRouteTemplate(key: string): string | undefined {
  const trpc = useTRPC();
  const route = useQuery(trpc.resources.get.queryOptions({ key }, { staleTime: 5_000 }));
  const [kind, namespace = '', name = ''] = key.split('/');
  const isMissing = kind === 'HTTPRoute' && route.isError && isNotFound(route.error);
  const service = useQuery(
    trpc.resources.get.queryOptions({ key: `Service/${namespace}/${name}` }, { enabled: isMissing, staleTime: 30_000 }),
  ).data;
  if (!isMissing || service === undefined) return undefined;
  const { port, versions = [] } = readService(service.yaml);
  return newRouteYaml({ namespace, service: name, port, versions });
}
