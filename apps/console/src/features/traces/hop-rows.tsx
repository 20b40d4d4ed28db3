'use client';
// The rows of a waterfall: one for each hop, its bar on the time axis, what the critical path took of it.
import { Badge, SeriesDot } from '#components/ui/badge.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { duration, inWords } from '#format/number.ts';
import { groupOf, type Hop } from './hop.ts';
import { HOP_ICONS, iconKindOf } from './hop-icons.ts';
import { labelsOf, resultOf, titleOf } from './hop-words.ts';
import type { Waterfall } from './waterfall.ts';

const ROW = 'grid grid-cols-[minmax(260px,38%)_minmax(0,1fr)] items-stretch';
const TICKS = [0, 0.25, 0.5, 0.75];

const HATCHED = 'repeating-linear-gradient(135deg, currentColor 0 1px, transparent 1px 5px)';

/** Time that was waited for on purpose is hatched, a call is filled, what was given up is dashed. */
function barStyle(hop: Hop, colour: string) {
  if (hop.kind === 'backoff' || hop.kind === 'fault')
    return { color: colour, backgroundImage: HATCHED, boxShadow: `inset 0 0 0 1px ${colour}` };
  const fill = hop.isFailed ? 'var(--err)' : colour;
  if (hop.isGivenUp) return { outline: `1px dashed ${fill}`, outlineOffset: -1 };
  return { background: `color-mix(in oklch, ${fill} 28%, transparent)`, boxShadow: `inset 0 0 0 1px ${fill}` };
}

function Title({ hop, colour }: { readonly hop: Hop; readonly colour: string }) {
  const { name, rest } = titleOf(hop);
  const kind = iconKindOf(hop);
  const Icon = kind === undefined ? undefined : HOP_ICONS[kind];
  return (
    <>
      {Icon === undefined ? (
        <SeriesDot colour={colour} />
      ) : (
        <Icon aria-hidden="true" size={12} strokeWidth={1.75} className="shrink-0 text-t2" />
      )}
      <span className={`mono shrink-0 ${Icon === undefined ? 'text-t0' : 'text-t1'}`}>{name}</span>
      <span className="min-w-0 flex-1 truncate text-t2">{rest}</span>
      {labelsOf(hop).map((label) => (
        <Badge key={label} tone="warn">
          {label}
        </Badge>
      ))}
    </>
  );
}

function HopRow({
  hop,
  waterfall,
  colour,
  isSelected,
  onSelect,
}: {
  readonly hop: Hop;
  readonly waterfall: Waterfall;
  readonly colour: string;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}) {
  const left = (ms: number) => `${((ms - waterfall.startMs) / waterfall.durationMs) * 100}%`;
  const width = (ms: number) => `${(ms / waterfall.durationMs) * 100}%`;
  // Nothing can be read on hatches.
  const isWait = hop.kind === 'backoff' || hop.kind === 'fault';
  const isWide = !isWait && hop.durationMs / waterfall.durationMs > 0.12;
  const isLate = (hop.startMs - waterfall.startMs) / waterfall.durationMs > 0.8;
  const time = inWords(duration(hop.durationMs));
  return (
    <button
      type="button"
      data-testid="trace-hop"
      aria-pressed={isSelected}
      onClick={onSelect}
      className={`${ROW} h-[30px] w-full border-line border-b text-left text-12 ${isSelected ? 'bg-accent-tint shadow-[inset_2px_0_0_var(--accent)]' : 'hover:bg-raised'}`}
    >
      <span
        className="flex min-w-0 items-center gap-2 border-line border-r pr-2 pl-5"
        style={{ paddingLeft: 20 + hop.depth * 15 }}
      >
        <Title hop={hop} colour={colour} />
        <span className={`mono flex items-center gap-1.5 ${hop.isFailed ? 'text-err-text' : 'text-t3'}`}>
          {hop.isFailed && <StatusShape tone="err" size={10} label="failed" />}
          {hop.isMadeGood && <StatusShape tone="warn" size={10} label="failed, and a fallback answered" />}
          {resultOf(hop)}
        </span>
      </span>
      <span className="relative my-auto mx-3 block h-full">
        <span
          aria-hidden="true"
          className="absolute top-[9px] h-3 min-w-[3px] rounded-[2px]"
          style={{ left: left(hop.startMs), width: width(hop.durationMs), ...barStyle(hop, colour) }}
        />
        {waterfall.criticalPath
          .filter((segment) => segment.hopId === hop.id)
          .map((segment) => (
            <span
              key={segment.fromMs}
              aria-hidden="true"
              className="absolute top-[23px] h-0.5 min-w-px bg-t0"
              style={{ left: left(segment.fromMs), width: width(segment.toMs - segment.fromMs) }}
            />
          ))}
        <span
          className="absolute top-[7px] whitespace-nowrap text-11 leading-4 text-t1"
          style={
            isWide
              ? { left: `calc(${left(hop.startMs)} + 6px)` }
              : isLate
                ? { right: `calc(100% - ${left(hop.startMs)} + 6px)` }
                : { left: `calc(${left(hop.startMs + hop.durationMs)} + 6px)` }
          }
        >
          {time}
        </span>
      </span>
    </button>
  );
}

function Axis({ durationMs }: { readonly durationMs: number }) {
  return (
    <div className={`${ROW} h-7 border-line border-y text-11 text-t3`}>
      <span className="flex items-center justify-between border-line border-r pr-3 pl-5">
        <span>Span</span>
        <span>Result</span>
      </span>
      <span aria-hidden="true" className="relative mx-3">
        {TICKS.map((tick) => (
          <span key={tick} className="absolute top-1.5" style={{ left: `${tick * 100}%` }}>
            {tick === 0 ? '0' : inWords(duration(durationMs * tick))}
          </span>
        ))}
      </span>
    </div>
  );
}

export interface HopRowsProps {
  readonly waterfall: Waterfall;
  readonly colours: ReadonlyMap<string, string>;
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}

export function HopRows({ waterfall, colours, selected, onSelect }: HopRowsProps) {
  return (
    <>
      <Axis durationMs={waterfall.durationMs} />
      {waterfall.hops.map((hop) => (
        <HopRow
          key={hop.id}
          hop={hop}
          waterfall={waterfall}
          colour={colours.get(groupOf(hop)) ?? 'var(--s-rest)'}
          isSelected={hop.id === selected}
          onSelect={() => onSelect(hop.id)}
        />
      ))}
    </>
  );
}
