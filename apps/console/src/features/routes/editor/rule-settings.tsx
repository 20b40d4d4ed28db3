'use client';
// How long and how often a rule tries, each beside what the mesh does where nothing is said; and who stays where.
import { defaults } from '@malha/model/defaults';
import { formatDuration, isDuration } from '@malha/model/duration';
import { type ReactNode, useState } from 'react';
import { pathInWords, recordAt, textAt } from '../model/filters.ts';
import { cohortSentence } from '../model/words.ts';
import type { ValuePath } from '../model/write-value.ts';
import { ChipSelect, ChipText } from './chip-field.tsx';
import { FieldFinding, type FieldPlace, useFindingAt, wordsOf } from './field-findings.tsx';
import { ResilienceSettings } from './resilience-settings.tsx';
import { setValue } from './rule-form.ts';
import type { RuleSettingsProps } from './rule-settings-props.ts';

const { traffic } = defaults;
const isCodes = (text: string) => /^[45]\d\d([ ,]+[45]\d\d)*$/.test(text);
const isCount = (text: string) => /^\d{1,2}$/.test(text);

interface SettingFieldProps {
  readonly label: string;
  readonly value: string;
  /** What the mesh does where nothing is said. */
  readonly fallback: string;
  readonly isSound: (text: string) => boolean;
  readonly place: FieldPlace;
  readonly isReadOnly: boolean;
  readonly onChange: (value: string | undefined) => void;
}

/** Text that is edited in place and written when it makes sense; empty = the default. */
function SettingField({ label, value, fallback, isSound, place, isReadOnly, onChange }: SettingFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const finding = useFindingAt(place);
  const isUnsound = typed !== null && typed !== '' && !isSound(typed);
  const problem = isUnsound ? 'makes no sense yet, so it is not written' : finding && wordsOf(finding);
  return (
    <Setting label={label}>
      <span className="relative block text-12 font-medium">
        <input
          aria-label={label}
          aria-invalid={problem !== undefined || undefined}
          aria-description={`${fallback} is the default`}
          value={typed ?? value}
          readOnly={isReadOnly}
          spellCheck={false}
          autoComplete="off"
          className={`peer w-full rounded-1 bg-transparent ${problem === undefined ? 'text-t0' : 'text-err-text'}`}
          onBlur={() => setTyped(null)}
          onChange={(event) => {
            const next = event.target.value;
            setTyped(next);
            if (next.trim() === '') onChange(undefined);
            else if (isSound(next.trim())) onChange(next.trim());
          }}
        />
        {(typed ?? value) === '' && (
          <span aria-hidden="true" className="pointer-events-none absolute inset-0 truncate text-t0 peer-focus:text-t3">
            {fallback} <span className="font-regular text-t3">default</span>
          </span>
        )}
      </span>
      {value !== '' && problem === undefined && <span className="block text-11 text-t3">instead of {fallback}</span>}
      {problem !== undefined && (
        <span role="alert" className="block text-11 text-err-text" data-testid="field-finding">
          {problem}
        </span>
      )}
    </Setting>
  );
}

function Setting({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div className="min-w-0 border-line border-t border-l px-4 py-1.5 nth-[3n+1]:border-l-0">
      <div className="truncate text-11 text-t3">{label}</div>
      {children}
    </div>
  );
}

export function RuleSettings(props: RuleSettingsProps) {
  return (
    <>
      <div className="grid grid-cols-3">
        {props.kind === 'GRPCRoute' ? <PolicySettings {...props} /> : <RouteSettings {...props} />}
      </div>
      <StickySetting {...props} />
      <ResilienceSettings {...props} />
    </>
  );
}

/** Of an HTTPRoute, which has fields of its own for them. */
function RouteSettings(props: RuleSettingsProps) {
  const { rule, isReadOnly } = props;
  const field = (path: ValuePath): Pick<SettingFieldProps, 'place' | 'isReadOnly'> => ({
    place: { kind: props.kind, path: pathInWords(rule.index, path) },
    isReadOnly,
  });
  const write = (path: ValuePath) => (value: string | undefined) => setValue(props, path, value);
  return (
    <>
      <SettingField
        label="Request timeout"
        value={rule.requestTimeout ?? ''}
        fallback={formatDuration(traffic.requestTimeoutMs)}
        isSound={isDuration}
        {...field(['timeouts', 'request'])}
        onChange={write(['timeouts', 'request'])}
      />
      <SettingField
        label="Each attempt"
        value={rule.attemptTimeout ?? ''}
        fallback="as the request"
        isSound={isDuration}
        {...field(['timeouts', 'backendRequest'])}
        onChange={write(['timeouts', 'backendRequest'])}
      />
      <PolicyField {...props} label="Stream idle" path={['timeouts', 'streamIdle']} />
      <SettingField
        label="Retries"
        value={rule.retryAttempts === undefined ? '' : String(rule.retryAttempts)}
        fallback={String(traffic.retryAttempts)}
        isSound={isCount}
        {...field(['retry', 'attempts'])}
        onChange={(text) => setValue(props, ['retry', 'attempts'], text === undefined ? undefined : Number(text))}
      />
      <SettingField
        label="First pause"
        value={rule.retryBackoff ?? ''}
        fallback={formatDuration(traffic.retryBackoffBaseMs)}
        isSound={isDuration}
        {...field(['retry', 'backoff'])}
        onChange={write(['retry', 'backoff'])}
      />
      <SettingField
        label="Also on status"
        value={rule.retryCodes.join(', ')}
        fallback="none"
        isSound={isCodes}
        {...field(['retry', 'codes'])}
        onChange={(text) => setValue(props, ['retry', 'codes'], text?.split(/[ ,]+/).map(Number))}
      />
    </>
  );
}

const FALLBACKS: Readonly<Record<string, string>> = {
  'timeouts.request': formatDuration(traffic.requestTimeoutMs),
  'timeouts.streamIdle': formatDuration(traffic.streamIdleTimeoutMs),
  'retries.attempts': String(traffic.retryAttempts),
  'retries.backoff.base': formatDuration(traffic.retryBackoffBaseMs),
  'retries.backoff.max': formatDuration(traffic.retryBackoffMaxMs),
};

/** A field that the rule's TrafficPolicy holds. */
function PolicyField({
  label,
  path,
  isNumber = false,
  isReadOnly,
  trafficPolicy,
  setPolicy,
}: RuleSettingsProps & { readonly label: string; readonly path: readonly string[]; readonly isNumber?: boolean }) {
  const holder = path.slice(0, -1).reduce(recordAt, trafficPolicy?.spec ?? {});
  const write = (text: string | undefined) =>
    setPolicy('TrafficPolicy', path, text !== undefined && isNumber ? Number(text) : text);
  return (
    <SettingField
      label={label}
      value={textAt(holder, path.at(-1) ?? '')}
      fallback={FALLBACKS[path.join('.')] ?? 'none'}
      isSound={isNumber ? isCount : isDuration}
      place={{ kind: 'TrafficPolicy', name: trafficPolicy?.name, path: `spec.${path.join('.')}` }}
      isReadOnly={isReadOnly}
      onChange={write}
    />
  );
}

/** Of a GRPCRoute: the Gateway API gives it no timeouts and retries, so its TrafficPolicy says them. */
function PolicySettings(props: RuleSettingsProps) {
  return (
    <>
      <PolicyField {...props} label="Call timeout" path={['timeouts', 'request']} />
      <PolicyField {...props} label="Stream idle" path={['timeouts', 'streamIdle']} />
      <PolicyField {...props} label="Retries" path={['retries', 'attempts']} isNumber />
      <PolicyField {...props} label="First pause" path={['retries', 'backoff', 'base']} />
      <PolicyField {...props} label="Longest pause" path={['retries', 'backoff', 'max']} />
    </>
  );
}

const COHORTS = [
  { value: '', label: 'chance' },
  { value: 'cookie', label: 'cookie' },
  { value: 'header', label: 'header' },
  { value: 'claim', label: 'claim of a token' },
  { value: 'source', label: 'identity of the caller' },
];

function StickySetting({ rule, isReadOnly, routePolicy, setPolicy }: RuleSettingsProps) {
  const cohort = recordAt(routePolicy?.spec ?? {}, 'cohort');
  const key = Object.keys(cohort)[0] ?? '';
  const name = key === 'source' ? '' : textAt(cohort, key);
  const choose = (next: string) => {
    const first: Record<string, string> = { source: 'identity', header: 'x-user', cookie: 'user', claim: 'sub' };
    setPolicy('RoutePolicy', ['cohort'], next === '' ? undefined : { [next]: first[next] ?? '' });
  };
  if (rule.backends.length < 2 && key === '') return null;
  return (
    <div className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-line border-t px-4 py-2 text-12">
      <span className="text-t2">Split by</span>
      <span className="chip">
        <ChipSelect
          label="What keeps a user on one version"
          value={key}
          options={COHORTS}
          isReadOnly={isReadOnly}
          onChange={choose}
        />
        {key !== '' && key !== 'source' && (
          <ChipText
            label={`Name of the ${key}`}
            placeholder="name"
            value={name}
            isReadOnly={isReadOnly}
            onChange={(next) => setPolicy('RoutePolicy', ['cohort', key], next.trim())}
          />
        )}
      </span>
      {rule.sessionBy !== undefined && <span className="text-t2">session by {rule.sessionBy}, in the YAML</span>}
      <span className="min-w-0 flex-1 text-11 leading-4 text-t3" data-testid="cohort-sentence">
        {cohortSentence(rule, key)}
      </span>
      {routePolicy !== undefined && (
        <FieldFinding place={{ kind: 'RoutePolicy', name: routePolicy.name, path: 'spec.cohort' }} />
      )}
    </div>
  );
}
