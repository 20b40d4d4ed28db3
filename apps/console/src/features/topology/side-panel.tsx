'use client';
// What is selected on the graph: its figures, why it fails, over time, and where to go from here.
import { flagWords } from '@malha/traffic/flags';
import { useQuery } from '@tanstack/react-query';
import { ChartGantt, Split, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { SignalChart } from '#components/charts/signal-chart.tsx';
import { Badge, SeriesDot } from '#components/ui/badge.tsx';
import { SplitBar } from '#components/ui/bars.tsx';
import { ButtonLink, IconButton } from '#components/ui/button.tsx';
import { Stat } from '#components/ui/figure.tsx';
import { seriesColour } from '#components/ui/series-colour.ts';
import { Note, Skeleton } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useChangeMarks } from '#features/changes/index.ts';
import { useScope } from '#features/scope/index.ts';
import type { Standing } from '#features/standing/index.ts';
import { duration, inWords, percent, rate } from '#format/number.ts';
import { useTRPC } from '#trpc/client.ts';
import type {
  Golden,
  Series,
  ServiceDetail,
  Topology,
  TopologyEdge,
  TopologyNode,
  VersionShare,
} from '#trpc/contract.ts';
import { isFailing, nameOf, nodesById, protocolInWords } from './facts.ts';
import { StandingOfCall, StandingOfNode } from './standing-notes.tsx';

export interface SidePanelProps {
  readonly topology: Topology;
  /** Undefined: not known, or a moment of the past is shown. */
  readonly standing: Standing | undefined;
  readonly selected: string;
  readonly onClose: () => void;
}

function wordsOf(flag: string): string {
  return (flagWords as Readonly<Record<string, string>>)[flag] ?? 'No words are known for this flag.';
}

function Stats({ golden }: { readonly golden: Golden }) {
  const failing = golden.errorRate >= 0.01 ? ('err' as const) : undefined;
  return (
    <dl className="my-3 grid grid-cols-4 gap-2">
      <Stat label="Requests" value={rate(golden.requestsPerSecond)} />
      <Stat label="p50" value={duration(golden.p50Ms)} />
      <Stat label="p95" value={duration(golden.p95Ms)} />
      <Stat label="p99" value={duration(golden.p99Ms)} />
      <Stat label="Errors" value={percent(golden.errorRate)} tone={failing} />
      <Stat label="Failed" value={rate(golden.failedPerSecond)} />
      <Stat label="Retries" value={rate(golden.retriesPerSecond)} />
    </dl>
  );
}

function MiniChart({
  title,
  legend,
  children,
}: {
  readonly title: string;
  readonly legend?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <div className="mt-2 border-line border-t pt-2">
      <div className="mb-1 flex items-center text-11">
        <span className="font-medium text-t2">{title}</span>
        <span className="ml-auto flex items-center gap-1.5 text-t3">{legend}</span>
      </div>
      {children}
    </div>
  );
}

function OverTime({ series, of }: { readonly series: Series; readonly of: string }) {
  const marks = useChangeMarks();
  const time = {
    startMs: series.startMs,
    endMs: series.startMs + series.stepMs * series.requestsPerSecond.length,
    marks,
  };
  const failing = series.errorRate.some((value) => value >= 0.01);
  return (
    <>
      <MiniChart title={`Requests to ${of}`}>
        <SignalChart
          {...time}
          hasAxis={false}
          height={46}
          label={`Requests to ${of} over time`}
          lines={[{ name: 'requests', values: series.requestsPerSecond, colour: 'var(--s-1)', isArea: true }]}
        />
      </MiniChart>
      <MiniChart title="Errors">
        <SignalChart
          {...time}
          hasAxis={false}
          height={46}
          least={0.01}
          label={`Errors of ${of} over time`}
          lines={[
            { name: 'errors', values: series.errorRate, colour: failing ? 'var(--err)' : 'var(--s-1)', isArea: true },
          ]}
        />
      </MiniChart>
      <MiniChart
        title="Latency"
        legend={
          <>
            <SeriesDot colour="var(--s-rest)" />
            p50
            <SeriesDot colour="var(--s-1)" />
            p95
            <SeriesDot colour="var(--s-2)" />
            p99
          </>
        }
      >
        <SignalChart
          {...time}
          height={60}
          label={`Latency of ${of} over time`}
          lines={[
            { name: 'p50', values: series.p50Ms, colour: 'var(--s-rest)' },
            { name: 'p95', values: series.p95Ms, colour: 'var(--s-1)' },
            { name: 'p99', values: series.p99Ms, colour: 'var(--s-2)' },
          ]}
        />
      </MiniChart>
    </>
  );
}

function useService(node: TopologyNode | undefined) {
  const trpc = useTRPC();
  const scope = useScope();
  return useQuery(
    trpc.services.get.queryOptions(
      { namespace: node?.namespace ?? '', name: node?.service ?? '', range: scope.range },
      { enabled: node?.kind === 'service', ...(scope.isLive && { refetchInterval: 4_000 }) },
    ),
  );
}

/** Path of the editor of the first route that acts on a service. */
function routePathOf(detail: Pick<ServiceDetail, 'policies'> | undefined): string | undefined {
  const key = detail?.policies.find((policy) => policy.key.startsWith('HTTPRoute/'))?.key;
  return key?.replace(/^HTTPRoute/, '/routes');
}

/** The service behind a node over time, from all its callers. */
function ServiceOverTime({ node }: { readonly node: TopologyNode }) {
  const query = useService(node);
  if (node.kind !== 'service' || query.isError) return null;
  if (query.data === undefined) return <Skeleton className="mt-4 h-40 w-full" />;
  return <OverTime series={query.data.series} of={node.service} />;
}

function Versions({ versions }: { readonly versions: readonly VersionShare[] }) {
  if (versions.length < 2) return null;
  return (
    <div className="border-line border-t pt-3 pb-1">
      <SplitBar shares={versions.map((version, index) => ({ ...version, colour: seriesColour(index) }))} />
      <ul className="mt-1.5 flex flex-wrap gap-x-3 text-12">
        {versions.map((version, index) => (
          <li key={version.name} className="flex items-center gap-1.5">
            <SeriesDot colour={seriesColour(index)} />
            <span className="mono text-t1">{version.name}</span>
            <span className="text-t2">{inWords(percent(version.share, 1))}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A failing edge whose target makes no failing calls itself is where the errors start. */
function originWords(edge: TopologyEdge, topology: Topology): string | null {
  if (!isFailing(edge)) return null;
  const passedOn = topology.edges.some((other) => other.source === edge.target && isFailing(other));
  return passedOn
    ? 'These errors are passed on: a call further on fails too.'
    : 'The errors start here: nothing that the callee calls fails.';
}

function EdgeBody({
  edge,
  topology,
  target,
}: {
  readonly edge: TopologyEdge;
  readonly topology: Topology;
  readonly target: TopologyNode | undefined;
}) {
  const origin = originWords(edge, topology);
  return (
    <>
      {origin !== null && <Note tone="err">{origin}</Note>}
      <Stats golden={edge.golden} />
      <Versions versions={edge.versions} />
      {edge.flags.length > 0 && (
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2 gap-y-1.5 border-line border-t pt-3 text-12 leading-[18px]">
          {edge.flags.map(({ flag, share }) => (
            <div key={flag} className="contents">
              <dt>
                <Badge tone="err" mono>
                  {flag}
                </Badge>
              </dt>
              <dd>
                {inWords(percent(share))} of the failures: {wordsOf(flag)}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {target !== undefined && <ServiceOverTime node={target} />}
    </>
  );
}

function nodeGolden(node: TopologyNode, topology: Topology): Golden {
  const calls = topology.edges.filter((edge) => edge.target === node.id);
  const [only] = calls;
  const sum = (read: (golden: Golden) => number) => calls.reduce((total, edge) => total + read(edge.golden), 0);
  return {
    requestsPerSecond: node.requestsPerSecond,
    errorRate: node.errorRate,
    p95Ms: node.p95Ms,
    p50Ms: calls.length === 1 ? (only?.golden.p50Ms ?? null) : null,
    p99Ms: calls.length === 1 ? (only?.golden.p99Ms ?? null) : null,
    failedPerSecond: sum((golden) => golden.failedPerSecond),
    retriesPerSecond: sum((golden) => golden.retriesPerSecond),
  };
}

export function SidePanel({ topology, standing, selected, onClose }: SidePanelProps) {
  const scope = useScope();
  const nodes = nodesById(topology);
  const edge = topology.edges.find((candidate) => candidate.id === selected);
  const node = nodes.get(selected);
  const target = edge === undefined ? node : nodes.get(edge.target);
  const source = edge === undefined ? undefined : nodes.get(edge.source);
  const routePath = routePathOf(useService(target).data);
  if (target === undefined) return null;
  const failing = edge === undefined ? target.health === 'err' : isFailing(edge);
  const title =
    edge === undefined ? nameOf(target) : `${source === undefined ? edge.source : nameOf(source)} → ${nameOf(target)}`;
  const sub =
    edge === undefined
      ? target.kind === 'service'
        ? `service in ${target.namespace}`
        : target.kind === 'external'
          ? 'outside the mesh'
          : 'seen, but not in the mesh'
      : `${protocolInWords(edge)}${edge.mtls ? ' over mutual TLS' : ', plain text'}`;
  const isService = target.kind === 'service';
  return (
    <aside
      aria-label={edge === undefined ? 'Selected service' : 'Selected call'}
      className="flex min-h-0 flex-col border-line border-l bg-panel"
      data-testid="side-panel"
    >
      <div className="shrink-0 border-line border-b px-4 py-3">
        <div className="flex items-center gap-2">
          <StatusShape tone={edge === undefined ? target.health : failing ? 'err' : 'ok'} size={14} />
          <h2 className="mono min-w-0 flex-1 truncate font-medium text-t0">{title}</h2>
          <IconButton label="Close" kind="ghost" size="s" onClick={onClose}>
            <X aria-hidden="true" />
          </IconButton>
        </div>
        <div className="pl-[22px] text-12 text-t3">{sub}</div>
      </div>
      <div className="min-h-0 flex-1 overflow-auto px-4 pt-3 pb-4">
        {edge === undefined ? (
          <>
            <StandingOfNode node={target} standing={standing} />
            <Stats golden={nodeGolden(target, topology)} />
            <Versions versions={target.versions} />
            <ServiceOverTime node={target} />
          </>
        ) : (
          <>
            <StandingOfCall edge={edge} nodes={nodes} standing={standing} />
            <EdgeBody edge={edge} topology={topology} target={target} />
          </>
        )}
      </div>
      <div className="flex shrink-0 gap-2 border-line border-t px-4 py-2.5">
        {isService && (
          <ButtonLink href={scope.href(`/services/${target.namespace}/${target.service}`)}>
            Open {target.service}
          </ButtonLink>
        )}
        {routePath !== undefined && (
          <ButtonLink href={scope.href(routePath)}>
            <Split aria-hidden="true" strokeWidth={1.75} />
            Edit route
          </ButtonLink>
        )}
        <ButtonLink
          href={scope.href(
            `/traces?service=${target.namespace === '' ? '' : `${target.namespace}/`}${target.service}${failing ? '&errors=1' : ''}`,
          )}
        >
          <ChartGantt aria-hidden="true" strokeWidth={1.75} />
          Traces
        </ButtonLink>
      </div>
    </aside>
  );
}
