// A figure with its unit smaller and quieter, joined by a no-break space when copied.
import type { Measure } from '#format/number.ts';

export interface FigureProps {
  readonly value: Measure;
  readonly className?: string;
}

export function Figure({ value, className = '' }: FigureProps) {
  return (
    <span className={`whitespace-nowrap ${className}`}>
      {value.text}
      {value.unit !== '' && <span className="unit">{value.unit}</span>}
    </span>
  );
}

export interface StatProps {
  readonly label: string;
  readonly value: Measure;
  readonly tone?: 'err' | 'warn' | undefined;
}

/** A caption above its figure, as in side panels. */
export function Stat({ label, value, tone }: StatProps) {
  const colour = tone === 'err' ? 'text-err-text' : tone === 'warn' ? 'text-warn-text' : 'text-t0';
  return (
    <div>
      <dt className="text-11 text-t3">{label}</dt>
      <dd className={`live-figure text-14 font-semi ${colour}`}>
        {value.text}
        {value.unit !== '' && <span className="unit text-11 font-regular">{value.unit}</span>}
      </dd>
    </div>
  );
}
