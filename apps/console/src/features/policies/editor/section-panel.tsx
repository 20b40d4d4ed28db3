'use client';
// A part of the form under its own head; one that does nothing by itself is switched on and off as a whole.
import { Badge } from '#components/ui/badge.tsx';
import { Switch } from '#components/ui/choice.tsx';
import { Panel } from '#components/ui/panel.tsx';
import type { Section } from '../model/field.ts';
import { valueAt } from '../model/policy.ts';
import { saidIn } from '../model/sections.ts';
import { PolicyField, type PolicyForm } from './policy-field.tsx';

export function SectionPanel({ section, ...form }: PolicyForm & { readonly section: Section }) {
  const said = saidIn(form.spec, section);
  const isOn = section.root.length > 0 && valueAt(form.spec, section.root) !== undefined;
  const isShown = !section.isOffByDefault || isOn;
  return (
    <div id={`section-${section.id}`} data-testid={`section-${section.id}`} className="scroll-mt-3">
      <Panel
        title={section.title}
        sub={section.purpose}
        beside={said > 0 ? <Badge tone="accent">{said} set</Badge> : undefined}
        className="overflow-hidden"
        actions={
          section.isOffByDefault && (
            <Switch
              label={`${section.title} on`}
              checked={isOn}
              disabled={form.isReadOnly}
              onChange={(next) => form.set(section.root, next ? {} : undefined)}
            />
          )
        }
      >
        {isShown ? (
          section.fields.map((field) => <PolicyField key={field.path.join('.')} {...form} field={field} />)
        ) : (
          <p className="border-line border-t px-4 py-2 text-12 text-t3">
            Off. Switched on, it begins with its defaults.
          </p>
        )}
      </Panel>
    </div>
  );
}
