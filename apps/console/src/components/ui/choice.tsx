// Controls that choose: segment (one of a few), tabs as links, switch, select.
import { ChevronDown } from 'lucide-react';
import Link from 'next/link';
import { Switch as RadixSwitch, ToggleGroup } from 'radix-ui';
import type { ReactNode } from 'react';

export interface SegmentOption<T extends string> {
  readonly value: T;
  readonly label: ReactNode;
  readonly name?: string;
}

export interface SegmentProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly SegmentOption<T>[];
  readonly onChange: (value: T) => void;
  readonly className?: string;
}

export function Segment<T extends string>({ label, value, options, onChange, className = '' }: SegmentProps<T>) {
  return (
    <ToggleGroup.Root
      type="single"
      aria-label={label}
      className={`segment ${className}`}
      value={value}
      onValueChange={(next) => {
        const chosen = options.find((option) => option.value === next);
        if (chosen !== undefined) onChange(chosen.value);
      }}
    >
      {options.map((option) => (
        <ToggleGroup.Item key={option.value} value={option.value} aria-label={option.name}>
          {option.label}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}

export interface TabLink {
  readonly href: string;
  readonly label: string;
  readonly count?: number | undefined;
  readonly current: boolean;
}

/** Tabs that are places: each is a URL, so they are links in a navigation landmark. */
export function TabLinks({ label, tabs }: { readonly label: string; readonly tabs: readonly TabLink[] }) {
  return (
    <nav aria-label={label} className="flex h-10 items-stretch gap-4">
      {tabs.map((tab) => (
        <Link
          key={tab.href}
          href={tab.href}
          scroll={false}
          aria-current={tab.current ? 'page' : undefined}
          data-state={tab.current ? 'active' : 'inactive'}
          className="tab"
        >
          {tab.label}
          {tab.count !== undefined && <span className="badge">{tab.count}</span>}
        </Link>
      ))}
    </nav>
  );
}

export interface SwitchProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}

export function Switch({ label, checked, onChange, disabled = false }: SwitchProps) {
  return (
    <RadixSwitch.Root
      className="switch"
      aria-label={label}
      checked={checked}
      onCheckedChange={onChange}
      disabled={disabled}
    >
      <RadixSwitch.Thumb asChild>
        <span />
      </RadixSwitch.Thumb>
    </RadixSwitch.Root>
  );
}

export interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
  /** Quiet word before the value: "from frontend". */
  readonly prefix?: string;
  readonly disabled?: boolean;
  readonly className?: string;
  readonly small?: boolean;
}

/** The browser's own select in the dress of a field: keyboard, touch and screen readers work as everywhere. */
export function Select({ label, value, options, onChange, prefix, disabled, className = '', small }: SelectProps) {
  return (
    <span className={`field relative pr-1.5 ${small ? 'field-s' : ''} ${className}`}>
      {prefix !== undefined && (
        <span aria-hidden="true" className="text-t3">
          {prefix}
        </span>
      )}
      <select
        aria-label={label}
        value={value}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value)}
        className="appearance-none pr-4 [&>option]:bg-panel [&>option]:text-t1"
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <ChevronDown aria-hidden="true" className="pointer-events-none absolute right-1.5" strokeWidth={1.75} />
    </span>
  );
}
