'use client';
// Durations of the found traces over time, on a logarithmic scale; each point opens its trace.
import { useRouter } from 'next/navigation';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useScope } from '#features/scope/index.ts';
import { duration, inWords } from '#format/number.ts';
import { clock } from '#format/time.ts';
import type { TraceSummary } from '#trpc/contract.ts';
import { outcomeOf, outcomeWords, type TraceOutcome } from './trace-outcome.ts';

const HEIGHT = 88;
/** Told apart by shape as well as by colour. */
const POINTS: Readonly<Record<TraceOutcome, string>> = {
  answered: 'rounded-full bg-s1 opacity-80',
  partly: 'rounded-[1px] bg-warn',
  refused: 'rounded-[1px] bg-warn',
  failed: 'rotate-45 rounded-[1px] bg-err',
};

export interface TraceScatterProps {
  readonly traces: readonly TraceSummary[];
  /** The trace that is open: ringed. */
  readonly current?: string;
  readonly title?: string;
  /** Without a panel of its own. */
  readonly isFlat?: boolean;
}

export function TraceScatter({ traces, current, title, isFlat = false }: TraceScatterProps) {
  const router = useRouter();
  const scope = useScope();
  const starts = traces.map((trace) => trace.startMs);
  const from = Math.min(...starts);
  const to = Math.max(...starts, from + 1);
  const logs = traces.map((trace) => Math.log10(Math.max(1, trace.durationMs)));
  const bottom = Math.floor(Math.min(...logs));
  const top = Math.max(bottom + 1, Math.ceil(Math.max(...logs)));
  const y = (ms: number) => 100 - ((Math.log10(Math.max(1, ms)) - bottom) / (top - bottom)) * 100;
  const powers = Array.from({ length: top - bottom + 1 }, (_, index) => 10 ** (bottom + index));
  return (
    <figure
      className={isFlat ? 'border-line border-t pt-3 pb-6' : 'panel px-4 pt-3 pb-6'}
      aria-label="Durations over time"
    >
      <figcaption className="mb-3 flex items-center gap-3 text-11 text-t3">
        {title !== undefined && <b className="font-medium text-t2">{title}</b>}
        duration, logarithmic
        <span className="ml-auto flex items-center gap-1.5">
          <i className="size-2 rounded-full bg-s1" /> answered
        </span>
        <span className="flex items-center gap-1.5">
          <i className="size-2 rounded-[1px] bg-warn" /> a call failed, or 4xx
        </span>
        <span className="flex items-center gap-1.5">
          <StatusShape tone="err" size={10} label="" /> failed
        </span>
        {current !== undefined && (
          <span className="flex items-center gap-1.5">
            <i className="size-2 rounded-full shadow-[0_0_0_2px_var(--text-0)]" /> this one
          </span>
        )}
      </figcaption>
      <div className="relative ml-14" style={{ height: HEIGHT }}>
        {powers.map((ms) => (
          <div
            key={ms}
            aria-hidden="true"
            className="absolute inset-x-0 border-line border-t"
            style={{ top: `${y(ms)}%` }}
          >
            <span className="absolute right-full -translate-y-1/2 whitespace-nowrap pr-2 text-10 text-t3">
              {inWords(duration(ms))}
            </span>
          </div>
        ))}
        {traces.map((trace) => {
          const outcome = outcomeOf(trace);
          const words = `${trace.rootOperation}, ${inWords(duration(trace.durationMs))}, ${outcomeWords[outcome]}`;
          return (
            <button
              key={trace.traceId}
              type="button"
              tabIndex={-1}
              aria-label={words}
              title={words}
              onClick={() => router.push(scope.href(`/traces/${trace.traceId}`))}
              className={`absolute size-2 -translate-x-1/2 -translate-y-1/2 hover:scale-150 ${trace.traceId === current ? 'z-1 shadow-[0_0_0_2px_var(--text-0)]' : ''} ${POINTS[outcome]}`}
              style={{ left: `${((trace.startMs - from) / (to - from)) * 100}%`, top: `${y(trace.durationMs)}%` }}
            />
          );
        })}
        <div aria-hidden="true" className="absolute inset-x-0 top-full flex justify-between pt-1.5 text-10 text-t3">
          <span>{clock(from)}</span>
          <span>{clock(to)}</span>
        </div>
      </div>
    </figure>
  );
}
