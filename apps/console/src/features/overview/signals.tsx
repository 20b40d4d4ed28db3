'use client';
// The golden signals, and whether the proxies serve what they should.
import type { ReactNode } from 'react';
import { SignalChart, type TimeMark } from '#components/charts/signal-chart.tsx';
import { SeriesDot } from '#components/ui/badge.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ProxySquares, useProxies } from '#features/proxies/index.ts';
import { ScopedLink } from '#features/scope/index.ts';
import { bytes, duration, inWords, type Measure, percent, rate } from '#format/number.ts';
import type { Overview, ProxyRow } from '#trpc/contract.ts';

interface CardProps {
  readonly title: string;
  readonly href: string;
  readonly value: Measure;
  readonly beside: ReactNode;
  readonly under: ReactNode;
  readonly children: ReactNode;
}

function Card({ title, href, value, beside, under, children }: CardProps) {
  return (
    <ScopedLink href={href} className="panel block px-4 py-3 hover:border-control">
      <div className="flex items-center gap-2">
        <span className="text-12 font-medium text-t2">{title}</span>
        <span className="ml-auto text-11 text-t3">{beside}</span>
      </div>
      <div className="mt-0.5 mb-2 flex items-baseline">
        <span className="live-figure text-24 font-semi text-t0">
          {value.text}
          <small className="ml-1 text-13 font-medium text-t3 tracking-normal">{value.unit}</small>
        </span>
        <span className="ml-auto flex items-center gap-1.5 whitespace-nowrap text-11 text-t3">{under}</span>
      </div>
      {children}
    </ScopedLink>
  );
}

/** Least scale of an error chart: half a percent, so that single failures look small. */
const ERRORS_LEAST = 0.005;

function servedInWords(proxies: readonly ProxyRow[]): string {
  const revisions = [...new Set(proxies.flatMap((proxy) => proxy.servedRevision ?? []))].sort((a, b) => a - b);
  if (revisions.length === 0) return '';
  return `${revisions.length === 1 ? 'all on' : 'on'} ${revisions.map((revision) => `r${revision}`).join(', ')}`;
}

function ProxiesCard() {
  const { data } = useProxies();
  if (data === undefined) return <div className="panel h-[141px]" aria-busy="true" />;
  const proxies = data.flatMap((proxy) => (proxy.state === 'out' ? [] : [{ ...proxy, state: proxy.state }]));
  const inSync = proxies.filter((proxy) => proxy.state === 'in-sync').length;
  const cores = proxies.reduce((sum, proxy) => sum + (proxy.cpuCores ?? 0), 0);
  const memory = proxies.reduce((sum, proxy) => sum + (proxy.rssBytes ?? 0), 0);
  const tone = inSync === proxies.length ? 'ok' : 'warn';
  return (
    <Card
      title="Proxies in sync"
      href="/proxies"
      value={{ text: String(inSync), unit: `of ${proxies.length}` }}
      beside={
        <span className="flex items-center gap-1.5">
          {proxies.length > 0 && <StatusShape tone={tone} label="" />}
          {proxies.length === 0
            ? 'none has joined'
            : tone === 'ok'
              ? 'all serve what they should'
              : `${proxies.length - inSync} do not`}
        </span>
      }
      under={`${cores.toFixed(2)} cores · ${inWords(bytes(memory))}`}
    >
      <div className="flex h-[60px] flex-col pt-1">
        <ProxySquares
          proxies={proxies.map((proxy) => ({
            id: `${proxy.namespace}/${proxy.workload}`,
            state: proxy.state === 'in-sync' ? 'active' : proxy.state === 'stale' ? 'pending' : proxy.state,
          }))}
        />
        <span className="mt-auto text-10 text-t3">{servedInWords(proxies)}</span>
      </div>
    </Card>
  );
}

export function Signals({ overview, marks }: { readonly overview: Overview; readonly marks: readonly TimeMark[] }) {
  const { golden, series } = overview;
  const time = {
    startMs: series.startMs,
    endMs: series.startMs + series.stepMs * series.requestsPerSecond.length,
    marks,
  };
  const isFailing = golden.errorRate >= 0.01;
  const errorColour = golden.errorRate > 0.001 ? 'var(--err)' : 'var(--s-1)';
  return (
    <section aria-label="Golden signals" className="mt-3 grid grid-cols-4 gap-3">
      <Card
        title="Traffic"
        href="/topology"
        value={rate(golden.requestsPerSecond, 'req/s')}
        beside=""
        under={golden.retriesPerSecond > 0 ? `${inWords(rate(golden.retriesPerSecond))} retries` : 'no retries'}
      >
        <SignalChart
          {...time}
          label="Requests a second over time"
          lines={[{ name: 'requests', values: series.requestsPerSecond, colour: 'var(--s-1)', isArea: true }]}
        />
      </Card>
      <Card
        title="Errors"
        href="/traces?errors=1"
        value={percent(golden.errorRate)}
        beside={
          isFailing && (
            <span className="flex items-center gap-1 text-err-text">
              <StatusShape tone="err" label="" />
              over 1 %
            </span>
          )
        }
        under={golden.failedPerSecond > 0 ? `${inWords(rate(golden.failedPerSecond))} failed` : 'none failed'}
      >
        <SignalChart
          {...time}
          label="Share of failed requests over time"
          least={ERRORS_LEAST}
          lines={[{ name: 'errors', values: series.errorRate, colour: errorColour, isArea: true }]}
        />
      </Card>
      <Card
        title="Latency p99"
        href="/traces"
        value={duration(golden.p99Ms)}
        beside=""
        under={
          <>
            <span className="flex items-center gap-1.5 max-[1359px]:hidden">
              <SeriesDot colour="var(--s-rest)" /> p50 {inWords(duration(golden.p50Ms))}
            </span>
            <SeriesDot colour="var(--s-1)" /> p95 {inWords(duration(golden.p95Ms))}
          </>
        }
      >
        <SignalChart
          {...time}
          label="Latency percentiles over time"
          lines={[
            { name: 'p50', values: series.p50Ms, colour: 'var(--s-rest)' },
            { name: 'p95', values: series.p95Ms, colour: 'var(--s-1)' },
            { name: 'p99', values: series.p99Ms, colour: 'var(--s-2)' },
          ]}
        />
      </Card>
      <ProxiesCard />
    </section>
  );
}
