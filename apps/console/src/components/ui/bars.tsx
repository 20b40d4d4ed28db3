// Horizontal bars: a split into shares, and a measure with the tick of what was asked.
export interface Share {
  readonly name: string;
  readonly share: number;
  readonly colour: string;
}

export function SplitBar({ shares, height = 6 }: { readonly shares: readonly Share[]; readonly height?: number }) {
  return (
    <span
      role="img"
      aria-label={shares.map((part) => `${part.name} ${(part.share * 100).toFixed(1)} %`).join(', ')}
      className="flex w-full gap-px overflow-hidden rounded-full bg-track"
      style={{ height }}
    >
      {shares.map((part) => (
        <span
          key={part.name}
          className="block h-full"
          style={{
            width: `${part.share * 100}%`,
            background: part.colour,
            transition: 'width var(--m-settle) var(--ease-settle)',
          }}
        />
      ))}
    </span>
  );
}

export interface MeasuredBarProps {
  readonly name: string;
  /** 0..1, what the draft asks for: the tick. */
  readonly asked: number;
  /** 0..1, what proxies report: the bar; null while there is too little data. */
  readonly measured: number | null;
  readonly colour: string;
}

export function MeasuredBar({ name, asked, measured, colour }: MeasuredBarProps) {
  const said = measured === null ? 'no measure yet' : `measured ${(measured * 100).toFixed(1)} %`;
  return (
    <span
      role="img"
      aria-label={`${name}: asked ${(asked * 100).toFixed(0)} %, ${said}`}
      className="relative block h-1.5 rounded-full bg-track"
    >
      {measured !== null && (
        <span
          className="absolute inset-y-0 left-0 rounded-full"
          style={{
            width: `${measured * 100}%`,
            background: colour,
            transition: 'width var(--m-settle) var(--ease-settle)',
          }}
        />
      )}
      <span className="absolute -inset-y-[3px] -ml-px w-0.5 rounded-full bg-t0" style={{ left: `${asked * 100}%` }} />
    </span>
  );
}
