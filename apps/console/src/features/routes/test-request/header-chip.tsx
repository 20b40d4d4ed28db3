'use client';
// One header of a tested request, typed in place.
import { X } from 'lucide-react';

export interface Header {
  readonly id: number;
  readonly name: string;
  readonly value: string;
}

export function HeaderChip({
  header,
  onChange,
  onRemove,
}: {
  readonly header: Header;
  readonly onChange: (header: Header) => void;
  readonly onRemove: () => void;
}) {
  const width = (text: string, least: number) => ({ width: `${Math.min(28, Math.max(least, text.length + 1))}ch` });
  const subject = header.name === '' ? 'header' : `header ${header.name}`;
  return (
    <span className="chip">
      <span className="chip-key">header</span>
      <span>
        <input
          aria-label="Name of the header"
          placeholder="name"
          spellCheck={false}
          maxLength={200}
          value={header.name}
          style={width(header.name, 6)}
          onChange={(event) => onChange({ ...header, name: event.target.value.trim().toLowerCase() })}
        />
      </span>
      <span>
        <input
          aria-label={`Value of the ${subject}`}
          placeholder="value"
          spellCheck={false}
          maxLength={8_192}
          value={header.value}
          style={width(header.value, 6)}
          onChange={(event) => onChange({ ...header, value: event.target.value })}
        />
      </span>
      <button
        type="button"
        aria-label={`Remove the ${subject}`}
        className="px-1! text-t3 hover:text-t0"
        onClick={onRemove}
      >
        <X aria-hidden="true" size={12} />
      </button>
    </span>
  );
}
