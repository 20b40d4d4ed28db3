// Small labels: badge beside a name, pill for the state of the whole, key caps.
import type { ReactNode } from 'react';
import { StatusShape, type Tone } from './status-shape.tsx';

export interface BadgeProps {
  readonly tone?: Tone | 'accent' | undefined;
  /** Shows the status shape of the tone before the text. */
  readonly shape?: boolean;
  readonly line?: boolean;
  readonly mono?: boolean;
  readonly className?: string;
  readonly title?: string;
  readonly children: ReactNode;
}

export function Badge({
  tone,
  shape = false,
  line = false,
  mono = false,
  className = '',
  title,
  children,
}: BadgeProps) {
  return (
    <span
      className={`badge ${line ? 'badge-line' : ''} ${mono ? 'font-mono' : ''} ${className}`}
      data-tone={tone}
      title={title}
    >
      {shape && tone !== undefined && tone !== 'accent' && <StatusShape tone={tone} size={10} label="" />}
      {children}
    </span>
  );
}

export function Kbd({ children }: { readonly children: ReactNode }) {
  return <kbd className="kbd">{children}</kbd>;
}

/** Initials of a person in a disc. */
export function Avatar({ name, size = 24 }: { readonly name: string; readonly size?: number }) {
  const initials = name
    .split(/[\s.@_-]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((part) => part.charAt(0).toUpperCase())
    .join('');
  return (
    <span
      aria-hidden="true"
      className="grid shrink-0 place-items-center rounded-full bg-hover text-t1 font-semi tracking-wide"
      style={{
        width: size,
        height: size,
        fontSize: size < 24 ? 9 : 10,
        boxShadow: 'inset 0 0 0 1px var(--line-control)',
      }}
    >
      {initials || '–'}
    </span>
  );
}

/** The square that names a series in a legend or a table. */
export function SeriesDot({ colour }: { readonly colour: string }) {
  return <i aria-hidden="true" className="inline-block size-2 shrink-0 rounded-[2px]" style={{ background: colour }} />;
}
