'use client';
// The form of a route: its rules, what it is attached to, each rule as a card, and a request to test.
import type { ReactNode } from 'react';
import { hasPolicies } from '../model/kinds.ts';
import type { RouteView } from '../model/view.ts';
import { LazyTestConnection, LazyTestRequest } from '../test-request/index.ts';
import { serviceTarget, versionTarget } from '../use-backend-choices.ts';
import type { ParentService } from '../use-parent-service.ts';
import type { RouteDraft } from '../use-route-draft.ts';

import { LazyAttachmentSection } from './lazy-attachment-section.tsx';
import { LazyImpactPanel } from './lazy-impact-panel.tsx';
import { RuleCard } from './rule-card.tsx';
import { RulesList } from './rules-list.tsx';

/** What the form of every kind is given. */
export interface FormProps {
  readonly draft: RouteDraft;
  readonly view: RouteView;
  readonly namespace: string;
  readonly name: string;
  readonly parent: ParentService | undefined;
  readonly selected: number;
  readonly isReadOnly: boolean;
  /** What stands over the form while the text is broken. */
  readonly banner: ReactNode;
  readonly onSelect: (index: number) => void;
  readonly onRename: (name: string) => void;
  readonly onLine: (line: number | undefined) => void;
}

function nameOfNewRule(view: RouteView): string {
  let number = view.rules.length + 1;
  while (view.rules.some((rule) => rule.name === `rule-${number}`)) number += 1;
  return `rule-${number}`;
}

export function RouteForm(props: FormProps & { readonly sinceMs: number | undefined }) {
  const { draft, view, namespace, name, parent, selected, isReadOnly } = props;
  const changed = draft.isChanged && draft.reading.ok ? draft.text : undefined;
  const addRule = () => {
    const ruleName = nameOfNewRule(view);
    const service = parent?.name ?? view.parentService ?? '';
    const version = parent?.versions[0];
    const target =
      version === undefined ? serviceTarget(service, parent?.port) : versionTarget(service, version, parent?.port);
    draft.edit({ type: 'add-rule', name: ruleName, target: service === '' ? undefined : target });
    props.onRename(ruleName);
  };
  return (
    <>
      <div className="min-h-0 overflow-auto border-line border-r">
        <RulesList
          view={view}
          baseView={draft.baseView}
          selected={selected}
          isReadOnly={isReadOnly}
          onSelect={(index) => {
            props.onSelect(index);
            props.onLine(view.rules[index]?.line);
          }}
          // Nothing tells connections apart: a route of bytes has one rule.
          onAdd={hasPolicies(view.kind) ? addRule : undefined}
        />
        {changed !== undefined && view.parentService !== undefined && hasPolicies(view.kind) && (
          <LazyImpactPanel namespace={namespace} service={view.parentService} yaml={changed} />
        )}
        <LazyAttachmentSection view={view} namespace={namespace} isReadOnly={isReadOnly} edit={draft.edit} />
      </div>
      <div className="flex min-h-0 flex-col gap-3 overflow-auto border-line border-r p-4 max-[1359px]:p-3">
        {props.banner}
        {view.rules.map((rule) => (
          <RuleCard
            key={rule.name || rule.index}
            kind={view.kind}
            rule={rule}
            ruleCount={view.rules.length}
            baseRule={draft.baseView?.rules.find((old) => old.name === rule.name)}
            policies={view.policies.filter((policy) => policy.rule === rule.name && rule.name !== '')}
            namespace={namespace}
            route={name}
            parent={parent}
            sinceMs={props.sinceMs}
            isSelected={rule.index === selected}
            isReadOnly={isReadOnly}
            edit={draft.edit}
            onSelect={() => props.onSelect(rule.index)}
            onRename={props.onRename}
            onLine={props.onLine}
          />
        ))}
        {view.parents.length > 0 && hasPolicies(view.kind) && (
          <LazyTestRequest
            kind={view.kind}
            view={view}
            namespace={namespace}
            route={name}
            service={view.parentService}
            yaml={changed}
          />
        )}
        {!hasPolicies(view.kind) && (
          <LazyTestConnection view={view} namespace={namespace} route={name} yaml={changed} />
        )}
      </div>
    </>
  );
}
