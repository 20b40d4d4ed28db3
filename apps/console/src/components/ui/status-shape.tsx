// The five status shapes: told apart by form as well as by colour, readable in grey.
export type Tone = 'ok' | 'warn' | 'err' | 'info' | 'unknown';

const words: Record<Tone, string> = {
  ok: 'healthy',
  warn: 'degraded',
  err: 'failing',
  info: 'in motion',
  unknown: 'unknown',
};

const colours: Record<Tone, string> = {
  ok: 'var(--ok)',
  warn: 'var(--warn)',
  err: 'var(--err)',
  info: 'var(--info)',
  unknown: 'var(--text-3)',
};

function Marks({ tone }: { tone: Tone }) {
  switch (tone) {
    case 'ok':
      return (
        <>
          <circle cx="6" cy="6" r="5.5" fill="currentColor" />
          <path
            d="m3.6 6.2 1.7 1.7 3.2-3.5"
            fill="none"
            stroke="var(--on-status)"
            strokeWidth="1.5"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </>
      );
    case 'warn':
      return (
        <>
          <path d="M6 .9 11.6 10.6a.6.6 0 0 1-.5.9H.9a.6.6 0 0 1-.5-.9Z" fill="currentColor" />
          <path d="M6 4.6v3" stroke="var(--on-status)" strokeWidth="1.4" strokeLinecap="round" />
          <circle cx="6" cy="9.4" r=".8" fill="var(--on-status)" />
        </>
      );
    case 'err':
      return (
        <>
          <rect x="1.9" y="1.9" width="8.2" height="8.2" rx="1" transform="rotate(45 6 6)" fill="currentColor" />
          <path d="m4.5 4.5 3 3m0-3-3 3" stroke="var(--on-status)" strokeWidth="1.4" strokeLinecap="round" />
        </>
      );
    case 'info':
      return (
        <>
          <circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <path d="M6 3a3 3 0 0 1 0 6Z" fill="currentColor" />
        </>
      );
    case 'unknown':
      return (
        <circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2 1.73" />
      );
  }
}

export interface StatusShapeProps {
  readonly tone: Tone;
  readonly size?: number;
  /** Spoken name; '' where a text beside it says the same. */
  readonly label?: string;
  readonly className?: string;
}

export function StatusShape({ tone, size = 12, label = words[tone], className = '' }: StatusShapeProps) {
  return (
    <svg
      role={label === '' ? undefined : 'img'}
      aria-hidden={label === '' || undefined}
      aria-label={label || undefined}
      viewBox="0 0 12 12"
      width={size}
      height={size}
      className={`shrink-0 overflow-visible ${className}`}
      style={{ color: colours[tone] }}
    >
      <Marks tone={tone} />
    </svg>
  );
}
