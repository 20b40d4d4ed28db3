// Text fields: a label, the field, and beside it what is wrong, as you type.
import type { InputHTMLAttributes, ReactNode, Ref } from 'react';
import { StatusShape } from './status-shape.tsx';

export interface TextFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'size'> {
  readonly icon?: ReactNode;
  /** What stands at the end of the field: a unit, a key cap, a button. */
  readonly end?: ReactNode;
  readonly small?: boolean;
  readonly mono?: boolean;
  readonly invalid?: boolean;
  readonly ref?: Ref<HTMLInputElement>;
}

export function TextField({ icon, end, small, mono, invalid, className = '', readOnly, ...rest }: TextFieldProps) {
  return (
    <span
      className={`field ${small ? 'field-s' : ''} ${className}`}
      data-invalid={invalid || undefined}
      data-readonly={readOnly || undefined}
    >
      {icon}
      <input
        autoComplete="off"
        spellCheck={false}
        {...rest}
        readOnly={readOnly}
        aria-invalid={invalid || undefined}
        className={mono ? 'font-mono' : ''}
      />
      {end}
    </span>
  );
}

export interface LabelledProps {
  readonly label: string;
  readonly htmlFor: string;
  readonly beside?: ReactNode;
  readonly error?: string | undefined;
  readonly hint?: string | undefined;
  readonly children: ReactNode;
}

export function Labelled({ label, htmlFor, beside, error, hint, children }: LabelledProps) {
  return (
    <div className="grid gap-1.5">
      <div className="flex min-h-4 items-center justify-between">
        <label htmlFor={htmlFor} className="text-12 font-medium text-t2">
          {label}
        </label>
        {beside}
      </div>
      {children}
      {error !== undefined && (
        <p id={`${htmlFor}-error`} role="alert" className="flex gap-1.5 text-12 text-err-text">
          <StatusShape tone="err" label="" className="mt-0.5" />
          {error}
        </p>
      )}
      {error === undefined && hint !== undefined && <p className="text-11 text-t3">{hint}</p>}
    </div>
  );
}
