'use client';
// What proxies report of a rule's split since a moment: exact counts per version.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useTRPC } from '#trpc/client.ts';
import type { MeasuredSplit } from '#trpc/contract.ts';

export interface MeasuredRule {
  readonly namespace: string;
  readonly route: string;
  /** Its name, or its place where it has none. */
  readonly rule: string;
  readonly sinceMs: number | undefined;
}

/** Undefined until counts since that very moment are in: what was measured since another one is of another split. */
export function useMeasuredSplit({ namespace, route, rule, sinceMs }: MeasuredRule): MeasuredSplit | undefined {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const input = { namespace, route, rule, ...(sinceMs !== undefined && { sinceMs }) };
  const query = trpc.split.measured.queryOptions(input);
  useSubscription(
    trpc.split.on.subscriptionOptions(input, { onData: (data) => queryClient.setQueryData(query.queryKey, data) }),
  );
  return useQuery(query).data;
}
