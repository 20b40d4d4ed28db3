'use client';
// The figure beside a slider: typing does the same as dragging; it acts on each number that is typed.
import { type KeyboardEvent, useState } from 'react';
import { valueOfKey } from '#components/ui/slider-keys.ts';

export interface PercentFieldProps {
  readonly label: string;
  readonly text: string;
  readonly bounds: { readonly min: number; readonly max: number };
  readonly isReadOnly: boolean;
  readonly onStart: () => void;
  readonly onChange: (value: number) => void;
}

export function PercentField({ label, text, bounds, isReadOnly, onStart, onChange }: PercentFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const value = Number(typed ?? text);
  const isInvalid = typed !== null && (!/^\d{1,3}$/.test(typed) || value < bounds.min || value > bounds.max);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' || event.key === 'Escape') setTyped(null);
    if (!/^(ArrowUp|ArrowDown|PageUp|PageDown)$/.test(event.key) || isReadOnly) return;
    const next = valueOfKey(event.key, event.shiftKey, Math.round(Number(text)), bounds);
    event.preventDefault();
    setTyped(null);
    if (next !== undefined) onChange(next);
  };
  return (
    <span className="field field-s" data-invalid={isInvalid || undefined} data-readonly={isReadOnly || undefined}>
      <input
        aria-label={label}
        aria-invalid={isInvalid || undefined}
        inputMode="numeric"
        className="text-right"
        value={typed ?? text}
        readOnly={isReadOnly}
        onFocus={(event) => {
          onStart();
          event.currentTarget.select();
        }}
        onBlur={() => setTyped(null)}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          const next = event.target.value.trim();
          setTyped(next);
          const asked = Number(next);
          if (/^\d{1,3}$/.test(next) && asked >= bounds.min && asked <= bounds.max) onChange(asked);
        }}
      />
      <span aria-hidden="true" className="text-t3">
        %
      </span>
    </span>
  );
}
