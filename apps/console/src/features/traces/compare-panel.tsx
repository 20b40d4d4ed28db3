'use client';
// This trace beside a good one, call by call: where it went another way, or took longer.
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useMemo } from 'react';
import { IconButton } from '#components/ui/button.tsx';
import { Skeleton } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink } from '#features/scope/index.ts';
import { duration, inWords } from '#format/number.ts';
import { clockWithMillis } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import { inPlainWords } from '#trpc/errors.ts';
import { type ComparedCall, compareTraces, differenceInWords, type Side } from './compare.ts';
import { type Waterfall, waterfallOf } from './waterfall.ts';

/** Durations nearer to each other than this are not called different. */
const SAME_MS = 1;

function SideCells({ side }: { readonly side: Side | null }) {
  if (side === null)
    return (
      <td colSpan={2} className="num text-t3">
        not called
      </td>
    );
  return (
    <>
      <td className={`num mono ${side.isFailed ? 'text-err-text' : 'text-t2'}`}>
        <span className="inline-flex items-center gap-1.5">
          {side.isFailed && <StatusShape tone="err" size={10} label="failed" />}
          {side.result}
        </span>
      </td>
      <td className="num">{inWords(duration(side.durationMs))}</td>
    </>
  );
}

function gainInWords({ here, there }: ComparedCall): string {
  if (here === null || there === null) return '';
  const gain = here.durationMs - there.durationMs;
  if (Math.abs(gain) < SAME_MS) return 'the same';
  return `${gain > 0 ? '+' : '−'}${inWords(duration(Math.abs(gain)))}`;
}

function Row({ call }: { readonly call: ComparedCall }) {
  return (
    <tr data-testid="compared-call">
      <td>
        <span className="flex min-w-0 gap-2" style={{ paddingLeft: call.depth * 15 }}>
          <span className="mono text-t0">{call.service}</span>
          <span className="truncate text-t2">{call.operation}</span>
        </span>
      </td>
      <SideCells side={call.here} />
      <SideCells side={call.there} />
      <td className="num text-t2">{gainInWords(call)}</td>
    </tr>
  );
}

export interface ComparePanelProps {
  readonly waterfall: Waterfall;
  /** The trace that it is compared with. */
  readonly traceId: string;
  readonly onClose: () => void;
}

export function ComparePanel({ waterfall, traceId, onClose }: ComparePanelProps) {
  const trpc = useTRPC();
  const query = useQuery(trpc.traces.get.queryOptions({ traceId }, { staleTime: 60_000 }));
  const other = useMemo(() => waterfallOf(query.data?.spans ?? []), [query.data]);
  const calls = useMemo(() => compareTraces(waterfall, other), [waterfall, other]);
  return (
    <section aria-label="Compared with a good trace" className="panel mx-5 mt-3 overflow-hidden" data-testid="compare">
      <header className="flex items-center gap-2 px-4 py-2 text-12 text-t2">
        <p className="min-w-0 flex-1">
          {query.data === undefined ? (
            query.isError ? (
              `The other trace cannot be read: ${inPlainWords(query.error)}`
            ) : (
              <Skeleton className="h-3 w-72" />
            )
          ) : (
            <>
              <b className="font-semi text-t0">{differenceInWords(calls)}</b> Compared with{' '}
              <ScopedLink href={`/traces/${traceId}`} className="mono link">
                {traceId.slice(0, 12)}
              </ScopedLink>{' '}
              of {clockWithMillis(other.startMs)}.
            </>
          )}
        </p>
        <IconButton label="Close the comparison" kind="ghost" size="s" onClick={onClose}>
          <X aria-hidden="true" />
        </IconButton>
      </header>
      {query.data !== undefined && (
        <table className="table">
          <thead>
            <tr>
              <th>Call</th>
              <th className="num" colSpan={2}>
                Here
              </th>
              <th className="num" colSpan={2}>
                There
              </th>
              <th className="num">Difference</th>
            </tr>
          </thead>
          <tbody>
            {calls.map((call) => (
              <Row key={`${call.id} ${call.here === null}`} call={call} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
