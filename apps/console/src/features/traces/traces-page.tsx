'use client';
// Why was this slow or broken? Traces by service, duration and result.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChartGantt, Search } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { Badge } from '#components/ui/badge.tsx';
import { Segment, Select } from '#components/ui/choice.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { TextField } from '#components/ui/field.tsx';
import { Figure } from '#components/ui/figure.tsx';
import { Empty, SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink, useScope, useViewParameter } from '#features/scope/index.ts';
import { duration, plural } from '#format/number.ts';
import { clockWithMillis } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import type { TraceSummary } from '#trpc/contract.ts';
import { outcomeOf, outcomesInWords, outcomeTones, outcomeWords, type TraceOutcome } from './trace-outcome.ts';
import { TraceScatter } from './trace-scatter.tsx';

const LIMIT = 200;
const REFRESH_MS = 5_000;
const TRACE_ID = /^[0-9a-f]{32}$/;
const durations = [
  { value: '0', label: 'any' },
  { value: '100', label: 'over 100 ms' },
  { value: '500', label: 'over 500 ms' },
  { value: '1000', label: 'over 1 s' },
];

const BAR_COLOURS: Readonly<Record<TraceOutcome, string>> = {
  answered: 'var(--s-1)',
  partly: 'var(--warn)',
  refused: 'var(--warn)',
  failed: 'var(--err)',
};

function TraceIdField() {
  const router = useRouter();
  const scope = useScope();
  const [typed, setTyped] = useState('');
  const id = typed.trim().toLowerCase();
  const isInvalid = id !== '' && !TRACE_ID.test(id);
  const open = (event: FormEvent) => {
    event.preventDefault();
    if (TRACE_ID.test(id)) router.push(scope.href(`/traces/${id}`));
  };
  return (
    <form onSubmit={open}>
      <TextField
        aria-label="Open a trace by its id"
        data-page-search=""
        className="w-[300px]"
        mono
        icon={<Search aria-hidden="true" strokeWidth={1.75} />}
        placeholder="Trace id"
        value={typed}
        invalid={isInvalid}
        title={isInvalid ? '32 hex digits' : undefined}
        onChange={(event) => setTyped(event.target.value)}
      />
    </form>
  );
}

/** Without the namespace where the request entered; a name from elsewhere keeps its own. */
function servicesInWords({ services, rootService }: TraceSummary): string {
  const home = `${rootService.split('/')[0] ?? ''}/`;
  return services.map((name) => (name.startsWith(home) ? name.slice(home.length) : name)).join(', ');
}

function Row({ trace, longest }: { readonly trace: TraceSummary; readonly longest: number }) {
  const router = useRouter();
  const scope = useScope();
  const href = `/traces/${trace.traceId}`;
  const outcome = outcomeOf(trace);
  return (
    <tr data-href={href} data-testid="trace-row" onClick={() => router.push(scope.href(href))}>
      <td className="text-t2">{clockWithMillis(trace.startMs)}</td>
      <td>
        <span className="flex items-center gap-2">
          <StatusShape tone={outcomeTones[outcome]} label={outcomeWords[outcome]} />
          <ScopedLink
            href={href}
            className="mono rounded-1 text-t0 hover:underline"
            onClick={(event) => event.stopPropagation()}
          >
            {trace.rootOperation}
          </ScopedLink>
        </span>
      </td>
      <td className="mono text-t2">{trace.rootService}</td>
      <td className={`num ${outcome === 'failed' ? 'font-semi text-err-text' : ''}`}>
        {trace.status === 0 ? '–' : trace.status}
      </td>
      <td className="w-52 min-w-24">
        <span className="block h-1.5 rounded-full bg-track">
          <span
            className="block h-full min-w-0.5 rounded-full"
            style={{
              width: `${(trace.durationMs / longest) * 100}%`,
              background: BAR_COLOURS[outcome],
            }}
          />
        </span>
      </td>
      <td className="num">
        <Figure value={duration(trace.durationMs)} />
      </td>
      <td className="num">{trace.spans}</td>
      <td className="max-w-72 truncate text-t2 max-[1359px]:max-w-44" title={trace.services.join(', ')}>
        {trace.services.length}: {servicesInWords(trace)}
      </td>
      <td className="mono text-t3 max-[1359px]:hidden">{trace.traceId.slice(0, 12)}</td>
    </tr>
  );
}

export function TracesPage() {
  const trpc = useTRPC();
  const scope = useScope();
  const [service, setService] = useViewParameter('service');
  const [errors, setErrors] = useViewParameter('errors');
  const [least, setLeast] = useViewParameter('least', '0');
  const services = useQuery(trpc.services.list.queryOptions({ range: scope.range }, { staleTime: 15_000 })).data;
  const [namespace, name] = service.includes('/') ? service.split('/') : [undefined, service || undefined];
  const onlyNamespace = scope.namespaces.length === 1 ? scope.namespaces[0] : undefined;
  const filterNamespace = namespace ?? onlyNamespace;
  const query = useQuery(
    trpc.traces.search.queryOptions(
      {
        range: scope.range,
        limit: LIMIT,
        ...(filterNamespace && { namespace: filterNamespace }),
        ...(name && { service: name }),
        ...(errors === '1' && { errorsOnly: true }),
        ...(Number(least) > 0 && { minDurationMs: Number(least) }),
      },
      { placeholderData: keepPreviousData, ...(scope.isLive && { refetchInterval: REFRESH_MS }) },
    ),
  );
  if (query.data === undefined && query.isError)
    return <QueryFailure what="Traces" error={query.error} onRetry={() => void query.refetch()} />;
  const traces = query.data;
  const longest = Math.max(1, ...(traces ?? []).map((trace) => trace.durationMs));
  return (
    <div className="px-6 py-3">
      <h1 className="text-20 font-medium text-t2">
        <b className="font-semi text-t0">{traces === undefined ? 'Traces' : plural(traces.length, 'trace')}</b>
        {traces !== undefined && outcomesInWords(traces)}
        {traces?.length === LIMIT && ' The newest are shown.'}
      </h1>
      <div className="my-3 flex gap-2">
        <TraceIdField />
        <Select
          label="Service"
          prefix="through"
          value={service}
          onChange={setService}
          options={[
            { value: '', label: 'any service' },
            ...[
              ...new Set([
                ...(services ?? []).map((row) => `${row.namespace}/${row.name}`),
                ...(service ? [service] : []),
              ]),
            ].map((value) => ({ value, label: value })),
          ]}
        />
        <Select label="Duration" prefix="took" value={least} onChange={setLeast} options={durations} />
        <Segment
          label="Result"
          value={errors === '1' ? 'failed' : 'all'}
          onChange={(value) => setErrors(value === 'failed' ? '1' : '')}
          options={[
            { value: 'all', label: 'All' },
            { value: 'failed', label: 'With failures' },
          ]}
        />
        {query.isFetching && !scope.isLive && <Badge tone="info">searching</Badge>}
      </div>
      {traces !== undefined && traces.length > 1 && <TraceScatter traces={traces} />}
      <div className="panel mt-3 overflow-hidden">
        {traces === undefined ? (
          <SkeletonRows rows={10} columns={[80, 160, 120, 40, 200, 50]} />
        ) : traces.length === 0 ? (
          <Empty icon={<ChartGantt aria-hidden="true" size={18} />} title="No traces here">
            No trace fits in this time. Sampling is 1 % unless a namespace asks for more, and a caller may ask for its
            own request with a <code className="mono">traceparent</code> header.
          </Empty>
        ) : (
          <table className="table">
            <thead>
              <tr>
                <th>Time</th>
                <th>Request</th>
                <th>Entered at</th>
                <th className="num">Result</th>
                <th>
                  <span className="sr-only">Duration compared</span>
                </th>
                <th className="num">Duration</th>
                <th className="num">Spans</th>
                <th>Services</th>
                <th className="max-[1359px]:hidden">Trace</th>
              </tr>
            </thead>
            <tbody>
              {traces.map((trace) => (
                <Row key={trace.traceId} trace={trace} longest={longest} />
              ))}
            </tbody>
          </table>
        )}
      </div>
    </div>
  );
}
