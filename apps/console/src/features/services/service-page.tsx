'use client';
// One service: how is it doing, what acts on it and why, who calls it, each workload.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChartGantt, Split } from 'lucide-react';
import { ButtonLink } from '#components/ui/button.tsx';
import { TabLinks } from '#components/ui/choice.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Skeleton, SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useScope, useViewParameter } from '#features/scope/index.ts';
import { inWords, percent, rate } from '#format/number.ts';
import { useTRPC } from '#trpc/client.ts';
import type { ServiceDetail } from '#trpc/contract.ts';
import { Identity } from './identity.tsx';
import { ServiceCharts } from './service-charts.tsx';
import { ServiceNow } from './service-now.tsx';
import { ActsPanel, PeersPanel, WorkloadsPanel } from './service-panels.tsx';

const REFRESH_MS = 3_000;

function Sentence({ detail }: { readonly detail: ServiceDetail }) {
  const { row } = detail;
  const state = { ok: 'is well', warn: 'needs a look', err: 'fails', unknown: 'is quiet' }[row.health];
  const busy = row.versions.filter((version) => version.share > 0);
  const split =
    busy.length > 1 ? busy.map((version) => `${version.name} takes ${inWords(percent(version.share))}`).join(', ') : '';
  return (
    <p className="my-3 text-14 text-t2">
      <b className="font-semi text-t0">
        {row.name} {state}: {inWords(rate(row.golden.requestsPerSecond, 'req/s'))},{' '}
        {inWords(percent(row.golden.errorRate))} errors.
      </b>{' '}
      {row.note !== null && `${row.note}. `}
      {split !== '' && `${split}.`}
    </p>
  );
}

function Loading() {
  return (
    <div role="status" aria-busy="true" aria-label="Reading the service" className="px-6 py-3">
      <Skeleton className="h-6 w-72" />
      <div className="mt-4 grid grid-cols-4 gap-3">
        {[1, 2, 3, 4].map((panel) => (
          <div key={panel} className="panel h-[166px]" />
        ))}
      </div>
      <div className="panel mt-3">
        <SkeletonRows rows={6} columns={[120, 200, 60]} />
      </div>
    </div>
  );
}

function Tab({ tab, detail }: { readonly tab: string; readonly detail: ServiceDetail }) {
  const callers = <PeersPanel title="Callers" peers={detail.callers} none="Nobody has called it in this time." />;
  const callees = (
    <PeersPanel title="Calls" peers={detail.callees} none="It has called no other service in this time." />
  );
  if (tab === 'rules') return <ActsPanel detail={detail} />;
  if (tab === 'workloads') return <WorkloadsPanel detail={detail} />;
  if (tab === 'callers') {
    return (
      <div className="grid grid-cols-2 items-start gap-3">
        {callers}
        {callees}
      </div>
    );
  }
  return (
    <div className="grid gap-3">
      <ServiceCharts detail={detail} />
      <div className="grid grid-cols-[minmax(0,1fr)_352px] items-start gap-3">
        <div className="grid min-w-0 gap-3">
          <ActsPanel detail={detail} />
          <WorkloadsPanel detail={detail} />
        </div>
        <div className="grid min-w-0 gap-3">
          {callers}
          {callees}
        </div>
      </div>
    </div>
  );
}

export interface ServicePageProps {
  readonly namespace: string;
  readonly name: string;
}

export function ServicePage({ namespace, name }: ServicePageProps) {
  const trpc = useTRPC();
  const scope = useScope();
  const [tab] = useViewParameter('tab', 'summary');
  const query = useQuery(
    trpc.services.get.queryOptions(
      { namespace, name, range: scope.range },
      { placeholderData: keepPreviousData, ...(scope.isLive && { refetchInterval: REFRESH_MS }) },
    ),
  );
  const detail = query.data;
  if (detail === undefined) {
    if (!query.isError) return <Loading />;
    return (
      <QueryFailure what={`Service ${namespace}/${name}`} error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  const path = `/services/${namespace}/${name}`;
  const route = detail.policies.find((policy) => policy.key.startsWith('HTTPRoute/'))?.key.split('/');
  const link = (id: string, label: string, count?: number) => ({
    href: scope.href(id === 'summary' ? path : `${path}?tab=${id}`),
    label,
    count,
    current: tab === id,
  });
  return (
    <div className="px-6 py-3">
      <div className="flex items-center gap-3 border-line border-b">
        <StatusShape tone={detail.row.health} size={14} />
        <h1 className="mono text-20 font-semi text-t0">{name}</h1>
        <span className="mr-3 flex items-center gap-3 text-12">
          <Identity mtls={detail.row.mtls} />
          <ServiceNow namespace={namespace} name={name} />
        </span>
        <TabLinks
          label="Parts of the service"
          tabs={[
            link('summary', 'Summary'),
            link('rules', 'Rules', detail.policies.length),
            link('callers', 'Callers', detail.callers.length),
            link('workloads', 'Workloads', detail.workloads.length),
          ]}
        />
        <span className="flex-1" />
        <ButtonLink href={scope.href(`/traces?service=${namespace}/${name}`)}>
          <ChartGantt aria-hidden="true" strokeWidth={1.75} />
          Traces
        </ButtonLink>
        {route !== undefined && (
          <ButtonLink href={scope.href(`/routes/${route[1] ?? ''}/${route[2] ?? ''}`)}>
            <Split aria-hidden="true" strokeWidth={1.75} />
            Edit route
          </ButtonLink>
        )}
      </div>
      <Sentence detail={detail} />
      <Tab tab={tab} detail={detail} />
    </div>
  );
}
