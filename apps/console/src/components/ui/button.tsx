// Buttons and links that look like one; busy says what it is doing, in words.
import Link from 'next/link';
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { StatusShape } from './status-shape.tsx';

export type ButtonKind = 'default' | 'primary' | 'danger' | 'ghost';
export type ButtonSize = 's' | 'm' | 'l';

interface Look {
  readonly kind?: ButtonKind;
  readonly size?: ButtonSize;
  readonly icon?: boolean;
}

function lookOf({ kind = 'default', size = 'm', icon = false }: Look, extra = ''): string {
  const kinds = { default: '', primary: 'btn-primary', danger: 'btn-danger', ghost: 'btn-ghost' };
  const sizes = { s: 'btn-s', m: '', l: 'btn-l' };
  return ['btn', kinds[kind], sizes[size], icon ? 'btn-icon' : '', extra].filter(Boolean).join(' ');
}

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement>, Look {
  /** Words to show instead of the label while the work runs. */
  readonly busy?: string | undefined;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind, size, icon, busy, className, children, disabled, type, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type ?? 'button'}
      disabled={disabled}
      aria-busy={busy !== undefined || undefined}
      className={lookOf({ ...(kind && { kind }), ...(size && { size }), ...(icon && { icon }) }, className)}
      onClick={busy === undefined ? rest.onClick : undefined}
    >
      {busy === undefined ? (
        children
      ) : (
        <>
          <StatusShape tone="info" label="" className="turning" />
          {busy}
        </>
      )}
    </button>
  );
}

export interface ButtonLinkProps extends Look {
  readonly href: string;
  readonly children: ReactNode;
  readonly className?: string;
  readonly title?: string;
  readonly 'aria-label'?: string;
}

export function ButtonLink({ kind, size, icon, className, ...rest }: ButtonLinkProps) {
  return (
    <Link
      {...rest}
      className={lookOf({ ...(kind && { kind }), ...(size && { size }), ...(icon && { icon }) }, className)}
    />
  );
}

/** A button that shows only an icon; `label` is its name and its tooltip. */
export function IconButton({ label, ...rest }: ButtonProps & { readonly label: string }) {
  return <Button icon aria-label={label} title={label} {...rest} />;
}
