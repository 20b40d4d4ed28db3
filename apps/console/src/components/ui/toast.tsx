'use client';
// Toasts: a shape, one sentence, a quieter one, and undo where it can be.
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { StatusShape, type Tone } from './status-shape.tsx';

export interface Notice {
  readonly tone: Tone;
  readonly title: ReactNode;
  readonly detail?: ReactNode;
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Notices with the same id replace each other. */
  readonly id?: string;
}

const SHOWN_MS = 6_000;

/** Of the same chunk as the toaster, which shows what was told before it had come, too. */
export function notify(notice: Notice): void {
  void import('sonner').then(({ toast }) => show(toast, notice));
}

function show(toast: typeof import('sonner').toast, { tone, title, detail, action, id }: Notice): void {
  toast.custom(
    (toastId) => (
      <div
        role="status"
        className="flex w-[360px] gap-2.5 rounded-3 border border-control bg-raised p-3 text-12 leading-[18px] shadow-3"
      >
        <StatusShape tone={tone} label="" className="mt-[3px]" />
        <div className="min-w-0 flex-1">
          <div className="font-medium text-t0">{title}</div>
          {detail !== undefined && <div className="text-t2">{detail}</div>}
        </div>
        {action !== undefined && (
          <Button
            size="s"
            kind="ghost"
            onClick={() => {
              action.run();
              toast.dismiss(toastId);
            }}
          >
            {action.label}
          </Button>
        )}
      </div>
    ),
    { duration: tone === 'err' ? SHOWN_MS * 2 : SHOWN_MS, ...(id !== undefined && { id }) },
  );
}
