'use client';
// The services of an experiment over its whole time: failures and p99, with the beginning and the end of the fault.
import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { LazyTimeChart } from '#components/charts/lazy-time-chart.tsx';
import { SeriesDot } from '#components/ui/badge.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { seriesColour } from '#components/ui/series-colour.ts';
import { duration, percent } from '#format/number.ts';
import { useTRPC } from '#trpc/client.ts';
import type { ServiceDetail } from '#trpc/contract.ts';
import type { ExperimentDetail } from './use-experiments.ts';

const LINES_MAX = 5;
const ERRORS_LEAST = 0.01;
const LATENCY_LEAST_MS = 10;

/** The services that the fault is for, then their callers. */
function servicesOf({ services, report }: ExperimentDetail) {
  const callers = report.phases.during?.callers ?? report.phases.before?.callers ?? [];
  const all = [...services, ...callers.map(({ service }) => service)];
  const byName = new Map(all.map((service) => [`${service.namespace}/${service.name}`, service]));
  return [...byName].slice(0, LINES_MAX).map(([id, service]) => ({ id, ...service }));
}

export function ReportTimeline({ experiment }: { readonly experiment: ExperimentDetail }) {
  const trpc = useTRPC();
  const services = servicesOf(experiment);
  const { range, startedAtMs, end } = experiment;
  const queries = useQueries({
    queries: services.map(({ namespace, name }) =>
      trpc.services.get.queryOptions({ namespace, name, range }, { placeholderData: keepPreviousData, retry: false }),
    ),
  });
  const shown = services.flatMap((service, index) => {
    const detail: ServiceDetail | undefined = queries[index]?.data;
    return detail === undefined ? [] : [{ ...service, series: detail.series, colour: seriesColour(index) }];
  });
  const [first] = shown;
  if (first === undefined) return null;
  const marks = [
    { atMs: startedAtMs, label: 'fault begins', isHot: true },
    ...(end === null ? [] : [{ atMs: end.atMs, label: 'ends', isHot: true }]),
  ];
  const time = { startMs: first.series.startMs, stepMs: first.series.stepMs, marks, height: 150 };
  const lines = (of: 'errorRate' | 'p99Ms') =>
    shown.map(({ id, colour, series }) => ({ name: id, colour, values: series[of] }));
  return (
    <Panel
      title="Over time"
      className="overflow-hidden"
      actions={
        <span className="flex items-center gap-3 truncate text-11 text-t2">
          {shown.map(({ id, colour }) => (
            <span key={id} className="flex items-center gap-1">
              <SeriesDot colour={colour} />
              <span className="mono">{id}</span>
            </span>
          ))}
        </span>
      }
    >
      <div className="grid grid-cols-2 gap-3 border-line border-t px-2 pt-2 pb-1">
        <div>
          <h3 className="px-2 text-11 text-t3">Failed requests</h3>
          <LazyTimeChart
            {...time}
            label="Share of failed requests"
            least={ERRORS_LEAST}
            format={(value) => percent(value)}
            lines={lines('errorRate')}
          />
        </div>
        <div>
          <h3 className="px-2 text-11 text-t3">Latency p99</h3>
          <LazyTimeChart
            {...time}
            label="Latency, 99th percentile"
            least={LATENCY_LEAST_MS}
            format={duration}
            lines={lines('p99Ms')}
          />
        </div>
      </div>
    </Panel>
  );
}
