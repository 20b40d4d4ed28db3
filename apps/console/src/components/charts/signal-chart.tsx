// The small chart of a golden signal: lines, the marks of changes on its time axis, the newest value as a dot.
import { clock } from '#format/time.ts';
import { areaPath, endPoint, linePath, topOf, type Value } from './path.ts';

export interface SignalLine {
  readonly name: string;
  readonly values: readonly Value[];
  readonly colour: string;
  readonly isArea?: boolean;
}

export interface TimeMark {
  readonly atMs: number;
  readonly label: string;
  /** The one that is suspected: drawn solid. */
  readonly isHot?: boolean;
}

export interface SignalChartProps {
  readonly label: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly lines: readonly SignalLine[];
  readonly marks?: readonly TimeMark[];
  readonly height?: number;
  readonly least?: number;
  /** Without the axis only the lines and marks are drawn. */
  readonly hasAxis?: boolean;
}

function Marks({ marks, startMs, endMs }: Required<Pick<SignalChartProps, 'marks' | 'startMs' | 'endMs'>>) {
  return marks
    .filter((mark) => mark.atMs >= startMs && mark.atMs <= endMs)
    .map((mark) => {
      const left = ((mark.atMs - startMs) / (endMs - startMs)) * 100;
      return (
        <span key={`${mark.label}-${mark.atMs}`} title={mark.label}>
          <i
            aria-hidden="true"
            className={`absolute -inset-y-0.5 w-0 border-l ${mark.isHot ? 'border-warn' : 'border-strong border-dashed'}`}
            style={{ left: `${left}%` }}
          />
          {mark.isHot && (
            <span
              className="absolute -top-1 -translate-x-full pr-1 font-mono text-10 font-medium text-warn-text"
              style={{ left: `${left}%` }}
            >
              {mark.label}
            </span>
          )}
        </span>
      );
    });
}

export function SignalChart(props: SignalChartProps) {
  const { label, startMs, endMs, lines, marks = [], height = 44, least = 0, hasAxis = true } = props;
  const top = topOf(
    lines.map((line) => line.values),
    least,
  );
  return (
    <figure className={hasAxis ? 'pb-4' : ''}>
      <div className="chart relative" style={{ height }}>
        <Marks marks={marks} startMs={startMs} endMs={endMs} />
        <svg
          role="img"
          aria-label={label}
          viewBox="0 0 100 100"
          preserveAspectRatio="none"
          className="absolute inset-0 size-full overflow-visible"
        >
          {lines.map((line) => (
            <g key={line.name}>
              {line.isArea && <path d={areaPath(line.values, top)} fill={line.colour} fillOpacity={0.13} />}
              <path
                d={linePath(line.values, top)}
                fill="none"
                stroke={line.colour}
                strokeWidth={1.5}
                strokeLinejoin="round"
                strokeLinecap="round"
                vectorEffect="non-scaling-stroke"
              />
            </g>
          ))}
        </svg>
        {lines.map((line) => {
          const end = endPoint(line.values, top);
          if (end === null) return null;
          return (
            <i
              key={line.name}
              aria-hidden="true"
              className="absolute size-1.5 -translate-x-1/2 -translate-y-1/2 rounded-full shadow-[0_0_0_2px_var(--bg-panel)]"
              style={{ left: `${end.x}%`, top: `${end.y}%`, background: line.colour }}
            />
          );
        })}
        {hasAxis && (
          <div aria-hidden="true" className="absolute inset-x-0 top-full flex justify-between pt-1 text-10 text-t3">
            <span>{clock(startMs)}</span>
            <span>{clock((startMs + endMs) / 2)}</span>
            <span>{clock(endMs)}</span>
          </div>
        )}
      </div>
    </figure>
  );
}
