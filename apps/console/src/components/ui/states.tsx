// Whole-view states: loading keeps the final layout, empty has one action, an error says what failed and what to try.
import { RotateCw } from 'lucide-react';
import type { CSSProperties, ReactNode } from 'react';
import { Button } from './button.tsx';
import { StatusShape, type Tone } from './status-shape.tsx';

export function Skeleton({ className = '', style }: { readonly className?: string; readonly style?: CSSProperties }) {
  return <span aria-hidden="true" className={`skeleton ${className}`} style={style} />;
}

/** Rows of a table that is on its way. */
export function SkeletonRows({ rows, columns }: { readonly rows: number; readonly columns: readonly number[] }) {
  return (
    <div aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
        <div key={row} className="flex h-8 items-center gap-6 border-line border-b px-4 last:border-b-0">
          {columns.map((width, column) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
            <Skeleton key={column} className={`h-2.5 ${column === 1 ? 'mr-auto' : ''}`} style={{ width }} />
          ))}
        </div>
      ))}
    </div>
  );
}

export interface EmptyProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}

export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className="grid justify-items-center gap-1 px-6 py-14 text-center">
      <span className="mb-2 grid size-10 place-items-center rounded-3 border border-control bg-raised text-t2">
        {icon}
      </span>
      <h3 className="text-14 font-semi text-t0">{title}</h3>
      <p className="max-w-96 text-12 leading-[18px] text-t2">{children}</p>
      {action !== undefined && <div className="mt-3 flex gap-2">{action}</div>}
    </div>
  );
}

export interface FailureProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly onRetry?: () => void;
  /** Where else to go, as links. */
  readonly elsewhere?: ReactNode;
}

export function Failure({ title, children, onRetry, elsewhere }: FailureProps) {
  return (
    <div role="alert" className="grid justify-items-center gap-1 px-6 py-14 text-center">
      <span className="mb-2 grid size-10 place-items-center rounded-3 border border-err-line bg-err-tint">
        <StatusShape tone="err" size={16} label="" />
      </span>
      <h3 className="text-14 font-semi text-t0">{title}</h3>
      <p className="max-w-[440px] text-12 leading-[18px] text-t2">{children}</p>
      {(onRetry !== undefined || elsewhere !== undefined) && (
        <div className="mt-3 flex gap-2">
          {onRetry !== undefined && (
            <Button kind="primary" onClick={onRetry}>
              <RotateCw aria-hidden="true" />
              Try again
            </Button>
          )}
          {elsewhere}
        </div>
      )}
    </div>
  );
}

export interface NoteProps {
  readonly tone?: Tone;
  readonly children: ReactNode;
  readonly className?: string;
}

export function Note({ tone, children, className = '' }: NoteProps) {
  return (
    <div className={`note ${className}`} data-tone={tone}>
      {tone !== undefined && <StatusShape tone={tone} label="" />}
      <div className="min-w-0 flex-1">{children}</div>
    </div>
  );
}
