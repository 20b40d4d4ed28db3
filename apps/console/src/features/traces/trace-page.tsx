'use client';
// One trace: where the time went, hop by hop, and why it failed, in words.
import { useQuery } from '@tanstack/react-query';
import { Repeat2, Workflow, X } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { Badge, Kbd, SeriesDot } from '#components/ui/badge.tsx';
import { ButtonLink, IconButton } from '#components/ui/button.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Empty, Note, Skeleton } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink, useScope, useViewParameter } from '#features/scope/index.ts';
import { duration, inWords, percent, plural } from '#format/number.ts';
import { clockWithMillis } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import type { Span } from '#trpc/contract.ts';
import { type Hop, originOf, type Waterfall, waterfallOf } from './waterfall.ts';

const COLOURS = ['var(--s-1)', 'var(--s-4)', 'var(--s-2)', 'var(--s-3)', 'var(--s-6)', 'var(--s-5)'];
const ROW = 'grid grid-cols-[minmax(260px,38%)_minmax(0,1fr)] items-stretch';
const TICKS = [0, 0.25, 0.5, 0.75];

function useColours(waterfall: Waterfall): ReadonlyMap<string, string> {
  return useMemo(() => {
    const services = [...new Set(waterfall.hops.map((hop) => hop.span.service))];
    return new Map(services.map((service, index) => [service, COLOURS[index] ?? 'var(--s-rest)']));
  }, [waterfall]);
}

/** "UT The request timeout ended…", or the status. */
function resultOf(hop: Hop): string {
  const [flag] = hop.call?.flags ?? [];
  const own = hop.span.flags[0] ?? flag;
  return own ?? (hop.span.status === 0 ? '–' : String(hop.span.status));
}

function CriticalBar({
  waterfall,
  colours,
}: {
  readonly waterfall: Waterfall;
  readonly colours: ReadonlyMap<string, string>;
}) {
  return (
    <section aria-label="Critical path" className="px-5 py-3">
      <p className="mb-1.5 text-11 text-t3">
        <b className="font-medium text-t2">Critical path</b> what the {inWords(duration(waterfall.durationMs))} were
        spent on
      </p>
      <div aria-hidden="true" className="flex h-2 gap-0.5 overflow-hidden rounded-[3px]">
        {waterfall.byService.map(({ service, share }) => (
          <span
            key={service}
            className="block h-full min-w-0.5"
            style={{ width: `${share * 100}%`, background: colours.get(service) }}
          />
        ))}
      </div>
      <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-11">
        {waterfall.byService.slice(0, 8).map(({ service, ms, share }) => (
          <li key={service} className="flex items-center gap-1.5">
            <SeriesDot colour={colours.get(service) ?? ''} />
            <span className="mono text-t2">{service}</span>
            <b className="font-medium text-t0">{inWords(duration(ms))}</b>
            <span className="text-t3">{inWords(percent(share, 1))}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function HopRow({
  hop,
  waterfall,
  colour,
  isSelected,
  onSelect,
}: {
  readonly hop: Hop;
  readonly waterfall: Waterfall;
  readonly colour: string;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}) {
  const left = (ms: number) => `${((ms - waterfall.startMs) / waterfall.durationMs) * 100}%`;
  const width = (ms: number) => `${(ms / waterfall.durationMs) * 100}%`;
  const isWide = hop.durationMs / waterfall.durationMs > 0.12;
  const isLate = (hop.startMs - waterfall.startMs) / waterfall.durationMs > 0.8;
  const attempts = Math.max(hop.span.attempts, hop.call?.attempts ?? 1);
  const fill = hop.isFailed ? 'var(--err)' : colour;
  const time = inWords(duration(hop.durationMs));
  return (
    <button
      type="button"
      data-testid="trace-hop"
      aria-pressed={isSelected}
      onClick={onSelect}
      className={`${ROW} h-[30px] w-full border-line border-b text-left text-12 ${isSelected ? 'bg-accent-tint shadow-[inset_2px_0_0_var(--accent)]' : 'hover:bg-raised'}`}
    >
      <span
        className="flex min-w-0 items-center gap-2 border-line border-r pr-2 pl-5"
        style={{ paddingLeft: 20 + hop.depth * 15 }}
      >
        <SeriesDot colour={colour} />
        <span className="mono shrink-0 text-t0">{hop.span.service}</span>
        <span className="min-w-0 flex-1 truncate text-t2">{hop.span.name}</span>
        {attempts > 1 && (
          <Badge tone="warn">
            <Repeat2 aria-hidden="true" /> {attempts} attempts
          </Badge>
        )}
        <span className={`mono flex items-center gap-1.5 ${hop.isFailed ? 'text-err-text' : 'text-t3'}`}>
          {hop.isFailed && <StatusShape tone="err" size={10} label="failed" />}
          {resultOf(hop)}
        </span>
      </span>
      <span className="relative my-auto mx-3 block h-full">
        <span
          aria-hidden="true"
          className="absolute top-[9px] h-3 min-w-[3px] rounded-[2px]"
          style={{
            left: left(hop.startMs),
            width: width(hop.durationMs),
            background: `color-mix(in oklch, ${fill} 28%, transparent)`,
            boxShadow: `inset 0 0 0 1px ${fill}`,
          }}
        />
        {waterfall.criticalPath
          .filter((segment) => segment.hopId === hop.id)
          .map((segment) => (
            <span
              key={segment.fromMs}
              aria-hidden="true"
              className="absolute top-[23px] h-0.5 min-w-px bg-t0"
              style={{ left: left(segment.fromMs), width: width(segment.toMs - segment.fromMs) }}
            />
          ))}
        <span
          className="absolute top-[7px] whitespace-nowrap text-11 leading-4 text-t1"
          style={
            isWide
              ? { left: `calc(${left(hop.startMs)} + 6px)` }
              : isLate
                ? { right: `calc(100% - ${left(hop.startMs)} + 6px)` }
                : { left: `calc(${left(hop.startMs + hop.durationMs)} + 6px)` }
          }
        >
          {time}
        </span>
      </span>
    </button>
  );
}

function Axis({ durationMs }: { readonly durationMs: number }) {
  return (
    <div className={`${ROW} h-7 border-line border-y text-11 text-t3`}>
      <span className="flex items-center justify-between border-line border-r pr-3 pl-5">
        <span>Span</span>
        <span>Result</span>
      </span>
      <span aria-hidden="true" className="relative mx-3">
        {TICKS.map((tick) => (
          <span key={tick} className="absolute top-1.5" style={{ left: `${tick * 100}%` }}>
            {tick === 0 ? '0' : inWords(duration(durationMs * tick))}
          </span>
        ))}
      </span>
    </div>
  );
}

const HIDDEN = new Set([
  'http.request.method',
  'http.response.status_code',
  'malha.flags',
  'malha.route',
  'malha.policy',
]);

function Tags({ span }: { readonly span: Span }) {
  const own: readonly (readonly [string, string])[] = [
    ['workload', span.workload],
    ['kind', span.kind],
    ['started', clockWithMillis(span.startMs)],
    ...Object.entries(span.attributes)
      .filter(([name, value]) => !HIDDEN.has(name) && value !== '')
      .map(([name, value]) => [name.replace(/^malha\./, ''), String(value)] as const),
  ];
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-12">
      {own
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-t3">{name}</dt>
            <dd className="mono break-all">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function HopPanel({ hop, onClose }: { readonly hop: Hop; readonly onClose: () => void }) {
  const spans = hop.call === null ? [hop.span] : [hop.span, hop.call];
  const flags = spans.flatMap((span) =>
    span.flags.map((flag, index) => ({ flag, words: span.flagWords[index] ?? '', at: span.kind })),
  );
  const route = hop.call?.route || hop.span.route;
  const policy = spans.find((span) => span.policy !== '')?.policy;
  const [namespace, name] = route.split('/');
  return (
    <aside
      aria-label="Selected span"
      className="flex min-h-0 w-[340px] shrink-0 flex-col border-line border-l bg-panel"
      data-testid="span-panel"
    >
      <div className="flex items-start gap-2 border-line border-b px-4 py-3">
        <StatusShape
          tone={hop.isFailed ? 'err' : 'ok'}
          size={14}
          className="mt-[3px]"
          label={hop.isFailed ? 'failed' : 'answered'}
        />
        <div className="min-w-0 flex-1">
          <h2 className="mono truncate font-medium text-t0">{hop.span.service}</h2>
          <p className="truncate text-12 text-t3">
            {hop.span.name} · {inWords(duration(hop.durationMs))}
          </p>
        </div>
        <IconButton label="Close" kind="ghost" size="s" onClick={onClose}>
          <X aria-hidden="true" />
        </IconButton>
      </div>
      <div className="grid min-h-0 content-start gap-4 overflow-auto px-4 py-3 text-12 leading-[18px]">
        <section>
          <h3 className="mb-2 font-semi text-t0">What happened</h3>
          <ul className="grid gap-2">
            {flags.map(({ flag, words, at }) => (
              <li key={`${flag}-${at}`} className="flex gap-2">
                <StatusShape tone="err" label="" className="mt-[3px]" />
                <span>
                  <Badge tone="err" mono>
                    {flag}
                  </Badge>{' '}
                  {words}
                </span>
              </li>
            ))}
            {flags.length === 0 && (
              <li className="flex gap-2">
                <StatusShape tone={hop.isFailed ? 'err' : 'ok'} label="" className="mt-[3px]" />
                {hop.isFailed
                  ? `The service itself answered ${hop.span.status}; no proxy interfered.`
                  : `Answered ${hop.span.status}.`}
              </li>
            )}
            {policy !== undefined && (
              <li>
                Decided by policy <span className="mono text-t0">{policy}</span>.
              </li>
            )}
          </ul>
        </section>
        {route !== '' && namespace !== undefined && name !== undefined && (
          <section>
            <h3 className="mb-2 font-semi text-t0">Route that matched</h3>
            <ScopedLink
              href={`/routes/${namespace}/${name}`}
              className="block rounded-3 border border-control bg-raised px-3 py-2 hover:border-strong"
            >
              <span className="mono text-t0">
                {namespace}/{name}
              </span>{' '}
              <span className="text-t3">rule</span> <span className="mono">{route.split('/')[2] ?? 'default'}</span>
            </ScopedLink>
          </section>
        )}
        <section>
          <h3 className="mb-2 font-semi text-t0">Tags</h3>
          <Tags span={hop.span} />
        </section>
        {hop.call !== null && (
          <section>
            <h3 className="mb-2 font-semi text-t0">As the caller {hop.call.service} saw it</h3>
            <p className="mb-1.5">
              {hop.call.status === 0 ? 'no answer' : hop.call.status} after {inWords(duration(hop.call.durationMs))};{' '}
              {inWords(duration(hop.call.durationMs - hop.span.durationMs))} of that between the two proxies.
            </p>
          </section>
        )}
      </div>
    </aside>
  );
}

function useHopKeys(hops: readonly Hop[], selected: string, onSelect: (id: string) => void) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLElement && event.target.matches('input, textarea, select')) return;
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      if (event.key === 'Escape') return onSelect('');
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0;
      if (step === 0) return;
      const at = hops.findIndex((hop) => hop.id === selected);
      onSelect(hops[Math.min(hops.length - 1, Math.max(0, at + step))]?.id ?? '');
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [hops, selected, onSelect]);
}

function Origin({ hops }: { readonly hops: readonly Hop[] }) {
  const origin = originOf(hops);
  if (origin === undefined) return null;
  const words = [...origin.span.flagWords, ...(origin.call?.flagWords ?? [])].join(' ');
  return (
    <Note tone="err" className="mx-5 mt-3">
      <b className="font-semi text-t0">
        Failed at <span className="mono">{origin.span.service}</span>
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

export function TracePage({ traceId }: { readonly traceId: string }) {
  const trpc = useTRPC();
  const scope = useScope();
  const [selected, setSelected] = useViewParameter('span');
  const query = useQuery(trpc.traces.get.queryOptions({ traceId }, { staleTime: 5_000 }));
  const waterfall = useMemo(() => waterfallOf(query.data?.spans ?? []), [query.data]);
  const colours = useColours(waterfall);
  useHopKeys(waterfall.hops, selected, setSelected);
  if (query.data === undefined) {
    if (!query.isError) return <Loading />;
    return <QueryFailure what="This trace" error={query.error} onRetry={() => void query.refetch()} />;
  }
  const root = waterfall.hops[0];
  if (root === undefined) {
    return (
      <Empty icon={<Workflow aria-hidden="true" size={18} />} title="No span of this trace is kept">
        It was not sampled, or it is older than what is kept.
      </Empty>
    );
  }
  const failed = root.isFailed;
  const hop = waterfall.hops.find((candidate) => candidate.id === selected);
  const services = new Set(waterfall.hops.map((one) => one.span.service));
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="shrink-0 border-line border-b px-5 py-3">
        <div className="flex items-center gap-3">
          <StatusShape tone={failed ? 'err' : 'ok'} size={14} label={failed ? 'failed' : 'answered'} />
          <h1 className="mono text-16 font-semi text-t0">{root.span.name}</h1>
          <Badge tone={failed ? 'err' : 'ok'} mono>
            {root.span.status === 0 ? 'no answer' : root.span.status}
          </Badge>
          <Badge line mono title={traceId}>
            {traceId.slice(0, 12)}
          </Badge>
          <span className="flex-1" />
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
          <span>{plural(query.data.spans.length, 'span')}</span>
        </p>
      </div>
      <div className="flex min-h-0 flex-1">
        <div className="min-w-0 flex-1 overflow-auto">
          {failed && <Origin hops={waterfall.hops} />}
          <CriticalBar waterfall={waterfall} colours={colours} />
          <Axis durationMs={waterfall.durationMs} />
          {waterfall.hops.map((one) => (
            <HopRow
              key={one.id}
              hop={one}
              waterfall={waterfall}
              colour={colours.get(one.span.service) ?? 'var(--s-rest)'}
              isSelected={one.id === selected}
              onSelect={() => setSelected(one.id)}
            />
          ))}
          <p className="flex items-center gap-5 px-5 py-3 text-11 text-t3">
            <span className="flex items-center gap-1.5">
              <i className="h-0.5 w-4 bg-t0" /> critical path
            </span>
            <span className="ml-auto flex items-center gap-1.5">
              <Kbd>j</Kbd>
              <Kbd>k</Kbd> move
            </span>
          </p>
        </div>
        {hop !== undefined && <HopPanel hop={hop} onClose={() => setSelected('')} />}
      </div>
    </div>
  );
}
