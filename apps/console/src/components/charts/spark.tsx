// A line in a table cell: shape over time, no axes.
import { areaPath, linePath, topOf, type Value } from './path.ts';

export interface SparkProps {
  readonly values: readonly Value[];
  readonly colour: string;
  readonly label: string;
  /** Least top of the scale, so that noise near zero stays flat. */
  readonly least?: number;
  readonly width?: number;
}

export function Spark({ values, colour, label, least = 0, width = 72 }: SparkProps) {
  const top = topOf([values], least);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox="0 0 100 100"
      preserveAspectRatio="none"
      className="chart inline-block h-5 overflow-visible align-middle"
      style={{ width }}
    >
      <path d={areaPath(values, top)} fill={colour} fillOpacity={0.13} />
      <path
        d={linePath(values, top)}
        fill="none"
        stroke={colour}
        strokeWidth={1.25}
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
