'use client';
// One field of the form: name, unit and effect on the left; what is said, or what holds without it, on the right.
import { ChevronDown } from 'lucide-react';
import { type ReactNode, useId, useState } from 'react';
import { Select, Switch } from '#components/ui/choice.tsx';
import { TextField } from '#components/ui/field.tsx';
import { Menu, MenuCheck } from '#components/ui/menu.tsx';
import { useFindingAt, type Value, type ValuePath, wordsOf } from '#features/routes/index.ts';
import { type Field, parseField, unitOf } from '../model/field.ts';
import type { PolicyKind } from '../model/kinds.ts';
import { listAt, type Spec, textAt, valueAt } from '../model/policy.ts';

export interface PolicyForm {
  readonly kind: PolicyKind;
  readonly spec: Spec;
  readonly isReadOnly: boolean;
  readonly set: (path: ValuePath, value: Value | undefined) => void;
  readonly onFocus: (path: ValuePath) => void;
}

interface ControlProps extends PolicyForm {
  readonly field: Field;
  readonly id: string;
}

/** `spec.limits[0].requests`, as findings name it. */
export function placeOf(path: ValuePath): string {
  return path.reduce<string>((at, key) => (typeof key === 'number' ? `${at}[${key}]` : `${at}.${key}`), 'spec');
}

function shownOf({ field: { kind, path }, spec }: ControlProps): string {
  return kind.type === 'list' ? kind.format(listAt(spec, path)) : textAt(spec, path);
}

/** Text that is written when it makes sense; empty = nothing is said. */
function TypedControl(props: ControlProps & { readonly onProblem: (problem: string | undefined) => void }) {
  const { field, id, isReadOnly, set, onProblem } = props;
  const [typed, setTyped] = useState<string | null>(null);
  const shown = shownOf(props);
  const finding = useFindingAt({ kind: props.kind, path: placeOf(field.path) });
  const change = (text: string) => {
    setTyped(text);
    const trimmed = text.trim();
    if (trimmed === '') {
      onProblem(undefined);
      set(field.path, undefined);
      return;
    }
    const parsed = parseField(field.kind, trimmed);
    onProblem(parsed.ok ? undefined : `${parsed.problem}; not written yet`);
    if (parsed.ok) set(field.path, parsed.value);
  };
  return (
    <TextField
      id={id}
      small
      mono={field.kind.type !== 'number' && field.kind.type !== 'percent'}
      className="w-full"
      aria-label={field.label}
      aria-description={field.fallback === '' ? field.effect : `${field.fallback} without it. ${field.effect}`}
      invalid={finding?.severity === 'error'}
      placeholder={field.fallback === '' ? 'required' : field.fallback}
      value={typed ?? shown}
      readOnly={isReadOnly}
      onFocus={() => props.onFocus(field.path)}
      onBlur={() => {
        setTyped(null);
        onProblem(undefined);
      }}
      onChange={(event) => change(event.target.value)}
    />
  );
}

function ChoicesControl({
  field,
  spec,
  isReadOnly,
  set,
  options,
}: ControlProps & { readonly options: readonly string[] }) {
  const chosen = listAt(spec, field.path).map(String);
  return (
    <Menu
      trigger={
        <button type="button" className="field field-s w-full" aria-label={field.label} disabled={isReadOnly}>
          <span className={`min-w-0 flex-1 truncate text-left ${chosen.length === 0 ? 'text-t3' : 'text-t0'}`}>
            {chosen.length === 0 ? field.fallback : chosen.join(', ')}
          </span>
          <ChevronDown aria-hidden="true" strokeWidth={1.75} />
        </button>
      }
    >
      {options.map((option) => (
        <MenuCheck
          key={option}
          checked={chosen.includes(option)}
          onChange={(isOn) => {
            const next = options.filter((other) => (other === option ? isOn : chosen.includes(other)));
            set(field.path, next.length === 0 ? undefined : next);
          }}
        >
          <span className="mono">{option}</span>
        </MenuCheck>
      ))}
    </Menu>
  );
}

function Control(props: ControlProps & { readonly onProblem: (problem: string | undefined) => void }): ReactNode {
  const { field, spec, isReadOnly, set } = props;
  switch (field.kind.type) {
    case 'choice':
      return (
        <Select
          small
          className="w-full"
          label={field.label}
          value={textAt(spec, field.path)}
          disabled={isReadOnly}
          options={[
            { value: '', label: field.fallback === '' ? 'choose' : `${field.fallback} (default)` },
            ...field.kind.options,
          ]}
          onChange={(value) => set(field.path, value === '' ? undefined : value)}
        />
      );
    case 'choices':
      return <ChoicesControl {...props} options={field.kind.options.map(({ value }) => value)} />;
    case 'present':
      return (
        <Switch
          label={field.label}
          checked={valueAt(spec, field.path) !== undefined}
          disabled={isReadOnly}
          onChange={(isOn) => set(field.path, isOn ? {} : undefined)}
        />
      );
    default:
      return <TypedControl {...props} />;
  }
}

export function PolicyField({ field, ...form }: PolicyForm & { readonly field: Field }) {
  const id = useId();
  const [typing, setTyping] = useState<string>();
  const finding = useFindingAt({ kind: form.kind, path: placeOf(field.path) });
  const isSaid = valueAt(form.spec, field.path) !== undefined;
  const unit = unitOf(field.kind);
  const problem = typing ?? (finding === undefined || finding.severity === 'info' ? undefined : wordsOf(finding));
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_minmax(140px,220px)] items-start gap-x-4 border-line border-t px-4 py-2">
      <div className="min-w-0">
        <div className="flex flex-wrap items-baseline gap-x-2">
          <label htmlFor={id} className={`text-12 ${isSaid ? 'font-medium text-t0' : 'text-t1'}`}>
            {field.label}
          </label>
          {unit !== '' && <span className="text-11 text-t3">{unit}</span>}
        </div>
        <p className="text-11 leading-4 text-t3">{field.effect}</p>
      </div>
      <div className="min-w-0 text-12">
        <Control {...form} field={field} id={id} onProblem={setTyping} />
        {problem !== undefined && (
          <p role="alert" className="pt-1 text-11 leading-4 text-err-text" data-testid="field-finding">
            {problem}
          </p>
        )}
        {problem === undefined && isSaid && field.fallback !== '' && field.kind.type !== 'present' && (
          <p className="truncate pt-1 text-11 leading-4 text-t3" title={field.fallback}>
            {textAt(form.spec, field.path) === field.fallback ? 'as by default' : `default: ${field.fallback}`}
          </p>
        )}
      </div>
    </div>
  );
}
