'use client';
// Is the mesh well? The sentence first, then the signals, what is wrong, and every service, worst first.
import { Badge } from '#components/ui/badge.tsx';
import { Segment } from '#components/ui/choice.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { Skeleton, SkeletonRows } from '#components/ui/states.tsx';
import { Expiries } from '#features/certificates/index.ts';
import { RecentChanges, useChangeMarks } from '#features/changes/index.ts';
import { useScope, useViewParameter } from '#features/scope/index.ts';
import { groupByNamespace, ServiceTable, worstFirst } from '#features/services/index.ts';
import type { Overview } from '#trpc/contract.ts';
import { Problems } from './problems.tsx';
import { sentenceOf } from './sentence.ts';
import { Signals } from './signals.tsx';
import { useOverview } from './use-overview.ts';

function Headline({ overview }: { readonly overview: Overview }) {
  const scope = useScope();
  const window = scope.window === null ? 'in this window' : `in the ${scope.window.label.toLowerCase()}`;
  const { lead, middle, point } = sentenceOf(overview, window);
  return (
    <h1 className="text-20 font-medium text-t2">
      <b className="font-semi text-t0">{lead}</b>
      {middle} <b className="font-semi text-t0">{point}</b>
    </h1>
  );
}

function Services({ overview }: { readonly overview: Overview }) {
  const [order, setOrder] = useViewParameter('order', 'worst');
  const count = (health: string) => overview.services.filter((row) => row.health === health).length;
  return (
    <Panel
      title="Services"
      beside={(['err', 'warn', 'ok'] as const).map(
        (tone) =>
          count(tone) > 0 && (
            <Badge key={tone} tone={tone} shape>
              {count(tone)}
            </Badge>
          ),
      )}
      actions={
        <Segment
          label="Order of services"
          value={order}
          onChange={setOrder}
          options={[
            { value: 'worst', label: 'Worst first' },
            { value: 'namespace', label: 'By namespace' },
          ]}
        />
      }
    >
      {overview.services.length === 0 ? (
        <p className="px-4 py-3 text-12 text-t2">No service is in the chosen namespaces yet.</p>
      ) : (
        <ServiceTable
          rows={order === 'namespace' ? overview.services : worstFirst(overview.services)}
          columns="short"
          {...(order === 'namespace' && { groupBy: groupByNamespace })}
        />
      )}
    </Panel>
  );
}

function Loading() {
  return (
    <div role="status" className="px-6 pt-3" aria-busy="true" aria-label="Reading the figures">
      <Skeleton className="h-7 w-[520px]" />
      <div className="mt-3 grid grid-cols-4 gap-3">
        {['traffic', 'errors', 'latency', 'proxies'].map((name) => (
          <div key={name} className="panel h-[141px] p-4">
            <Skeleton className="h-3 w-16" />
            <Skeleton className="mt-3 h-6 w-24" />
          </div>
        ))}
      </div>
      <div className="panel mt-3">
        <SkeletonRows rows={9} columns={[120, 160, 40, 50, 50, 50, 72]} />
      </div>
    </div>
  );
}

export function OverviewPage() {
  const overview = useOverview();
  const suspected = (overview.data?.problems ?? []).flatMap((problem) => problem.revision ?? []);
  const marks = useChangeMarks(suspected);
  if (overview.data === undefined) {
    if (!overview.isError) return <Loading />;
    return <QueryFailure what="The overview" error={overview.error} onRetry={() => void overview.refetch()} />;
  }
  return (
    <div className="px-6 py-3">
      <Headline overview={overview.data} />
      <Signals overview={overview.data} marks={marks} />
      <div className="mt-3 grid grid-cols-[minmax(0,1fr)_352px] items-start gap-3 max-[1359px]:grid-cols-[minmax(0,1fr)_304px]">
        <div className="grid min-w-0 gap-3">
          <Problems problems={overview.data.problems} />
          <Services overview={overview.data} />
        </div>
        <div className="grid min-w-0 gap-3">
          <RecentChanges />
          <Expiries />
        </div>
      </div>
    </div>
  );
}
