'use client';
// What protects the calls of the mesh, and does it hold? Timeouts, retries and their budget, limits, by who calls whom.
import { ShieldCheck } from 'lucide-react';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { Empty, Skeleton, SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ExperimentsPanel, FaultsPanel, NewExperiment } from '#features/experiments/index.ts';
import { LazyPoliciesPanel } from '#features/policies/index.ts';
import { useViewParameter } from '#features/scope/index.ts';
import { useStanding } from '#features/standing/index.ts';
import { BreakersPanel } from './breakers-panel.tsx';
import { LimitsPanel } from './limits-panel.tsx';
import { OverloadPanel } from './overload-panel.tsx';
import { ProtectionDetail } from './protection-detail.tsx';
import { ProtectionTable } from './protection-table.tsx';
import { type Card, cardsOf, headlineOf } from './resilience-words.ts';
import { useResilience } from './use-resilience.ts';

function Cards({ cards }: { readonly cards: readonly Card[] | undefined }) {
  return (
    <dl className="panel my-3 grid grid-cols-4 overflow-hidden">
      {cards === undefined
        ? [0, 1, 2, 3].map((card) => (
            <div key={card} className="grid gap-2 border-line border-l px-4 py-3 first:border-l-0">
              <Skeleton className="h-3 w-24" />
              <Skeleton className="h-6 w-16" />
              <Skeleton className="h-3 w-40" />
            </div>
          ))
        : cards.map((card) => (
            <div key={card.title} className="min-w-0 border-line border-l px-4 py-3 first:border-l-0">
              <dt className="text-12 font-medium text-t2">{card.title}</dt>
              <dd className="flex items-baseline gap-2 text-20 font-semi text-t0">
                {card.tone !== undefined && <StatusShape tone={card.tone} label="" className="self-center" />}
                <span className="live-figure">{card.value}</span>
                <small className="text-12 font-regular text-t3">{card.unit}</small>
              </dd>
              <dd className="truncate text-11 text-t3" title={card.under}>
                {card.under}
              </dd>
            </div>
          ))}
    </dl>
  );
}

export function ResiliencePage() {
  const query = useResilience();
  const [selected, setSelected] = useViewParameter('select');
  const edges = query.data;
  const standing = useStanding().data;
  if (edges === undefined && query.isError)
    return <QueryFailure what="Resilience" error={query.error} onRetry={() => void query.refetch()} />;
  const headline = edges === undefined ? { lead: 'Resilience', rest: '' } : headlineOf(edges, standing);
  const chosen = edges?.find(({ id }) => id === selected);
  return (
    <div className="px-6 py-3">
      <div className="flex items-center gap-3">
        <h1 className="min-w-0 flex-1 text-20 font-medium text-t2">
          {headline.lead} <b className="font-semi text-t0">{headline.rest}</b>
        </h1>
        <NewExperiment />
      </div>
      <Cards cards={edges === undefined ? undefined : cardsOf(edges, standing)} />
      <div className="grid grid-cols-[minmax(0,1fr)_344px] items-start gap-3 max-[1359px]:grid-cols-[minmax(0,1fr)_300px]">
        <div className="grid min-w-0 gap-3">
          <Panel
            className="overflow-hidden"
            title="Timeouts and retries"
            sub="by who calls whom, as the caller’s proxy has them"
          >
            {edges === undefined ? (
              <SkeletonRows rows={8} columns={[180, 40, 40, 40, 80, 120]} />
            ) : edges.length === 0 ? (
              <Empty icon={<ShieldCheck aria-hidden="true" size={18} />} title="No calls in this time">
                As soon as a service calls another, what protects the call stands here. Look at a longer time, or at all
                namespaces.
              </Empty>
            ) : (
              <ProtectionTable edges={edges} standing={standing} selected={selected} onSelect={setSelected} />
            )}
          </Panel>
          <div className="grid grid-cols-2 gap-3">
            <BreakersPanel edges={edges ?? []} />
            <LimitsPanel edges={edges ?? []} />
          </div>
          <OverloadPanel edges={edges ?? []} />
        </div>
        <div className="grid gap-3">
          {chosen !== undefined && (
            <ProtectionDetail edge={chosen} standing={standing} onClose={() => setSelected('')} />
          )}
          <FaultsPanel />
          <ExperimentsPanel />
        </div>
      </div>
      <div className="mt-3">
        <LazyPoliciesPanel />
      </div>
    </div>
  );
}
