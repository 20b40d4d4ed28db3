'use client';
// The draft of a route: one text of the route and of the policies that are attached to it, read as the form shows it.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTRPC } from '#trpc/client.ts';
import { appendDocument } from './model/documents.ts';
import { applyEdit, type RouteEdit } from './model/edit.ts';
import { hasPolicies } from './model/kinds.ts';
import { isAttached, type PolicyKind } from './model/policies.ts';
import { type Reading, type RouteView, readRoute } from './model/view.ts';
import { type DraftBase, type TextDraft, useTextDraft } from './use-text-draft.ts';

export interface RouteDraft extends TextDraft {
  readonly reading: Reading;
  readonly baseView: RouteView | null;
  readonly edit: (edit: RouteEdit, key?: string) => void;
}

/** Policies of the route's namespace that are attached to it; undefined until they are read. */
function useAttachedPolicies(key: string, isAsked: boolean) {
  const trpc = useTRPC();
  const [kind = '', namespace = '', name = ''] = key.split('/');
  const listOf = (policy: PolicyKind) =>
    trpc.resources.list.queryOptions({ kind: policy, namespace }, { enabled: isAsked, staleTime: 5_000 });
  const routePolicies = useQuery(listOf('RoutePolicy')).data?.items;
  const trafficPolicies = useQuery(listOf('TrafficPolicy')).data?.items;
  return useMemo(() => {
    if (!isAsked) return [];
    if (routePolicies === undefined || trafficPolicies === undefined) return undefined;
    return [...routePolicies, ...trafficPolicies].filter((item) => isAttached(item.yaml, { kind, name }));
  }, [isAsked, routePolicies, trafficPolicies, kind, name]);
}

export function useRouteDraft(key: string, template?: string) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.resources.get.queryOptions({ key }, { enabled: template === undefined, staleTime: 5_000 }),
  );
  const policies = useAttachedPolicies(key, template === undefined && hasPolicies(key.split('/')[0] ?? ''));
  const stored = useMemo((): DraftBase | undefined => {
    if (template !== undefined) return { yaml: template, revision: 0, revisions: {} };
    if (query.data === undefined || policies === undefined) return undefined;
    const { yaml, revision } = query.data;
    return {
      yaml: policies.reduce((text, policy) => appendDocument(text, policy.yaml), yaml),
      revision,
      revisions: Object.fromEntries([[key, revision], ...policies.map((policy) => [policy.key, policy.revision])]),
    };
  }, [template, query.data, policies, key]);
  const draft = useTextDraft(key, stored);

  const text = draft?.text;
  const reading = useMemo(() => (text === undefined ? undefined : readRoute(text)), [text]);
  const baseYaml = draft?.base.yaml;
  const baseView = useMemo(() => {
    const base = baseYaml === undefined ? undefined : readRoute(baseYaml);
    return base?.ok ? base.view : null;
  }, [baseYaml]);

  const routeDraft = useMemo((): RouteDraft | undefined => {
    if (draft === undefined || reading === undefined) return undefined;
    return {
      ...draft,
      reading,
      baseView: draft.base.revision === 0 ? null : baseView,
      edit: (edit, editKey) => draft.write((current) => applyEdit(current, edit), editKey),
    };
  }, [draft, reading, baseView]);

  return { draft: routeDraft, query };
}
