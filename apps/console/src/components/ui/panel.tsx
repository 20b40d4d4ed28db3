// A panel: one hairline box with a head; panels never stand inside panels.
import type { ReactNode } from 'react';

export interface PanelProps {
  readonly title: ReactNode;
  /** Badges right after the title. */
  readonly beside?: ReactNode;
  readonly sub?: ReactNode;
  /** Controls at the right end of the head. */
  readonly actions?: ReactNode;
  readonly label?: string;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Panel({ title, beside, sub, actions, label, className = '', children }: PanelProps) {
  return (
    <section className={`panel ${className}`} aria-label={label ?? (typeof title === 'string' ? title : undefined)}>
      <header className="panel-head">
        <h2 className="whitespace-nowrap text-13 font-semi text-t0">{title}</h2>
        {beside}
        {sub !== undefined && <span className="min-w-0 truncate text-12 text-t3">{sub}</span>}
        <span className="flex-1" />
        {actions}
      </header>
      {children}
    </section>
  );
}
