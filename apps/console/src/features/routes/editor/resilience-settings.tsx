'use client';
// What a rule does where an endpoint is slow (hedging) and where its answer fails (fallback), each with its effect in a sentence.
import { fallbackDefaults, hedgingDefaults } from '@malha/model/defaults';
import { formatDuration, isDuration } from '@malha/model/duration';
import { Plus } from 'lucide-react';
import type { ReactNode } from 'react';
import { type Body, numberAt, recordAt, textAt, textsAt } from '../model/filters.ts';
import type { Value, ValuePath } from '../model/write-value.ts';
import { ChipParsed, ChipRemove, ChipSelect, ChipText, numberFormat } from './chip-field.tsx';
import { FieldFinding } from './field-findings.tsx';
import type { RuleSettingsProps } from './rule-settings-props.ts';

type Props = Pick<RuleSettingsProps, 'kind' | 'isReadOnly' | 'routePolicy' | 'setPolicy'>;

/** What it begins as; which delay is right is seen in the latencies of the service. */
const FIRST_HEDGING = { delay: '100ms' };

const durationFormat = {
  format: (text: string) => text,
  parse: (text: string) => (isDuration(text.trim()) ? { value: text.trim() } : undefined),
};

export function ResilienceSettings(props: Props) {
  const { isReadOnly, routePolicy, setPolicy } = props;
  const spec = routePolicy?.spec ?? {};
  const set = (path: ValuePath, value: Value | undefined) => setPolicy('RoutePolicy', path, value);
  if (isReadOnly && spec.hedging === undefined && spec.fallback === undefined) return null;
  const finding = (field: string) =>
    routePolicy && <FieldFinding place={{ kind: 'RoutePolicy', name: routePolicy.name, path: `spec.${field}` }} />;
  return (
    <>
      <Row label="When slow" words={hedgingSentence(spec)}>
        <Hedging
          hedging={spec.hedging === undefined ? undefined : recordAt(spec, 'hedging')}
          isReadOnly={isReadOnly}
          set={set}
        />
        {finding('hedging')}
      </Row>
      <Row label="When failing" words={fallbackSentence(recordAt(spec, 'fallback'))}>
        <Fallback
          fallback={recordAt(spec, 'fallback')}
          isGrpc={props.kind === 'GRPCRoute'}
          isReadOnly={isReadOnly}
          set={set}
        />
        {finding('fallback')}
      </Row>
    </>
  );
}

function Row({
  label,
  words,
  children,
}: {
  readonly label: string;
  readonly words: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-line border-t px-4 py-2 text-12">
      <span className="w-20 text-t2">{label}</span>
      {children}
      <span className="min-w-0 flex-1 text-11 leading-4 text-t3">{words}</span>
    </div>
  );
}

interface PartProps {
  readonly isReadOnly: boolean;
  readonly set: (path: ValuePath, value: Value | undefined) => void;
}

function Hedging({ hedging, isReadOnly, set }: PartProps & { readonly hedging: Body | undefined }) {
  if (hedging === undefined) {
    return (
      <button type="button" className="add" disabled={isReadOnly} onClick={() => set(['hedging'], FIRST_HEDGING)}>
        <Plus aria-hidden="true" />
        ask another endpoint too
      </button>
    );
  }
  return (
    <span className="chip">
      <span className="chip-key">after</span>
      <ChipParsed
        label="Delay before another endpoint is asked"
        placeholder="100ms"
        value={textAt(hedging, 'delay')}
        {...durationFormat}
        isReadOnly={isReadOnly}
        onChange={(next) => set(['hedging', 'delay'], next)}
      />
      <span className="chip-key">attempts</span>
      <ChipParsed
        label="Attempts at most, the first included"
        placeholder={String(hedgingDefaults.maxAttempts)}
        value={numberAt(hedging, 'maxAttempts')}
        {...numberFormat(5)}
        isReadOnly={isReadOnly}
        onChange={(next) => set(['hedging', 'maxAttempts'], next)}
      />
      <span className="chip-key">percent</span>
      <ChipParsed
        label="Percent of the requests that are hedged"
        placeholder={String(hedgingDefaults.percent)}
        value={numberAt(hedging, 'percent')}
        {...numberFormat(100)}
        isReadOnly={isReadOnly}
        onChange={(next) => set(['hedging', 'percent'], next)}
      />
      {!isReadOnly && <ChipRemove label="One endpoint at a time" onClick={() => set(['hedging'], undefined)} />}
    </span>
  );
}

const TARGETS = [
  { value: '', label: 'the failure' },
  { value: 'backendRef', label: 'another backend' },
  { value: 'responseRef', label: 'a direct response' },
  { value: 'lastGood', label: 'the last good answer' },
];
const FIRST: Readonly<Record<string, Value>> = { backendRef: { name: '' }, responseRef: { name: '' }, lastGood: {} };
const CONDITIONS = ['5xx', 'gateway-error', 'unavailable', 'timeout'];

function Fallback({
  fallback,
  isGrpc,
  isReadOnly,
  set,
}: PartProps & { readonly fallback: Body; readonly isGrpc: boolean }) {
  const target = targetOf(fallback);
  const chosen = fallback.on === undefined ? [...fallbackDefaults.on] : textsAt(fallback, 'on');
  const on = fallback.on as Value | undefined;
  const choose = (next: string) =>
    set(['fallback'], next === '' ? undefined : { ...(on !== undefined && { on }), [next]: FIRST[next] ?? {} });
  return (
    <>
      <span className="chip">
        <ChipSelect
          label="What a client gets when the rule fails"
          value={target}
          options={isGrpc ? TARGETS.slice(0, 2) : TARGETS}
          isReadOnly={isReadOnly}
          onChange={choose}
        />
        {(target === 'backendRef' || target === 'responseRef') && (
          <ChipText
            label={target === 'backendRef' ? 'Service to fall back to' : 'DirectResponse to fall back to'}
            placeholder="name"
            value={textAt(recordAt(fallback, target), 'name')}
            isReadOnly={isReadOnly}
            onChange={(next) => set(['fallback', target, 'name'], next.trim())}
          />
        )}
        {target === 'backendRef' && (
          <ChipParsed
            label="Port of the service to fall back to"
            placeholder="port"
            value={numberAt(recordAt(fallback, target), 'port')}
            {...numberFormat(65_535)}
            isReadOnly={isReadOnly}
            onChange={(next) => set(['fallback', target, 'port'], next)}
          />
        )}
        {target === 'lastGood' && (
          <ChipParsed
            label="Age of an answer at most"
            placeholder={formatDuration(fallbackDefaults.maxAgeMs)}
            value={textAt(recordAt(fallback, target), 'maxAge')}
            {...durationFormat}
            isReadOnly={isReadOnly}
            onChange={(next) => set(['fallback', target, 'maxAge'], next)}
          />
        )}
      </span>
      {target !== '' && (
        <span className="chip">
          <span className="chip-key">on</span>
          {CONDITIONS.map((condition) => {
            const isOn = chosen.includes(condition);
            const next = isOn ? chosen.filter((other) => other !== condition) : [...chosen, condition];
            return (
              <button
                key={condition}
                type="button"
                aria-pressed={isOn}
                disabled={isReadOnly || (isOn && chosen.length === 1)}
                className={isOn ? 'bg-accent-tint text-t0' : 'text-t3 hover:text-t0'}
                onClick={() => set(['fallback', 'on'], next)}
              >
                {condition}
              </button>
            );
          })}
        </span>
      )}
    </>
  );
}

function targetOf(fallback: Body): string {
  return TARGETS.find(({ value }) => value !== '' && fallback[value] !== undefined)?.value ?? '';
}

function hedgingSentence(spec: Body): string {
  if (spec.hedging === undefined) return 'A slow endpoint is waited for, as long as the request may take.';
  return 'The first good answer is taken. Only requests that may be repeated are, within the budget of the retries.';
}

const SENTENCES: Readonly<Record<string, string>> = {
  '': 'Callers get the failure as it is.',
  backendRef: 'The request goes there after all attempts; its answer has malha-fallback: backend.',
  responseRef: 'The proxy answers by itself, with malha-fallback: static.',
  lastGood:
    'The last 200 to the same GET or HEAD, unless it was for one client; with malha-fallback: last-good and its Age.',
};

function fallbackSentence(fallback: Body): string {
  return SENTENCES[targetOf(fallback)] ?? '';
}
