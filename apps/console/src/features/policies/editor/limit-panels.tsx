'use client';
// The limits of requests of a RateLimit, one card each.
import { Plus, X } from 'lucide-react';
import { Button, IconButton } from '#components/ui/button.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { FieldFinding } from '#features/routes/index.ts';
import { fieldsOfLimit } from '../model/limit-sections.ts';
import { listAt, textAt } from '../model/policy.ts';
import { PolicyField, type PolicyForm, placeOf } from './policy-field.tsx';

const LIMITS_MAX = 32;

function freeName(names: readonly string[]): string {
  let number = names.length + 1;
  while (names.includes(`limit-${number}`)) number += 1;
  return `limit-${number}`;
}

export function LimitPanels(form: PolicyForm) {
  const names = listAt(form.spec, ['limits']).map((limit) => textAt(limit, ['name']));
  return (
    <>
      {names.map((name, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: its name is edited in the card itself
        <div key={index} id={`section-limit-${index}`} data-testid={`limit-${name}`} className="scroll-mt-3">
          <Panel
            label={`Limit ${name}`}
            className="overflow-hidden"
            title={
              <input
                aria-label={`Name of limit ${index + 1}`}
                value={name}
                readOnly={form.isReadOnly}
                spellCheck={false}
                size={Math.max(4, name.length)}
                className="mono -mx-1 rounded-1 bg-transparent px-1 text-13 text-t0 hover:bg-raised"
                onChange={(event) => form.set(['limits', index, 'name'], event.target.value.trim())}
              />
            }
            sub="requests; the first limit that is spent answers"
            actions={
              !form.isReadOnly && (
                <IconButton
                  label={`Remove limit ${name}`}
                  kind="ghost"
                  size="s"
                  onClick={() => form.set(['limits', index], undefined)}
                >
                  <X aria-hidden="true" strokeWidth={1.75} />
                </IconButton>
              )
            }
          >
            {fieldsOfLimit(index).map((field) => (
              <PolicyField key={field.path.join('.')} {...form} field={field} />
            ))}
            <div className="px-4">
              <FieldFinding place={{ kind: form.kind, path: placeOf(['limits', index, 'name']) }} />
            </div>
          </Panel>
        </div>
      ))}
      {!form.isReadOnly && names.length < LIMITS_MAX && (
        <div>
          <Button onClick={() => form.set(['limits', names.length], { name: freeName(names), requests: 100 })}>
            <Plus aria-hidden="true" strokeWidth={1.75} />
            Add limit
          </Button>
        </div>
      )}
    </>
  );
}
