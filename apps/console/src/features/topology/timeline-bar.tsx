'use client';
// The scrubber under the graph: traffic and errors over time, a mark for each change, and the moment that is shown.
import { Pause, Play, SkipBack, SkipForward } from 'lucide-react';
import type { TimeMark } from '#components/charts/signal-chart.tsx';
import { Button, IconButton } from '#components/ui/button.tsx';
import { Select } from '#components/ui/choice.tsx';
import { useChangeMarks } from '#features/changes/index.ts';
import { inWords, percent, rateShort } from '#format/number.ts';
import { clock, clockWithSeconds } from '#format/time.ts';
import type { Series } from '#trpc/contract.ts';
import { type Bar, barsOf, changeBeside, stepOf } from './replay.ts';
import type { Timeline } from './use-timeline.ts';

const SPEEDS = [1, 2, 4, 8].map((speed) => ({ value: String(speed), label: `${speed}×` }));
const HEIGHT = 22;
/** From this share of failed requests on a bar is red. */
const FAILING = 0.01;
/** Labels of changes nearer than this share of the width would cover each other: only their lines are drawn. */
const LABEL_ROOM = 0.06;

function Bars({ bars, shown }: { readonly bars: readonly Bar[]; readonly shown: number }) {
  const top = Math.max(1, ...bars.map((bar) => bar.requestsPerSecond));
  return (
    <svg
      aria-hidden="true"
      className="absolute inset-x-0 bottom-4 w-full"
      height={HEIGHT}
      viewBox={`0 0 ${Math.max(1, bars.length)} ${HEIGHT}`}
      preserveAspectRatio="none"
    >
      {bars.map((bar, index) => {
        const height = bar.requestsPerSecond === 0 ? 1 : Math.max(2, (bar.requestsPerSecond / top) * HEIGHT);
        return (
          <rect
            key={bar.startMs}
            x={index + 0.08}
            y={HEIGHT - height}
            width={0.84}
            height={height}
            fill={bar.errorRate >= FAILING ? 'var(--err)' : 'var(--line-strong)'}
            opacity={index < shown ? 1 : 0.4}
          />
        );
      })}
    </svg>
  );
}

/** Changes in sight with their place, 0..1; a label only where there is room after the one before. */
function placedMarks(marks: readonly TimeMark[], startMs: number, endMs: number) {
  let free = 0;
  return marks
    .filter(({ atMs }) => atMs >= startMs && atMs <= endMs)
    .sort((a, b) => a.atMs - b.atMs)
    .map((mark) => {
      const left = (mark.atMs - startMs) / (endMs - startMs);
      const hasLabel = left >= free && left <= 1 - LABEL_ROOM;
      if (hasLabel) free = left + LABEL_ROOM;
      return { ...mark, left, hasLabel };
    });
}

function Marks({ marks, startMs, endMs }: { readonly marks: readonly TimeMark[]; startMs: number; endMs: number }) {
  return placedMarks(marks, startMs, endMs).map((mark) => (
    <span key={`${mark.label}-${mark.atMs}`} title={`${mark.label}, ${clockWithSeconds(mark.atMs)}`}>
      <i
        aria-hidden="true"
        className={`absolute top-1 bottom-4 border-l ${mark.isHot ? 'border-warn' : 'border-strong border-dashed'}`}
        style={{ left: `${mark.left * 100}%` }}
      />
      {mark.hasLabel && (
        <span
          className="mono absolute top-0 ml-1 rounded-1 bg-panel px-0.5 text-10 text-t1"
          style={{ left: `${mark.left * 100}%` }}
        >
          {mark.label}
        </span>
      )}
    </span>
  ));
}

function valueInWords(series: Series, step: number, { atMs, isLiveRange }: Timeline): string {
  const bar = barsOf(series)[step - 1];
  if (atMs === null || bar === undefined) return isLiveRange ? 'now, live' : 'the whole range';
  const time = clockWithSeconds(bar.startMs + series.stepMs);
  return `${time}, ${rateShort(bar.requestsPerSecond)} requests a second, ${inWords(percent(bar.errorRate))} failed`;
}

function Track({ series, timeline, marks }: { series: Series; timeline: Timeline; marks: readonly TimeMark[] }) {
  const bars = barsOf(series);
  const endMs = series.startMs + bars.length * series.stepMs;
  const step = stepOf(timeline.atMs, series);
  return (
    <div className="relative h-full min-w-0 flex-1">
      <Bars bars={bars} shown={step} />
      <Marks marks={marks} startMs={series.startMs} endMs={endMs} />
      <i
        aria-hidden="true"
        className="absolute top-1 bottom-4 w-0.5 -translate-x-1/2 rounded-full bg-(--accent)"
        style={{ left: `${(step / Math.max(1, bars.length)) * 100}%` }}
      />
      <span aria-hidden="true" className="absolute bottom-0 left-0 text-10 text-t3">
        {clock(series.startMs)}
      </span>
      <span aria-hidden="true" className="absolute right-0 bottom-0 text-10 text-t3">
        {clock(endMs)}
      </span>
      <input
        type="range"
        aria-label="Moment that the graph shows"
        aria-valuetext={valueInWords(series, step, timeline)}
        min={1}
        max={Math.max(1, bars.length)}
        step={1}
        value={step}
        className="timeline-thumb absolute inset-0 size-full cursor-ew-resize opacity-0"
        onChange={(event) => {
          const next = Number(event.target.value);
          timeline.seek(next >= bars.length ? null : series.startMs + next * series.stepMs);
        }}
      />
    </div>
  );
}

export function TimelineBar({ timeline }: { readonly timeline: Timeline }) {
  const marks = useChangeMarks();
  const { series, atMs, isPlaying } = timeline;
  if (series === undefined || series.requestsPerSecond.length === 0) {
    return <div aria-busy="true" className="h-16 shrink-0 border-line border-t bg-panel" />;
  }
  const endMs = series.startMs + series.requestsPerSecond.length * series.stepMs;
  const inSight = marks.filter((mark) => mark.atMs > series.startMs && mark.atMs < endMs);
  const jump = (direction: -1 | 1) => changeBeside(inSight, (atMs ?? endMs) - 1, direction);
  const seekChange = (direction: -1 | 1) => {
    const change = jump(direction);
    // One step on, so that the slice shows what the change did.
    if (change !== undefined) timeline.seek(Math.min(endMs, change + series.stepMs));
  };
  return (
    <section
      aria-label="Timeline"
      className="flex h-16 shrink-0 items-center gap-2 border-line border-t bg-panel px-4 py-2 has-[input:focus-visible]:shadow-[inset_0_0_0_2px_var(--accent)]"
      data-testid="timeline"
      data-at={atMs ?? 'live'}
    >
      <IconButton label={isPlaying ? 'Pause the replay' : 'Replay from the beginning'} onClick={timeline.toggle}>
        {isPlaying ? <Pause aria-hidden="true" strokeWidth={1.75} /> : <Play aria-hidden="true" strokeWidth={1.75} />}
      </IconButton>
      <Select
        label="Speed of the replay"
        value={String(timeline.speed)}
        options={SPEEDS}
        onChange={(speed) => timeline.setSpeed(Number(speed))}
      />
      <IconButton
        label="To the change before"
        kind="ghost"
        disabled={jump(-1) === undefined}
        onClick={() => seekChange(-1)}
      >
        <SkipBack aria-hidden="true" strokeWidth={1.75} />
      </IconButton>
      <Track series={series} timeline={timeline} marks={marks} />
      <IconButton
        label="To the change after"
        kind="ghost"
        disabled={jump(1) === undefined}
        onClick={() => seekChange(1)}
      >
        <SkipForward aria-hidden="true" strokeWidth={1.75} />
      </IconButton>
      {atMs === null ? (
        <span className="w-24 text-right text-12 text-t2">{timeline.isLiveRange ? 'Live' : 'Whole range'}</span>
      ) : (
        <Button className="w-24 justify-center" onClick={() => timeline.seek(null)}>
          {timeline.isLiveRange ? 'Back to live' : 'Whole range'}
        </Button>
      )}
    </section>
  );
}
