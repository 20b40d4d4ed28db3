// A modal dialog: scrim, focus kept inside and given back, Escape closes.
import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { IconButton } from './button.tsx';

export interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  /** One sentence that says what is the case; also its spoken description. */
  readonly description?: ReactNode;
  readonly width?: number;
  readonly children?: ReactNode;
  /** Buttons, right aligned; the safe one first. */
  readonly actions?: ReactNode;
}

export function Dialog({ open, onClose, title, description, width = 440, children, actions }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="scrim" />
        <Radix.Content
          className="dialog"
          style={{ width: `min(${width}px, calc(100vw - 48px))` }}
          {...(description === undefined && { 'aria-describedby': undefined })}
        >
          <header className="flex items-start gap-3 px-5 pt-4">
            <Radix.Title className="flex-1 text-14 font-semi text-t0">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label="Close" kind="ghost" size="s">
                <X aria-hidden="true" />
              </IconButton>
            </Radix.Close>
          </header>
          {description !== undefined && (
            <Radix.Description className="px-5 pt-1 text-13 text-t2">{description}</Radix.Description>
          )}
          {children}
          {actions !== undefined && <footer className="flex justify-end gap-2 px-5 pt-4 pb-4">{actions}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
