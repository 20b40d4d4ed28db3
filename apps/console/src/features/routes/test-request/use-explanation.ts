'use client';
// Asks the control plane what it would do with one request on the draft; the proxy's own engine answers.
import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { useTRPC } from '#trpc/client.ts';
import type { AppRouter } from '#trpc/router.ts';

export type RequestExplanation = inferRouterOutputs<AppRouter>['explain']['request'];

export interface TestedRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** `namespace/workload` of the caller, without a workload any of the namespace; or the port of a gateway. */
  readonly from: string | TestedGateway;
}

export interface TestedGateway {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** Of the client; empty = nothing is known of it. */
  readonly address: string;
  readonly country: string;
}

function originOf(from: TestedRequest['from']) {
  if (typeof from === 'string') {
    const [namespace = '', workload] = from.split('/');
    return { caller: { namespace, ...(workload !== undefined && { workload }) } };
  }
  const { address, country, ...gateway } = from;
  return { gateway, client: { ...(address !== '' && { address }), ...(country !== '' && { country }) } };
}

export function useExplanation(asked: TestedRequest | null, yaml: string | undefined) {
  const trpc = useTRPC();
  return useQuery(
    trpc.explain.request.queryOptions(
      asked === null
        ? skipToken
        : {
            method: asked.method,
            authority: asked.host,
            path: asked.path,
            headers: asked.headers.filter(({ name }) => name !== '').map(({ name, value }) => ({ name, value })),
            ...originOf(asked.from),
            ...(yaml !== undefined && { yaml }),
          },
      { placeholderData: keepPreviousData, staleTime: 2_000, retry: false },
    ),
  );
}
