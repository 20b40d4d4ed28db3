'use client';
// Experiments as the control plane keeps them: the list, and one with its report.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { useTRPC } from '#trpc/client.ts';
import type { AppRouter } from '#trpc/router.ts';

type Outputs = inferRouterOutputs<AppRouter>['experiments'];
export type Experiment = Outputs['list'][number];
export type ExperimentDetail = Outputs['get'];
export type Report = ExperimentDetail['report'];

const LIST_REFRESH_MS = 5_000;
const REPORT_REFRESH_MS = 3_000;

export function useExperiments() {
  const trpc = useTRPC();
  return useQuery(trpc.experiments.list.queryOptions(undefined, { refetchInterval: LIST_REFRESH_MS }));
}

/** Read anew until it has its verdict. */
export function useExperiment(id: string) {
  const trpc = useTRPC();
  return useQuery(
    trpc.experiments.get.queryOptions(
      { id },
      {
        placeholderData: keepPreviousData,
        refetchInterval: ({ state }) => (state.data?.standing === 'finished' ? false : REPORT_REFRESH_MS),
      },
    ),
  );
}
