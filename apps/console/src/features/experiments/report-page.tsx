'use client';
// The report of one experiment: its hypothesis, the verdict and why, what was measured before, during and after, who was touched.
import type { ReactNode } from 'react';
import { highlightYaml } from '#components/code/highlight-yaml.tsx';
import { Badge } from '#components/ui/badge.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { Note, Skeleton, SkeletonRows } from '#components/ui/states.tsx';
import { momentWithSeconds, span } from '#format/time.ts';
import { standingOf } from './experiment-words.ts';
import { FaultCountdown } from './fault-countdown.tsx';
import { HypothesisTable, TouchedTable } from './report-tables.tsx';
import { ReportTimeline } from './report-timeline.tsx';
import { StopFaults } from './stop-faults.tsx';
import { type ExperimentDetail, useExperiment } from './use-experiments.ts';
import { runningOf, useFaults } from './use-faults.ts';

function Loading() {
  return (
    <div role="status" aria-busy="true" aria-label="Reading the report" className="px-6 py-3">
      <Skeleton className="h-7 w-[420px]" />
      <div className="panel mt-3">
        <SkeletonRows rows={6} columns={[160, 160, 60, 60, 60]} />
      </div>
    </div>
  );
}

/** While it runs: the countdown, and the button that stops every fault. */
function Running({ experiment }: { readonly experiment: ExperimentDetail }) {
  const { faults, nowMs, stopAll, isStopping } = useFaults();
  const running = runningOf(faults, nowMs);
  return (
    <Panel
      title="At work"
      actions={
        running.length > 0 && <StopFaults running={running} nowMs={nowMs} isStopping={isStopping} onStop={stopAll} />
      }
    >
      <div className="border-line border-t px-4 py-3 text-12">
        <FaultCountdown fault={{ startedAtMs: experiment.startedAtMs, endsAtMs: experiment.dueAtMs }} nowMs={nowMs} />
      </div>
    </Panel>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-t3">{name}</dt>
      <dd className="text-t1">{children}</dd>
    </>
  );
}

function Facts({ experiment }: { readonly experiment: ExperimentDetail }) {
  const { target, effects, hypothesis, startedAtMs, startedBy, end, yaml } = experiment;
  const nowMs = Date.now();
  return (
    <Panel title="What was done" className="overflow-hidden">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 border-line border-t px-4 py-3 text-12">
        <Fact name="to">
          {target.kind} <span className="mono text-t0">{target.name}</span>
          {target.rule !== null && (
            <>
              , rule <span className="mono text-t0">{target.rule}</span>
            </>
          )}
        </Fact>
        <Fact name="fault">{effects.join(', ')}</Fact>
        <Fact name="hypothesis">
          {hypothesis.map((statement) => (
            <span key={statement} className="block">
              {statement}
            </span>
          ))}
        </Fact>
        <Fact name="began">
          {momentWithSeconds(startedAtMs, nowMs)}, by {startedBy}
        </Fact>
        {end !== null && (
          <Fact name="ended">
            {momentWithSeconds(end.atMs, nowMs)}, after {span(end.atMs - startedAtMs)}, by {end.by}: {end.reason}
          </Fact>
        )}
      </dl>
      <details className="border-line border-t px-4 py-2 text-12">
        <summary className="cursor-pointer text-t2">The resource</summary>
        <pre className="mono overflow-x-auto pt-2 text-11 leading-4">
          {yaml.split('\n').map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text that does not change
            <span key={index} className="block">
              {highlightYaml(line)}
            </span>
          ))}
        </pre>
      </details>
    </Panel>
  );
}

function Verdict({ experiment }: { readonly experiment: ExperimentDetail }) {
  const { verdict, reason, verdictAtMs } = experiment;
  const { tone } = standingOf(experiment);
  if (verdict !== null)
    return (
      <Note tone={tone} className="my-3">
        {reason}
      </Note>
    );
  return (
    <p className="my-3 text-12 text-t2">
      {verdictAtMs !== null && `A verdict comes at ${momentWithSeconds(verdictAtMs, Date.now())} at the earliest.`}{' '}
      Figures below are those up to now.
    </p>
  );
}

export function ReportPage({ id }: { readonly id: string }) {
  const query = useExperiment(id);
  const experiment = query.data;
  if (experiment === undefined) {
    if (!query.isError) return <Loading />;
    return <QueryFailure what="This experiment" error={query.error} onRetry={() => void query.refetch()} />;
  }
  const { tone, word } = standingOf(experiment);
  const target = experiment.services.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
  return (
    <div className="px-6 py-3" data-testid="experiment-report">
      <h1 className="flex items-center gap-3 text-20 font-semi text-t0">
        <span className="mono">
          {experiment.namespace}/{experiment.name}
        </span>
        <Badge tone={tone} shape>
          {word}
        </Badge>
      </h1>
      <Verdict experiment={experiment} />
      <div className="grid grid-cols-[minmax(0,1fr)_344px] items-start gap-3 max-[1359px]:grid-cols-[minmax(0,1fr)_300px]">
        <div className="grid min-w-0 gap-3">
          <HypothesisTable report={experiment.report} />
          <ReportTimeline experiment={experiment} />
          <TouchedTable report={experiment.report} target={target} />
        </div>
        <div className="grid min-w-0 gap-3">
          {experiment.standing === 'running' && <Running experiment={experiment} />}
          <Facts experiment={experiment} />
        </div>
      </div>
    </div>
  );
}
