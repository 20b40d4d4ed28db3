'use client';
// What a policy is attached to: a kind, an object of its namespace, of a route perhaps one rule.
import { useQuery } from '@tanstack/react-query';
import { Select } from '#components/ui/choice.tsx';
import { TextField } from '#components/ui/field.tsx';
import { FieldFinding } from '#features/routes/index.ts';
import { useTRPC } from '#trpc/client.ts';
import { isRouteKind, KIND_FACTS } from '../model/kinds.ts';
import { targetRefOf } from '../model/new-policy.ts';
import { targetOf } from '../model/policy.ts';
import type { PolicyForm } from './policy-field.tsx';

const STALE_MS = 30_000;
/** Kinds that are objects of their own; versions and workloads are typed. */
const LISTED = ['Service', 'HTTPRoute', 'GRPCRoute'];

export function TargetPanel({ namespace, ...form }: PolicyForm & { readonly namespace: string }) {
  const trpc = useTRPC();
  const target = targetOf(form.spec);
  const isListed = LISTED.includes(target.kind);
  const objects = useQuery(
    trpc.resources.list.queryOptions({ kind: target.kind, namespace }, { enabled: isListed, staleTime: STALE_MS }),
  ).data?.items;
  const write = (next: Partial<typeof target>) => form.set(['targetRef'], targetRefOf({ ...target, ...next }));
  const names = (objects ?? []).map(({ name }) => name);
  return (
    <section aria-label="Attached to" className="border-line border-t px-4 py-3">
      <h2 className="mb-2 font-semi text-t0">Attached to</h2>
      <div className="grid gap-2">
        <Select
          small
          label="Kind of target"
          value={target.kind}
          disabled={form.isReadOnly}
          options={KIND_FACTS[form.kind].targets.map((kind) => ({ value: kind, label: kind }))}
          onChange={(kind) => write({ kind, name: kind === 'Namespace' ? namespace : '', rule: '' })}
        />
        {isListed && (
          <Select
            small
            label="Name of target"
            value={target.name}
            disabled={form.isReadOnly}
            options={[
              ...(names.includes(target.name) ? [] : [{ value: target.name, label: target.name || 'choose' }]),
              ...names.map((name) => ({ value: name, label: name })),
            ]}
            onChange={(name) => write({ name, rule: '' })}
          />
        )}
        {!isListed && target.kind !== 'Mesh' && (
          <TextField
            small
            mono
            aria-label="Name of target"
            value={target.name}
            readOnly={form.isReadOnly}
            onChange={(event) => write({ name: event.target.value.trim() })}
          />
        )}
        {isRouteKind(target.kind) && (
          <TextField
            small
            mono
            aria-label="Rule"
            placeholder="all rules"
            value={target.rule}
            readOnly={form.isReadOnly}
            onChange={(event) => write({ rule: event.target.value.trim() })}
          />
        )}
      </div>
      <FieldFinding place={{ kind: form.kind, path: 'spec.targetRef' }} />
    </section>
  );
}
