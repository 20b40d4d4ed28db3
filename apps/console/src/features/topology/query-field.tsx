'use client';
import type { ReactNode } from 'react';
// The fields Find and Hide: the query acts as it is typed; what is wrong with it is said under it.
import { useEffect, useId, useState } from 'react';
import { Badge } from '#components/ui/badge.tsx';

export interface QueryFieldProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly value: string;
  readonly placeholder: string;
  readonly error: string | undefined;
  /** What it did, in two words: "3 edges". */
  readonly result: string | undefined;
  readonly tone: 'err' | undefined;
  readonly isPageSearch?: boolean;
  readonly onChange: (value: string) => void;
}

const PAUSE_MS = 200;

export function QueryField({
  label,
  icon,
  value,
  placeholder,
  error,
  result,
  tone,
  isPageSearch,
  onChange,
}: QueryFieldProps) {
  const id = useId();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onChange(typed), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <span className="relative">
      <span className="field w-[228px] max-[1359px]:w-[190px]" data-invalid={error !== undefined || undefined}>
        {icon}
        <label htmlFor={id} className="text-t3">
          {label}
        </label>
        <input
          id={id}
          {...(isPageSearch && { 'data-page-search': '' })}
          className="font-mono"
          value={typed}
          placeholder={placeholder}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={error !== undefined || undefined}
          aria-describedby={error === undefined ? undefined : `${id}-error`}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') setTyped('');
          }}
        />
        {error === undefined && result !== undefined && (
          <Badge tone={tone} {...(tone !== undefined && { shape: true })}>
            {result}
          </Badge>
        )}
      </span>
      {error !== undefined && (
        <span
          id={`${id}-error`}
          role="status"
          className="menu absolute top-full left-0 mt-1 px-2 py-1 text-12 text-err-text"
        >
          {error}
        </span>
      )}
    </span>
  );
}
