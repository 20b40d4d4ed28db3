'use client';
// One service over time: by version, errors, latency; and what it answers.
import { LazyTimeChart } from '#components/charts/lazy-time-chart.tsx';
import { SeriesDot } from '#components/ui/badge.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { seriesColour } from '#components/ui/series-colour.ts';
import { useChangeMarks } from '#features/changes/index.ts';
import { duration, inWords, percent, rate, rateShort } from '#format/number.ts';
import type { ServiceDetail } from '#trpc/contract.ts';

/** Least scales: a single failure, or a millisecond, does not fill a chart. */
const ERRORS_LEAST = 0.01;
const LATENCY_LEAST_MS = 10;

function Codes({ codes }: Pick<ServiceDetail, 'codes'>) {
  const total = codes.reduce((sum, code) => sum + code.perSecond, 0);
  if (total === 0) return <p className="px-4 py-3 text-12 text-t2">No answers in this time.</p>;
  return (
    <ul className="grid gap-1.5 px-4 py-3 text-12">
      {[...codes]
        .sort((a, b) => b.perSecond - a.perSecond)
        .slice(0, 5)
        .map(({ status, perSecond }) => (
          <li key={status} className="grid grid-cols-[36px_minmax(0,1fr)_auto] items-center gap-2">
            <span className={`mono ${status >= 500 ? 'text-err-text' : 'text-t1'}`}>
              {status === 0 ? 'none' : status}
            </span>
            <span className="h-1.5 rounded-full bg-track">
              <span
                className="block h-full min-w-0.5 rounded-full"
                style={{
                  width: `${(perSecond / total) * 100}%`,
                  background: status >= 500 || status === 0 ? 'var(--err)' : 'var(--s-1)',
                }}
              />
            </span>
            <span className="text-t2">{inWords(rate(perSecond))}</span>
          </li>
        ))}
    </ul>
  );
}

export function ServiceCharts({ detail }: { readonly detail: ServiceDetail }) {
  const marks = useChangeMarks();
  const { series, byVersion, codes } = detail;
  const time = { startMs: series.startMs, stepMs: series.stepMs, marks };
  const legend = (of: (index: number) => string) => (
    <span className="flex items-center gap-2 truncate text-11 text-t2">
      {byVersion.slice(0, 3).map((version, index) => (
        <span key={version.name} className="flex items-center gap-1">
          <SeriesDot colour={seriesColour(index)} />
          {version.name} <b className="font-semi text-t0">{of(index)}</b>
        </span>
      ))}
    </span>
  );
  return (
    <section aria-label="Over time" className="grid grid-cols-4 gap-3">
      <Panel title="By version" actions={legend((index) => rateShort(byVersion[index]?.golden.requestsPerSecond))}>
        <div className="px-2 pt-2 pb-1">
          <LazyTimeChart
            {...time}
            label="Requests a second by version"
            least={1}
            format={(value) => rate(value, '')}
            lines={byVersion.map((version, index) => ({
              name: version.name,
              colour: seriesColour(index),
              values: version.series.requestsPerSecond,
            }))}
          />
        </div>
      </Panel>
      <Panel
        title="Errors"
        actions={<b className="text-11 font-semi">{inWords(percent(detail.row.golden.errorRate))}</b>}
      >
        <div className="px-2 pt-2 pb-1">
          <LazyTimeChart
            {...time}
            label="Share of failed requests"
            least={ERRORS_LEAST}
            format={(value) => percent(value)}
            lines={[{ name: 'errors', colour: 'var(--err)', values: series.errorRate }]}
          />
        </div>
      </Panel>
      <Panel title="Latency p99" actions={legend((index) => inWords(duration(byVersion[index]?.golden.p99Ms)))}>
        <div className="px-2 pt-2 pb-1">
          <LazyTimeChart
            {...time}
            label="Latency by version, 99th percentile"
            least={LATENCY_LEAST_MS}
            format={duration}
            lines={byVersion.map((version, index) => ({
              name: version.name,
              colour: seriesColour(index),
              values: version.series.p99Ms,
            }))}
          />
        </div>
      </Panel>
      <Panel title="By code">
        <Codes codes={codes} />
      </Panel>
    </section>
  );
}
