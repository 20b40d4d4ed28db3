'use client';
// Every policy that protects or tries calls: what it is attached to, what it says in a line, who changed it when.
import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Badge } from '#components/ui/badge.tsx';
import { Button } from '#components/ui/button.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { SkeletonRows } from '#components/ui/states.tsx';
import { ScopedLink, useScope } from '#features/scope/index.ts';
import { moment } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import { inPlainWords } from '#trpc/errors.ts';
import { POLICY_KINDS, type PolicyKind, policyHref } from '../model/kinds.ts';
import { readPolicy, targetOf } from '../model/policy.ts';
import { doesInWords, targetInWords } from '../model/policy-words.ts';
import { LazyNewPolicy } from './lazy-new-policy.tsx';

const REFRESH_MS = 10_000;

function usePolicies() {
  const trpc = useTRPC();
  const { namespaces } = useScope();
  const listOf = (kind: PolicyKind) => trpc.resources.list.queryOptions({ kind }, { refetchInterval: REFRESH_MS });
  const queries = [
    useQuery(listOf('TrafficPolicy')),
    useQuery(listOf('RateLimit')),
    useQuery(listOf('FaultInjection')),
  ];
  const isRead = queries.every(({ data }) => data !== undefined);
  const items = queries
    .flatMap(({ data }) => data?.items ?? [])
    .filter(({ namespace }) => namespaces.length === 0 || namespaces.includes(namespace));
  return { items: isRead ? items : undefined, error: queries.find(({ error }) => error !== null)?.error ?? null };
}

type Item = NonNullable<ReturnType<typeof usePolicies>['items']>[number];

function Row({ item, nowMs }: { readonly item: Item; readonly nowMs: number }) {
  const reading = readPolicy(item.yaml);
  return (
    <tr data-testid={`policy-${item.namespace}-${item.name}`}>
      <td>
        <ScopedLink href={policyHref(item.kind, item.namespace, item.name)} className="mono link">
          <span className="text-t2">{item.namespace}/</span>
          {item.name}
        </ScopedLink>
      </td>
      <td className="mono text-t2">{item.kind}</td>
      <td className="text-t2">{reading.ok ? targetInWords(targetOf(reading.view.spec)) : ''}</td>
      <td className="max-w-80 truncate text-t1">{reading.ok ? doesInWords(reading.view) : 'not readable here'}</td>
      <td className="text-t3">
        {moment(item.updatedAtMs, nowMs)}, {item.updatedBy}
      </td>
      <td className="num mono text-t2">r{item.revision}</td>
    </tr>
  );
}

export function PoliciesPanel() {
  const { items, error } = usePolicies();
  const [isNew, setNew] = useState(false);
  const nowMs = Date.now();
  return (
    <Panel
      className="overflow-hidden"
      title="Policies"
      beside={items !== undefined && <Badge>{items.length}</Badge>}
      sub="what says so: timeouts, limits and faults beyond the defaults"
      actions={
        <Button size="s" onClick={() => setNew(true)}>
          <Plus aria-hidden="true" strokeWidth={1.75} />
          New policy
        </Button>
      }
    >
      {items === undefined && error === null && <SkeletonRows rows={3} columns={[160, 90, 140, 260]} />}
      {items === undefined && error !== null && (
        <p className="border-line border-t px-4 py-3 text-12 text-t2">Not known: {inPlainWords(error)}</p>
      )}
      {items?.length === 0 && (
        <p className="border-line border-t px-4 py-3 text-12 text-t2">
          No policy says anything: the defaults hold for every call ({POLICY_KINDS.join(', ')}).
        </p>
      )}
      {items !== undefined && items.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th>Name</th>
              <th>Kind</th>
              <th>Attached to</th>
              <th>Says</th>
              <th>Changed</th>
              <th className="num">Revision</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <Row key={item.key} item={item} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
      )}
      {isNew && <LazyNewPolicy onClose={() => setNew(false)} />}
    </Panel>
  );
}
