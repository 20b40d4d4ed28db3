'use client';
// What a rule matches: alternatives of conditions as chips that are edited in place.
import { Plus, X } from 'lucide-react';
import { Menu, MenuItem } from '#components/ui/menu.tsx';
import type { RequestRouteKind } from '../model/kinds.ts';
import type { Condition, MatchKind, MatchType } from '../model/view.ts';
import { conditionInWords } from '../model/words.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const kindNames: Record<MatchKind, string> = {
  path: 'path',
  method: 'method',
  header: 'header',
  query: 'query',
  rpc: 'method',
};
const verbs: Record<MatchType, string> = { Exact: 'is', PathPrefix: 'begins with', RegularExpression: 'matches' };

const templates: Record<MatchKind, Condition> = {
  path: { kind: 'path', type: 'PathPrefix', name: '', value: '/' },
  method: { kind: 'method', type: 'Exact', name: '', value: 'GET' },
  header: { kind: 'header', type: 'Exact', name: '', value: '' },
  query: { kind: 'query', type: 'Exact', name: '', value: '' },
  rpc: { kind: 'rpc', type: 'Exact', name: '', value: '' },
};

/** What rules of a kind of route can match; of bytes and of TLS there is nothing to look at. */
const MATCH_KINDS: Readonly<Record<RequestRouteKind, readonly MatchKind[]>> = {
  HTTPRoute: ['path', 'header', 'query', 'method'],
  GRPCRoute: ['rpc', 'header'],
};
/** Conditions of which a match has one. */
const SINGLE: ReadonlySet<MatchKind> = new Set(['path', 'method', 'rpc']);

function typesOf(kind: MatchKind): readonly MatchType[] {
  if (kind === 'path') return ['Exact', 'PathPrefix', 'RegularExpression'];
  return kind === 'method' ? ['Exact'] : ['Exact', 'RegularExpression'];
}

function problemOf({ kind, name, value }: Condition): string | undefined {
  if (kind === 'rpc') return name === '' && value === '' ? 'needs a service, a method, or both' : undefined;
  if ((kind === 'header' || kind === 'query') && name === '') return 'needs a name';
  if (value === '') return 'needs a value';
  if (kind === 'path' && !value.startsWith('/')) return 'a path begins with /';
  return undefined;
}

interface ChipProps {
  readonly condition: Condition;
  readonly isNew: boolean;
  readonly isReadOnly: boolean;
  readonly onChange: (condition: Condition) => void;
  readonly onRemove: () => void;
}

function ChipInput({
  label,
  value,
  placeholder = label.split(' ')[0] ?? '',
  isReadOnly,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly isReadOnly: boolean;
  readonly onChange: (value: string) => void;
}) {
  return (
    <span>
      <input
        aria-label={label}
        value={value}
        readOnly={isReadOnly}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        className="min-w-10"
        style={{ width: `${Math.min(28, Math.max(5, (value || placeholder).length + 1))}ch` }}
        onChange={(event) => onChange(event.target.value)}
      />
    </span>
  );
}

type CellProps = Pick<ChipProps, 'condition' | 'isReadOnly' | 'onChange'>;

function subjectOf({ kind, name }: Condition): string {
  return name === '' || kind === 'rpc' ? kindNames[kind] : `${kindNames[kind]} ${name}`;
}

function Verb({ condition, isReadOnly, onChange }: CellProps) {
  const types = typesOf(condition.kind);
  if (types.length === 1) return <span className="chip-key">is</span>;
  return (
    <span className="font-sans! text-t2">
      <select
        aria-label={`How ${subjectOf(condition)} is compared`}
        value={condition.type}
        disabled={isReadOnly}
        className="appearance-none [&>option]:bg-panel"
        onChange={(event) => {
          const next = types.find((candidate) => candidate === event.target.value);
          if (next !== undefined) onChange({ ...condition, type: next });
        }}
      >
        {types.map((candidate) => (
          <option key={candidate} value={candidate}>
            {verbs[candidate]}
          </option>
        ))}
      </select>
    </span>
  );
}

function Value({ condition, isReadOnly, onChange }: CellProps) {
  const { kind, name, value } = condition;
  if (kind === 'rpc') {
    return (
      <>
        <ChipInput
          label="gRPC service"
          placeholder="any service"
          value={name}
          isReadOnly={isReadOnly}
          onChange={(next) => onChange({ ...condition, name: next.trim() })}
        />
        <span className="chip-key">/</span>
        <ChipInput
          label="gRPC method"
          placeholder="any method"
          value={value}
          isReadOnly={isReadOnly}
          onChange={(next) => onChange({ ...condition, value: next.trim() })}
        />
      </>
    );
  }
  if (kind !== 'method') {
    return (
      <ChipInput
        label={`value of the ${subjectOf(condition)}`}
        value={value}
        isReadOnly={isReadOnly}
        onChange={(next) => onChange({ ...condition, value: next })}
      />
    );
  }
  return (
    <span>
      <select
        aria-label="method"
        value={value}
        disabled={isReadOnly}
        className="appearance-none [&>option]:bg-panel"
        onChange={(event) => onChange({ ...condition, value: event.target.value })}
      >
        {[...new Set([...METHODS, value])].map((method) => (
          <option key={method}>{method}</option>
        ))}
      </select>
    </span>
  );
}

function ConditionChip({ condition, isNew, isReadOnly, onChange, onRemove }: ChipProps) {
  const { kind, name } = condition;
  const problem = problemOf(condition);
  return (
    <span
      className="chip"
      data-new={isNew || undefined}
      data-invalid={problem !== undefined || undefined}
      title={problem}
    >
      <span className="chip-key">{kindNames[kind]}</span>
      {(kind === 'header' || kind === 'query') && (
        <ChipInput
          label={`name of the ${kindNames[kind]}`}
          value={name}
          isReadOnly={isReadOnly}
          onChange={(next) => onChange({ ...condition, name: next })}
        />
      )}
      <Verb condition={condition} isReadOnly={isReadOnly} onChange={onChange} />
      <Value condition={condition} isReadOnly={isReadOnly} onChange={onChange} />
      {!isReadOnly && (
        <button
          type="button"
          aria-label={`Remove: ${conditionInWords(condition)}`}
          className="px-1! text-t3 hover:text-t0"
          onClick={onRemove}
        >
          <X aria-hidden="true" size={12} />
        </button>
      )}
    </span>
  );
}

export interface MatchBuilderProps {
  readonly kind: RequestRouteKind;
  readonly matches: readonly (readonly Condition[])[];
  /** Written conditions of the rule before the draft, to mark what is new. */
  readonly before: readonly (readonly Condition[])[];
  readonly isReadOnly: boolean;
  readonly onChange: (matches: readonly (readonly Condition[])[], key: string) => void;
}

function AddCondition({
  kinds,
  label,
  has,
  onAdd,
}: {
  readonly kinds: readonly MatchKind[];
  readonly label: string;
  readonly has: readonly Condition[];
  readonly onAdd: (kind: MatchKind) => void;
}) {
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className="add">
          <Plus aria-hidden="true" />
          {label}
        </button>
      }
    >
      {kinds.map((kind) => (
        <MenuItem
          key={kind}
          disabled={SINGLE.has(kind) && has.some((condition) => condition.kind === kind)}
          onSelect={() => onAdd(kind)}
        >
          {kindNames[kind]}
        </MenuItem>
      ))}
    </Menu>
  );
}

export function MatchBuilder({ kind: routeKind, matches, before, isReadOnly, onChange }: MatchBuilderProps) {
  const kinds = MATCH_KINDS[routeKind];
  const known = new Set(before.flat().map((condition) => JSON.stringify(condition)));
  const replace = (index: number, match: readonly Condition[], key: string) =>
    onChange(
      matches.map((old, at) => (at === index ? match : old)).filter((kept) => kept.length > 0),
      key,
    );
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {matches.length === 0 && (
        <span className="chip h-6">
          <span className="chip-key">{routeKind === 'GRPCRoute' ? 'every call' : 'every request'}</span>
        </span>
      )}
      {matches.map((match, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: alternatives have no name, their place is what they are
        <span key={index} className="contents">
          {index > 0 && <span className="text-11 text-t3">or</span>}
          {match.map((condition, at) => (
            <ConditionChip
              // biome-ignore lint/suspicious/noArrayIndexKey: the key must not change while its text is typed
              key={`${condition.kind}-${at}`}
              condition={condition}
              isNew={!known.has(JSON.stringify(condition))}
              isReadOnly={isReadOnly}
              onChange={(next) =>
                replace(
                  index,
                  match.map((old, place) => (place === at ? next : old)),
                  `match:${index}:${at}`,
                )
              }
              onRemove={() =>
                replace(
                  index,
                  match.filter((_, place) => place !== at),
                  '',
                )
              }
            />
          ))}
          {!isReadOnly && (
            <AddCondition
              kinds={kinds}
              label="and"
              has={match}
              onAdd={(kind) => replace(index, [...match, templates[kind]], '')}
            />
          )}
        </span>
      ))}
      {!isReadOnly && (
        <AddCondition
          kinds={kinds}
          label={matches.length === 0 ? 'only when' : 'or'}
          has={[]}
          onAdd={(kind) => onChange([...matches, [templates[kind]]], '')}
        />
      )}
    </div>
  );
}
