'use client';
// The form of a policy: its parts and what it is attached to on the left, the fields of each part beside them.
import type { ReactNode } from 'react';
import type { PolicyView } from '../model/policy.ts';
import { SECTIONS } from '../model/sections.ts';
import type { PolicyDraft } from '../use-policy.ts';
import { EffectPanel } from './effect-panel.tsx';
import { LimitPanels } from './limit-panels.tsx';
import { SectionList } from './section-list.tsx';
import { SectionPanel } from './section-panel.tsx';
import { TargetPanel } from './target-panel.tsx';

export interface PolicyFormProps {
  readonly draft: PolicyDraft;
  readonly view: PolicyView;
  readonly isReadOnly: boolean;
  /** What stands over the form while the text is broken. */
  readonly banner: ReactNode;
  readonly onLine: (line: number | undefined) => void;
}

export function PolicyForm({ draft, view, isReadOnly, banner, onLine }: PolicyFormProps) {
  const form = {
    kind: view.kind,
    spec: view.spec,
    isReadOnly,
    set: draft.set,
    onFocus: (path: readonly (string | number)[]) => onLine(view.lines[String(path[0])]),
  };
  const sections = SECTIONS[view.kind];
  return (
    <>
      <div className="min-h-0 overflow-auto border-line border-r">
        <SectionList view={view} sections={sections} />
        <TargetPanel {...form} namespace={view.namespace} />
        {draft.isChanged && draft.reading.ok && <EffectPanel view={view} text={draft.text} />}
      </div>
      <div className="flex min-h-0 flex-col gap-3 overflow-auto border-line border-r p-4 max-[1359px]:p-3">
        {banner}
        {view.kind === 'RateLimit' && <LimitPanels {...form} />}
        {sections.map((section) => (
          <SectionPanel key={section.id} {...form} section={section} />
        ))}
      </div>
    </>
  );
}
