'use client';
// A chart over time with axes, change marks and the values under the pointer (Recharts).
import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { inWords, type Measure } from '#format/number.ts';
import { clock, clockWithSeconds } from '#format/time.ts';
import type { Value } from './path.ts';
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
}

interface Row {
  readonly atMs: number;
  readonly values: readonly Value[];
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

export function TimeChart({ label, startMs, stepMs, lines, marks, format, height = 116 }: TimeChartProps) {
  const length = Math.max(0, ...lines.map((line) => line.values.length));
  const rows: Row[] = Array.from({ length }, (_, index) => ({
    atMs: startMs + stepMs * (index + 1),
    values: lines.map((line) => line.values[index] ?? null),
  }));
  const endMs = startMs + stepMs * length;
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
            tickFormatter={clock}
            interval={0}
            tickLine={false}
            axisLine={false}
            tick={{ fontSize: 10, fill: 'var(--text-3)' }}
            height={18}
          />
          <YAxis
            width={44}
            tickCount={3}
            domain={[0, 'auto']}
            tickFormatter={(value: number) => inWords(format(value))}
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
