'use client';
// For whom a rule is: callers, a share of requests, devices, countries; and what keeps a user on one version.
import { Plus } from 'lucide-react';
import { Menu, MenuItem } from '#components/ui/menu.tsx';
import { type Body, numberAt, recordAt, recordsAt, textAt, textsAt } from '../model/filters.ts';
import type { PolicyView } from '../model/policies.ts';
import type { Value, ValuePath } from '../model/write-value.ts';
import { ChipParsed, ChipRemove, ChipText, listFormat, numberFormat } from './chip-field.tsx';
import { FieldFinding } from './field-findings.tsx';
import type { RuleForm } from './rule-form.ts';

export interface AudienceSectionProps extends RuleForm {
  readonly policy: PolicyView | undefined;
  /** Writes a field of the rule's RoutePolicy. */
  readonly set: (path: ValuePath, value: Value | undefined) => void;
}

const DEVICES = ['mobile', 'tablet', 'desktop', 'bot'] as const;

const PARTS = [
  { key: 'callers', add: 'caller', value: [{ namespace: '' }] },
  { key: 'percent', add: 'share of requests', value: 10 },
  { key: 'devices', add: 'device', value: ['mobile'] },
  { key: 'countries', add: 'country', value: ['PT'] },
] as const satisfies readonly { key: string; add: string; value: Value }[];

const labelsFormat = {
  format: (labels: Body) =>
    Object.entries(labels)
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(', '),
  parse: (text: string) => {
    const pairs = listFormat.parse(text).value.map((part) => part.split('='));
    return pairs.every((pair) => pair.length === 2 && pair[0] !== '')
      ? { value: Object.fromEntries(pairs) as Record<string, string> }
      : undefined;
  },
};

interface CallerProps {
  readonly caller: Body;
  readonly isReadOnly: boolean;
  readonly set: (path: ValuePath, value: Value | undefined) => void;
}

function Caller({ caller, isReadOnly, set }: CallerProps) {
  return (
    <span className="chip">
      <span className="chip-key">from</span>
      <ChipText
        label="Namespace of the caller"
        placeholder="any namespace"
        value={textAt(caller, 'namespace')}
        isReadOnly={isReadOnly}
        onChange={(next) => set(['namespace'], next.trim() === '' ? undefined : next.trim())}
      />
      <ChipText
        label="Service account of the caller"
        placeholder="any account"
        value={textAt(caller, 'serviceAccount')}
        isReadOnly={isReadOnly}
        onChange={(next) => set(['serviceAccount'], next.trim() === '' ? undefined : next.trim())}
      />
      <ChipParsed
        label="Labels of the caller"
        placeholder="any labels"
        value={recordAt(caller, 'labels')}
        {...labelsFormat}
        isReadOnly={isReadOnly}
        onChange={(next) => set(['labels'], Object.keys(next).length === 0 ? undefined : (next as Value))}
      />
      {!isReadOnly && <ChipRemove label="Remove this caller" onClick={() => set([], undefined)} />}
    </span>
  );
}

function Devices({ chosen, isReadOnly, set }: { readonly chosen: readonly string[] } & Omit<CallerProps, 'caller'>) {
  return (
    <span className="chip">
      <span className="chip-key">device</span>
      {DEVICES.map((device) => {
        const isOn = chosen.includes(device);
        const next = isOn ? chosen.filter((other) => other !== device) : [...chosen, device];
        return (
          <button
            key={device}
            type="button"
            aria-pressed={isOn}
            disabled={isReadOnly || (isOn && chosen.length === 1)}
            className={isOn ? 'bg-accent-tint text-t0' : 'text-t3 hover:text-t0'}
            onClick={() => set([], next)}
          >
            {device}
          </button>
        );
      })}
      {!isReadOnly && <ChipRemove label="Any device" onClick={() => set([], undefined)} />}
    </span>
  );
}

export function AudienceSection({ policy, isReadOnly, set }: AudienceSectionProps) {
  const match = recordAt(policy?.spec ?? {}, 'match');
  const callers = recordsAt(match, 'callers');
  const devices = textsAt(match, 'devices');
  const countries = textsAt(match, 'countries');
  const percent = numberAt(match, 'percent');
  const missing = PARTS.filter(({ key }) => match[key] === undefined || key === 'callers');
  return (
    <>
      <span className="self-start pt-1 text-t2">Only for</span>
      <div className="flex min-w-0 flex-wrap items-center gap-1.5">
        {Object.keys(match).length === 0 && (
          <span className="chip">
            <span className="chip-key">every caller</span>
          </span>
        )}
        {callers.map((caller, index) => (
          <Caller
            // biome-ignore lint/suspicious/noArrayIndexKey: callers have no name, their place is what they are
            key={index}
            caller={caller}
            isReadOnly={isReadOnly}
            set={(path, value) => set(['match', 'callers', index, ...path], value)}
          />
        ))}
        {percent !== undefined && (
          <span className="chip">
            <span className="chip-key">percent</span>
            <ChipParsed
              label="Percent of requests that the rule is for"
              value={percent as number | undefined}
              {...numberFormat(100)}
              isReadOnly={isReadOnly}
              onChange={(next) => next !== undefined && set(['match', 'percent'], next)}
            />
            {!isReadOnly && <ChipRemove label="All requests" onClick={() => set(['match', 'percent'], undefined)} />}
          </span>
        )}
        {devices.length > 0 && (
          <Devices chosen={devices} isReadOnly={isReadOnly} set={(_, value) => set(['match', 'devices'], value)} />
        )}
        {match.countries !== undefined && (
          <span className="chip">
            <span className="chip-key">country</span>
            <ChipParsed
              label="Countries that the rule is for"
              placeholder="PT, BR"
              value={countries}
              {...listFormat}
              isReadOnly={isReadOnly}
              onChange={(next) =>
                set(
                  ['match', 'countries'],
                  next.map((code) => code.toUpperCase()),
                )
              }
            />
            {!isReadOnly && <ChipRemove label="Any country" onClick={() => set(['match', 'countries'], undefined)} />}
          </span>
        )}
        {!isReadOnly && (
          <Menu
            align="start"
            trigger={
              <button type="button" className="add">
                <Plus aria-hidden="true" />
                only for
              </button>
            }
          >
            {missing.map(({ key, add, value }) => (
              <MenuItem
                key={key}
                onSelect={() =>
                  key === 'callers' && callers.length > 0
                    ? set(['match', 'callers', callers.length], { namespace: '' })
                    : set(['match', key], value)
                }
              >
                {add}
              </MenuItem>
            ))}
          </Menu>
        )}
        {policy !== undefined && (
          <FieldFinding place={{ kind: 'RoutePolicy', name: policy.name, path: 'spec.match' }} />
        )}
      </div>
    </>
  );
}
