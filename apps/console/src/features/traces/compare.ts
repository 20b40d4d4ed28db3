// A trace beside a good one of the same request: which calls took longer, failed, or are in one of the two only. Pure.
import { duration, inWords } from '#format/number.ts';
import type { TraceSummary } from '#trpc/contract.ts';
import type { Hop } from './hop.ts';
import { resultOf } from './hop-words.ts';
import { outcomeOf } from './trace-outcome.ts';
import type { Waterfall } from './waterfall.ts';

export interface Side {
  readonly durationMs: number;
  /** Of the time that the whole request waited for it, and for nothing below it. */
  readonly ownMs: number;
  readonly result: string;
  readonly isFailed: boolean;
}

export interface ComparedCall {
  readonly id: string;
  readonly service: string;
  readonly operation: string;
  readonly depth: number;
  /** Null: the call is not in this trace. */
  readonly here: Side | null;
  readonly there: Side | null;
}

interface Call {
  /** The same for calls of one service by one method from one place, in their order. */
  readonly key: string;
  readonly hop: Hop;
  readonly side: Side;
  readonly children: Call[];
}

/** Below this, two durations are the same for an operator. */
const SAME_MS = 5;

/** Of the good traces that entered by the same request, the one of the middle duration. */
export function goodOneOf(
  traces: readonly TraceSummary[],
  { traceId, operation }: { readonly traceId: string; readonly operation: string },
): TraceSummary | undefined {
  const good = traces.filter((trace) => trace.traceId !== traceId && outcomeOf(trace) === 'answered');
  const same = good.filter(({ rootOperation }) => rootOperation === operation);
  // Paths hold ids: /books/7 is asked as /books/3 is.
  const alike = good.filter(({ rootOperation }) => shapeOf(rootOperation) === shapeOf(operation));
  const chosen = [...(same.length > 0 ? same : alike)].sort((a, b) => a.durationMs - b.durationMs);
  return chosen[Math.floor(chosen.length / 2)];
}

export function compareTraces(here: Waterfall, there: Waterfall): readonly ComparedCall[] {
  return merged(callsOf(here), callsOf(there), 0);
}

/** What differs most, in a sentence. */
export function differenceInWords(calls: readonly ComparedCall[]): string {
  const broken = calls.filter(({ here, there }) => here?.isFailed === true && there?.isFailed === false);
  const deepest = broken.reduce<ComparedCall | undefined>(
    (found, call) => (found === undefined || call.depth > found.depth ? call : found),
    undefined,
  );
  if (deepest !== undefined)
    return `${deepest.service} failed here (${deepest.here?.result}) and answered ${deepest.there?.result} there.`;
  const lone = calls.find(({ here, there }) => there === null && here?.isFailed === true);
  if (lone !== undefined) return `The call of ${lone.service} that failed here is not in the other one.`;
  const slower = [...calls].sort((a, b) => gainOf(b) - gainOf(a))[0];
  if (slower !== undefined && gainOf(slower) >= SAME_MS)
    return `${slower.service} took ${inWords(duration(gainOf(slower)))} more here, by itself.`;
  return 'No call was slower here than there.';
}

function gainOf({ here, there }: ComparedCall): number {
  return (here?.ownMs ?? 0) - (there?.ownMs ?? 0);
}

function shapeOf(operation: string): string {
  return operation.replace(/\/[^/]*\d[^/]*/g, '/{id}');
}

/** The calls as a tree; attempts and what was waited for on purpose are parts of their call. */
function callsOf({ hops, criticalPath }: Waterfall): readonly Call[] {
  const roots: Call[] = [];
  const open: Call[] = [];
  for (const hop of hops) {
    if (hop.kind !== 'call') continue;
    while ((open.at(-1)?.hop.depth ?? -1) >= hop.depth) open.pop();
    const siblings = open.at(-1)?.children ?? roots;
    const name = `${hop.service} ${hop.span.name.split(' ')[0]}`;
    const earlier = siblings.filter(({ key }) => key.startsWith(`${name} `)).length;
    const own = criticalPath.filter(({ hopId }) => hopId === hop.id);
    const side = {
      durationMs: hop.durationMs,
      ownMs: own.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0),
      result: resultOf(hop),
      isFailed: hop.isFailed,
    };
    const call: Call = { key: `${name} ${earlier}`, hop, side, children: [] };
    siblings.push(call);
    open.push(call);
  }
  return roots;
}

function merged(here: readonly Call[], there: readonly Call[], depth: number): readonly ComparedCall[] {
  const others = new Map(there.map((call) => [call.key, call]));
  const known = new Set(here.map(({ key }) => key));
  return [
    ...here.flatMap((call) => {
      const other = others.get(call.key);
      return [
        comparedOf(call, depth, { here: call.side, there: other?.side ?? null }),
        ...merged(call.children, other?.children ?? [], depth + 1),
      ];
    }),
    ...there
      .filter(({ key }) => !known.has(key))
      .flatMap((call) => [
        comparedOf(call, depth, { here: null, there: call.side }),
        ...merged([], call.children, depth + 1),
      ]),
  ];
}

function comparedOf({ hop }: Call, depth: number, sides: Pick<ComparedCall, 'here' | 'there'>): ComparedCall {
  return { id: hop.id, service: hop.service, operation: hop.span.name, depth, ...sides };
}
