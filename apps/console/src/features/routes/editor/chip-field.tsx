'use client';
// The cells of a chip: text, list, number and choice that are edited in place.
import { X } from 'lucide-react';
import { useState } from 'react';

const WIDTH = { least: 5, most: 32 };

function widthOf(text: string, placeholder: string) {
  const length = Math.max(text.length, placeholder.length) + 1;
  return { width: `${Math.min(WIDTH.most, Math.max(WIDTH.least, length))}ch` };
}

export interface ChipTextProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly isReadOnly: boolean;
  readonly onChange: (value: string) => void;
}

export function ChipText({ label, value, placeholder = '', isReadOnly, onChange }: ChipTextProps) {
  return (
    <span>
      <input
        aria-label={label}
        value={value}
        placeholder={placeholder}
        readOnly={isReadOnly}
        spellCheck={false}
        autoComplete="off"
        style={widthOf(value, placeholder)}
        onChange={(event) => onChange(event.target.value)}
      />
    </span>
  );
}

export interface ChipParsedProps<T> extends Omit<ChipTextProps, 'value' | 'onChange'> {
  readonly value: T;
  readonly format: (value: T) => string;
  /** Undefined while the text makes no sense: nothing is written then. */
  readonly parse: (text: string) => { readonly value: T } | undefined;
  readonly onChange: (value: T) => void;
}

/** Text that stands for something else: as it is typed while it has the focus, as it is stored after. */
export function ChipParsed<T>({ value, format, parse, onChange, ...rest }: ChipParsedProps<T>) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only watches when its field loses the focus
    <span className="contents" onBlur={() => setTyped(null)}>
      <ChipText
        {...rest}
        value={typed ?? format(value)}
        onChange={(text) => {
          setTyped(text);
          const parsed = parse(text);
          if (parsed !== undefined) onChange(parsed.value);
        }}
      />
    </span>
  );
}

export const listFormat = {
  format: (list: readonly string[]) => list.join(', '),
  parse: (text: string) => ({
    value: text
      .split(/[\s,]+/)
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  }),
};

export function numberFormat(max: number) {
  return {
    format: (value: number | undefined) => (value === undefined ? '' : String(value)),
    parse: (text: string) => {
      if (text.trim() === '') return { value: undefined };
      const value = Number(text);
      return /^\d{1,10}$/.test(text.trim()) && value <= max ? { value } : undefined;
    },
  };
}

export interface ChipSelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly isReadOnly: boolean;
  readonly onChange: (value: string) => void;
}

export function ChipSelect({ label, value, options, isReadOnly, onChange }: ChipSelectProps) {
  const isKnown = options.some((option) => option.value === value);
  return (
    <span>
      <select
        aria-label={label}
        value={value}
        disabled={isReadOnly}
        className="appearance-none [&>option]:bg-panel"
        onChange={(event) => onChange(event.target.value)}
      >
        {!isKnown && <option value={value}>{value}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </span>
  );
}

export function ChipRemove({ label, onClick }: { readonly label: string; readonly onClick: () => void }) {
  return (
    <button type="button" aria-label={label} className="px-1! text-t3 hover:text-t0" onClick={onClick}>
      <X aria-hidden="true" size={12} />
    </button>
  );
}
