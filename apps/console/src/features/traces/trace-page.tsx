'use client';
// One trace: where the time went, hop by hop, and why it failed, in words.
import { useQuery } from '@tanstack/react-query';
import { GitCompareArrows, Workflow } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import { Badge } from '#components/ui/badge.tsx';
import { Button, ButtonLink } from '#components/ui/button.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Empty, Note, Skeleton } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useScope, useViewParameter } from '#features/scope/index.ts';
import { duration, inWords, plural } from '#format/number.ts';
import { clockWithMillis } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import { ComparePanel } from './compare-panel.tsx';
import { CriticalBar } from './critical-bar.tsx';
import { groupOf, type Hop } from './hop.ts';
import { HopPanel } from './hop-panel.tsx';
import { HopRows } from './hop-rows.tsx';
import { TraceLegend } from './trace-legend.tsx';
import { TraceScatter } from './trace-scatter.tsx';
import { useHopKeys } from './use-hop-keys.ts';
import { type Others, useOthers } from './use-others.ts';
import { originOf, type Waterfall, waterfallOf } from './waterfall.ts';

/** In the URL: the operator has closed the panel. */
const CLOSED = 'none';

const COLOURS = ['var(--s-1)', 'var(--s-4)', 'var(--s-2)', 'var(--s-3)', 'var(--s-6)', 'var(--s-5)'];

function useColours(waterfall: Waterfall): ReadonlyMap<string, string> {
  return useMemo(() => {
    const calls = waterfall.hops.filter(({ kind }) => kind === 'call' || kind === 'attempt');
    const services = [...new Set(calls.map(groupOf))];
    return new Map([
      ...services.map((service, index) => [service, COLOURS[index] ?? 'var(--s-rest)'] as const),
      // No services: waited for on purpose.
      ...waterfall.hops.flatMap((hop) =>
        hop.kind === 'fault' || hop.kind === 'backoff'
          ? [[groupOf(hop), hop.kind === 'fault' ? 'var(--info)' : 'var(--text-3)'] as const]
          : [],
      ),
    ]);
  }, [waterfall]);
}

function Origin({ hops }: { readonly hops: readonly Hop[] }) {
  const origin = originOf(hops);
  if (origin === undefined) return null;
  const words = [...origin.span.flagWords, ...(origin.call?.flagWords ?? [])].join(' ');
  return (
    <Note tone="err" className="mx-5 mt-3">
      <b className="font-semi text-t0">
        Failed at <span className="mono">{origin.service}</span>
        {origin.depth > 0 && ', and every caller passed it on'}.
      </b>{' '}
      {words || `It answered ${origin.span.status}.`}
    </Note>
  );
}

function Loading() {
  return (
    <div role="status" aria-busy="true" aria-label="Reading the trace" className="grid gap-4 p-5">
      <Skeleton className="h-5 w-72" />
      {[80, 72, 60, 54, 40, 32].map((width) => (
        <Skeleton key={width} className="h-4" style={{ width: `${width}%`, marginLeft: `${80 - width}%` }} />
      ))}
    </div>
  );
}

function Head({
  traceId,
  root,
  waterfall,
  spans,
  onCompare,
}: {
  readonly traceId: string;
  readonly root: Hop;
  readonly waterfall: Waterfall;
  readonly spans: number;
  /** Undefined: there is no good one to compare it with. */
  readonly onCompare: (() => void) | undefined;
}) {
  const scope = useScope();
  const services = new Set(
    waterfall.hops.flatMap(({ span, call }) => [span, ...(call === null ? [] : [call])].map((one) => one.service)),
  );
  return (
    <div className="shrink-0 border-line border-b px-5 py-3">
      <div className="flex items-center gap-3">
        <StatusShape tone={root.isFailed ? 'err' : 'ok'} size={14} label={root.isFailed ? 'failed' : 'answered'} />
        <h1 className="mono truncate text-16 font-semi text-t0">{root.span.name}</h1>
        <Badge tone={root.isFailed ? 'err' : 'ok'} mono>
          {root.span.status === 0 ? 'no answer' : root.span.status}
        </Badge>
        <Badge line mono title={traceId}>
          {traceId.slice(0, 12)}
        </Badge>
        <span className="flex-1" />
        <Button
          disabled={onCompare === undefined}
          title={onCompare === undefined ? 'No good trace of this request in the time that is shown' : undefined}
          onClick={onCompare}
        >
          <GitCompareArrows aria-hidden="true" strokeWidth={1.75} />
          Compare with a good one
        </Button>
        <ButtonLink
          href={scope.href(`/topology?select=${encodeURIComponent(`${root.span.namespace}/${root.span.service}`)}`)}
        >
          <Workflow aria-hidden="true" strokeWidth={1.75} />
          Show on graph
        </ButtonLink>
      </div>
      <p className="mt-1 flex gap-5 text-12 text-t2">
        <span>
          <b className="font-semi text-t0">{inWords(duration(waterfall.durationMs))}</b> total
        </span>
        <span>{clockWithMillis(waterfall.startMs)}</span>
        <span>{plural(services.size, 'service')}</span>
        <span>{plural(spans, 'span')}</span>
        {root.call !== null && (
          <span>
            caller <span className="mono text-t1">{root.call.service}</span>
          </span>
        )}
      </p>
    </div>
  );
}

/** So that its duration can be judged. */
function Neighbours({ others, traceId }: { readonly others: Others; readonly traceId: string }) {
  const { service, traces } = others;
  if (traces.length < 3) return null;
  return (
    <div className="px-5 pb-4">
      <TraceScatter
        traces={traces}
        current={traceId}
        title={`${plural(traces.length, 'trace')} through ${service}`}
        isFlat
      />
    </div>
  );
}

export function TracePage({ traceId }: { readonly traceId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.traces.get.queryOptions({ traceId }, { staleTime: 5_000 }));
  const waterfall = useMemo(() => waterfallOf(query.data?.spans ?? []), [query.data]);
  const colours = useColours(waterfall);
  const root = waterfall.hops[0];
  // What is open at first is what an operator asks for: where it failed, else the whole request.
  const first = originOf(waterfall.hops)?.id ?? root?.id ?? '';
  const [selected, setSelected] = useViewParameter('span', first);
  const select = useCallback((id: string) => setSelected(id === '' ? CLOSED : id), [setSelected]);
  const [comparedWith, setComparedWith] = useViewParameter('with');
  const others = useOthers(traceId, root);
  const { goodOne } = others;
  useHopKeys(waterfall.hops, selected, select);
  if (query.data === undefined) {
    if (!query.isError) return <Loading />;
    return <QueryFailure what="This trace" error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (root === undefined) {
    return (
      <Empty icon={<Workflow aria-hidden="true" size={18} />} title="No span of this trace is kept">
        It was not sampled, or it is older than what is kept.
      </Empty>
    );
  }
  const hop = waterfall.hops.find((candidate) => candidate.id === selected);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Head
        traceId={traceId}
        root={root}
        waterfall={waterfall}
        spans={query.data.spans.length}
        onCompare={goodOne === undefined ? undefined : () => setComparedWith(goodOne.traceId)}
      />
      <div className="flex min-h-0 flex-1">
        <div className="min-w-0 flex-1 overflow-auto">
          {root.isFailed && <Origin hops={waterfall.hops} />}
          {comparedWith !== '' && (
            <ComparePanel waterfall={waterfall} traceId={comparedWith} onClose={() => setComparedWith('')} />
          )}
          <CriticalBar waterfall={waterfall} colours={colours} />
          <HopRows waterfall={waterfall} colours={colours} selected={selected} onSelect={select} />
          <TraceLegend hops={waterfall.hops} />
          <Neighbours others={others} traceId={traceId} />
        </div>
        {hop !== undefined && <HopPanel hop={hop} onClose={() => select('')} />}
      </div>
    </div>
  );
}
