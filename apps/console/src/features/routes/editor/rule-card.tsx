'use client';
// One rule as a form: what it matches, where it sends, how long and how often it tries.
import { ArrowDown, ArrowLeftRight, ArrowUp, Ellipsis, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Badge, SeriesDot } from '#components/ui/badge.tsx';
import { Button, IconButton } from '#components/ui/button.tsx';
import { Menu, MenuItem, MenuSeparator } from '#components/ui/menu.tsx';
import { seriesColour } from '#components/ui/series-colour.ts';
import type { RouteEdit } from '../model/edit.ts';
import { filtersInWords } from '../model/filters.ts';
import { type EditedKind, hasPolicies } from '../model/kinds.ts';
import type { PolicyView } from '../model/policies.ts';
import type { RuleView } from '../model/view.ts';
import { matchInWords, versionOf } from '../model/words.ts';
import type { Value, ValuePath } from '../model/write-value.ts';
import { useMeasuredSplit } from '../use-measured-split.ts';
import type { ParentService } from '../use-parent-service.ts';
import { AddTarget } from './add-target.tsx';
import { FieldFinding } from './field-findings.tsx';
import { LazyRuleDetails } from './lazy-rule-details.tsx';
import { LazyRuleSettings } from './lazy-rule-settings.tsx';
import { MatchBuilder } from './match-builder.tsx';
import type { RuleSettingsProps } from './rule-settings-props.ts';
import { SplitTable } from './split-table.tsx';

export interface RuleCardProps {
  readonly kind: EditedKind;
  readonly rule: RuleView;
  readonly ruleCount: number;
  readonly baseRule: RuleView | undefined;
  /** Policies of this rule in the same text. */
  readonly policies: readonly PolicyView[];
  readonly namespace: string;
  readonly route: string;
  readonly parent: ParentService | undefined;
  readonly sinceMs: number | undefined;
  readonly isSelected: boolean;
  readonly isReadOnly: boolean;
  readonly edit: (edit: RouteEdit, key?: string) => void;
  readonly onSelect: () => void;
  readonly onRename: (name: string) => void;
  readonly onLine: (line: number | undefined) => void;
}

/** Written when it is left: policies and the URL name a rule too. */
function RuleName({ rule, edit, onRename }: Pick<RuleCardProps, 'rule' | 'edit' | 'onRename'>) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? rule.name;
  const commit = () => {
    const next = text.trim();
    setTyped(null);
    if (next === '' || next === rule.name) return;
    edit({ type: 'rename-rule', rule: rule.index, name: next });
    onRename(next);
  };
  return (
    <input
      aria-label={`Name of rule ${rule.index + 1}`}
      value={text}
      placeholder={`rule ${rule.index + 1}`}
      spellCheck={false}
      autoComplete="off"
      maxLength={253}
      className="max-w-full rounded-1 bg-transparent hover:bg-hover focus:bg-hover"
      style={{ width: `${Math.max(8, text.length + 1)}ch` }}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Escape') setTyped(null);
        else if (event.key === 'Enter' && !event.metaKey && !event.ctrlKey) commit();
      }}
    />
  );
}

function RuleMenu({ rule, ruleCount, edit }: Pick<RuleCardProps, 'rule' | 'ruleCount' | 'edit'>) {
  return (
    <Menu
      trigger={
        <IconButton label={`More about rule ${rule.name || rule.index + 1}`} kind="ghost" size="s">
          <Ellipsis aria-hidden="true" strokeWidth={1.75} />
        </IconButton>
      }
    >
      <MenuItem
        icon={<ArrowUp aria-hidden="true" />}
        disabled={rule.index === 0}
        onSelect={() => edit({ type: 'move-rule', rule: rule.index, to: rule.index - 1 })}
      >
        Move up
      </MenuItem>
      <MenuItem
        icon={<ArrowDown aria-hidden="true" />}
        disabled={rule.index === ruleCount - 1}
        onSelect={() => edit({ type: 'move-rule', rule: rule.index, to: rule.index + 1 })}
      >
        Move down
      </MenuItem>
      <MenuSeparator />
      <MenuItem
        icon={<Trash2 aria-hidden="true" />}
        disabled={ruleCount === 1}
        onSelect={() => edit({ type: 'remove-rule', rule: rule.index })}
      >
        Remove this rule
      </MenuItem>
    </Menu>
  );
}

function MeasuredSplitTable(props: RuleCardProps) {
  const { rule, namespace, route, sinceMs, edit } = props;
  const [focused, setFocused] = useState<number>();
  const measured = useMeasuredSplit({ namespace, route, rule: rule.name || String(rule.index), sinceMs });
  return (
    <SplitTable
      rule={rule}
      baseRule={props.baseRule}
      measured={measured}
      instances={props.parent?.instances ?? new Map()}
      isReadOnly={props.isReadOnly}
      focused={focused}
      onWeights={(weights) => edit({ type: 'set-weights', rule: rule.index, weights }, `weights:${rule.index}`)}
      onRemove={(backend) => edit({ type: 'remove-backend', rule: rule.index, backend })}
      onFocus={(backend) => {
        setFocused(backend);
        props.onLine(backend === undefined ? undefined : rule.backends[backend]?.line);
      }}
    />
  );
}

/** What becomes of a match that goes nowhere. */
const nowhere: Readonly<Record<EditedKind, string>> = {
  HTTPRoute: 'nowhere: a match is answered with 500',
  GRPCRoute: 'nowhere: a call is answered with UNAVAILABLE',
  TCPRoute: 'nowhere: connections are closed',
  TLSRoute: 'nowhere: connections are closed',
  Gateway: '',
};

function SingleTarget(props: RuleCardProps) {
  const { rule } = props;
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {rule.backends.map((backend, index) => (
        <span key={backend.name} className="chip">
          <span>
            <SeriesDot colour={seriesColour(index + 1)} />
            {versionOf(backend)}
          </span>
          <span className="text-t2">{backend.weight === 0 ? 'takes nothing' : '100 %'}</span>
        </span>
      ))}
      {rule.backends.length === 0 && <span className="text-12 text-t2">{nowhere[props.kind]}</span>}
      {!props.isReadOnly && <AddTarget namespace={props.namespace} form={props} />}
    </div>
  );
}

/** What is wrong with the matches, the targets or the name of a rule. */
function RuleFindings({ kind, rule }: Pick<RuleCardProps, 'kind' | 'rule'>) {
  return ['matches', 'backendRefs', 'name'].map((field) => (
    <div key={field} className="col-start-2 empty:hidden">
      <FieldFinding place={{ kind, path: `spec.rules[${rule.index}].${field}` }} />
    </div>
  ));
}

/** All or nothing: the other one of two takes everything. */
function BlueGreen({ rule, edit }: Pick<RuleCardProps, 'rule' | 'edit'>) {
  const [first, second] = rule.backends;
  if (rule.backends.length !== 2 || first === undefined || second === undefined) return null;
  const isFirst = first.weight >= second.weight;
  const next = versionOf(isFirst ? second : first);
  return (
    <Button
      size="s"
      title={`Send everything to ${next}`}
      onClick={() => edit({ type: 'set-weights', rule: rule.index, weights: isFirst ? [0, 100] : [100, 0] })}
    >
      <ArrowLeftRight aria-hidden="true" strokeWidth={1.75} />
      All to {next}
    </Button>
  );
}

export function RuleCard(props: RuleCardProps) {
  const { kind, rule, baseRule, isSelected, isReadOnly, edit } = props;
  const hasMatches = hasPolicies(kind);
  const title = rule.name || `rule ${rule.index + 1}`;
  const isSplit = rule.backends.length > 1;
  const routePolicy = props.policies.find((policy) => policy.kind === 'RoutePolicy');
  const actions = filtersInWords(rule);
  const form = { kind, rule, parent: props.parent, isReadOnly, edit };
  const setPolicy: RuleSettingsProps['setPolicy'] = (policy, path, value) => {
    const key = `policy:${policy}:${rule.index}:${path.join('.')}`;
    // A policy finds its rule by its name.
    const name = rule.name || `rule-${rule.index + 1}`;
    if (rule.name === '') edit({ type: 'rename-rule', rule: rule.index, name }, key);
    edit({ type: 'set-policy', kind: policy, rule: name, path, value }, key);
  };
  const setRoutePolicy = (path: ValuePath, value: Value | undefined) => setPolicy('RoutePolicy', path, value);
  return (
    <section
      aria-label={`Rule ${title}`}
      className="panel"
      style={isSelected ? { borderColor: 'var(--accent-line)' } : undefined}
      onFocus={props.onSelect}
      data-testid={`rule-${title}`}
    >
      <header className="panel-head">
        <span className="text-t3">{rule.index + 1}</span>
        <h2 className="mono min-w-0 truncate text-13 font-semi text-t0">
          {isSelected && !isReadOnly ? <RuleName rule={rule} edit={edit} onRename={props.onRename} /> : title}
        </h2>
        {baseRule === undefined && (
          <Badge tone="ok">
            <Plus aria-hidden="true" /> new
          </Badge>
        )}
        {hasMatches && rule.matches.length === 0 && !isSelected && (
          <span className="chip h-5!">
            <span className="chip-key">{matchInWords(rule)}</span>
          </span>
        )}
        <span className="flex-1" />
        {!isReadOnly && isSplit && <AddTarget namespace={props.namespace} form={props} />}
        {!isReadOnly && isSplit && <BlueGreen rule={rule} edit={edit} />}
        {!isReadOnly && <RuleMenu rule={rule} ruleCount={props.ruleCount} edit={edit} />}
      </header>
      {(rule.matches.length > 0 || actions.length > 0 || isSelected) && (
        <div className="grid grid-cols-[64px_minmax(0,1fr)] items-center gap-x-3 gap-y-2 border-line border-b px-4 py-3 text-12 last:border-b-0">
          {hasMatches && (
            <>
              <span className="text-t2">Match</span>
              <MatchBuilder
                kind={kind}
                matches={rule.matches}
                before={baseRule?.matches ?? []}
                isReadOnly={isReadOnly}
                onChange={(matches, key) =>
                  edit({ type: 'set-matches', rule: rule.index, matches }, key && `${key}:${rule.index}`)
                }
              />
            </>
          )}
          {!isSplit && (
            <>
              <span className="text-t2">Send to</span>
              <SingleTarget {...props} />
            </>
          )}
          <RuleFindings kind={kind} rule={rule} />
          {isSelected && hasMatches && <LazyRuleDetails {...form} policy={routePolicy} set={setRoutePolicy} />}
          {!isSelected && actions.length > 0 && (
            <>
              <span className="self-start text-t2">Do</span>
              <span className="text-t2">{actions.join('; ')}</span>
            </>
          )}
        </div>
      )}
      {isSplit && <MeasuredSplitTable {...props} />}
      {!isSplit && rule.matches.length === 0 && !isSelected && (
        <div className="px-4 py-3">
          <SingleTarget {...props} />
        </div>
      )}
      {isSelected && hasMatches && (
        <LazyRuleSettings
          {...form}
          routePolicy={routePolicy}
          trafficPolicy={props.policies.find((policy) => policy.kind === 'TrafficPolicy')}
          setPolicy={setPolicy}
        />
      )}
    </section>
  );
}
