'use client';
// A chart over time with axes, change marks and the values under the pointer (Recharts).
import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { inWords, type Measure } from '#format/number.ts';
import { clock, clockWithSeconds } from '#format/time.ts';
import { scaleOf, type Value } from './path.ts';
import type { TimeMark } from './signal-chart.tsx';

export interface TimeLine {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly Value[];
}

export interface TimeChartProps {
  readonly label: string;
  readonly startMs: number;
  readonly stepMs: number;
  readonly lines: readonly TimeLine[];
  readonly marks: readonly TimeMark[];
  readonly format: (value: number) => Measure;
  readonly height?: number;
  /** The scale reaches at least to here, so that noise near zero looks like noise. */
  readonly least?: number;
}

interface Row {
  readonly atMs: number;
  readonly values: readonly Value[];
}

/** On an axis a figure needs no digits that are always zero: 30, not 30.0. */
function roundInWords({ text, unit }: Measure): string {
  return inWords({ text: text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, ''), unit });
}

function Values({
  active,
  row,
  lines,
  format,
}: {
  readonly active: boolean;
  readonly row: Row | undefined;
  readonly lines: readonly TimeLine[];
  readonly format: (value: number) => Measure;
}) {
  if (!active || row === undefined) return null;
  return (
    <div className="menu px-2.5 py-1.5 text-11">
      <div className="text-t3">{clockWithSeconds(row.atMs)}</div>
      {lines.map((line, index) => {
        const value = row.values[index];
        return (
          <div key={line.name} className="flex items-center gap-1.5">
            <i className="size-2 rounded-[2px]" style={{ background: line.colour }} />
            <span className="text-t2">{line.name}</span>
            <b className="ml-auto pl-3 font-medium text-t0">
              {value === null || value === undefined ? '–' : inWords(format(value))}
            </b>
          </div>
        );
      })}
    </div>
  );
}

interface TickProps {
  readonly x?: number | string;
  readonly y?: number | string;
  readonly index?: number;
  readonly payload?: { readonly value?: number };
}

const ANCHORS = ['start', 'middle', 'end'] as const;

/** The first time stands right of its tick and the last one left of it, so that neither is cut off. */
function TimeTick({ x, y, index = 0, payload }: TickProps) {
  return (
    <text x={x} y={y} dy={10} textAnchor={ANCHORS[index] ?? 'middle'} fontSize={10} fill="var(--text-3)">
      {clock(payload?.value ?? 0)}
    </text>
  );
}

export function TimeChart(props: TimeChartProps) {
  const { label, startMs, stepMs, lines, marks, format, height = 116, least = 0 } = props;
  const length = Math.max(0, ...lines.map((line) => line.values.length));
  const rows: Row[] = Array.from({ length }, (_, index) => ({
    atMs: startMs + stepMs * (index + 1),
    values: lines.map((line) => line.values[index] ?? null),
  }));
  const endMs = startMs + stepMs * length;
  const scale = scaleOf(
    lines.map((line) => line.values),
    least,
  );
  return (
    <figure aria-label={label} className="chart" style={{ height }}>
      <ResponsiveContainer width="100%" height="100%">
        <LineChart data={rows} margin={{ top: 14, right: 8, bottom: 0, left: 0 }} accessibilityLayer>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="atMs"
            type="number"
            domain={[startMs, endMs]}
            ticks={[startMs, (startMs + endMs) / 2, endMs]}
            interval={0}
            tickLine={false}
            axisLine={false}
            tick={TimeTick}
            height={18}
          />
          <YAxis
            width={44}
            ticks={[0, scale / 2, scale]}
            domain={[0, scale]}
            interval={0}
            tickFormatter={(value: number) => (value === 0 ? '0' : roundInWords(format(value)))}
            tickLine={false}
            axisLine={false}
            tick={{ fontSize: 10, fill: 'var(--text-3)' }}
          />
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: 'var(--line-strong)' }}
            content={({ active, payload }) => {
              const row: unknown = payload?.[0]?.payload;
              return <Values active={active} row={row as Row | undefined} lines={lines} format={format} />;
            }}
          />
          {marks
            .filter((mark) => mark.atMs >= startMs && mark.atMs <= endMs)
            .map((mark) => (
              <ReferenceLine
                key={mark.label}
                x={mark.atMs}
                stroke={mark.isHot ? 'var(--warn)' : 'var(--line-strong)'}
                {...(!mark.isHot && { strokeDasharray: '2 2' })}
                label={{
                  value: mark.label,
                  position: 'top',
                  fontSize: 10,
                  fill: mark.isHot ? 'var(--warn-text)' : 'var(--text-3)',
                }}
              />
            ))}
          {lines.map((line, index) => (
            <Line
              key={line.name}
              name={line.name}
              dataKey={(row: Row) => row.values[index] ?? null}
              stroke={line.colour}
              strokeWidth={1.5}
              dot={false}
              activeDot={{ r: 3, strokeWidth: 0 }}
              isAnimationActive={false}
              type="linear"
            />
          ))}
        </LineChart>
      </ResponsiveContainer>
    </figure>
  );
}
