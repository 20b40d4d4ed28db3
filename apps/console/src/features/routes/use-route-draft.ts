'use client';
// The draft of a route: what it started from, the text, its history; kept in the tab until applied or discarded.
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTRPC } from '#trpc/client.ts';
import { appendDocument } from './model/documents.ts';
import { type Draft, edited, redone, startDraft, undone } from './model/draft.ts';
import { applyEdit, type RouteEdit } from './model/edit.ts';
import { hasPolicies } from './model/kinds.ts';
import { isAttached, type PolicyKind } from './model/policies.ts';
import { type Reading, type RouteView, readRoute } from './model/view.ts';

export interface DraftBase {
  /** The route, and after it the policies that are attached to it. */
  readonly yaml: string;
  /** Of the route; 0 for one that is not stored yet. */
  readonly revision: number;
  /** Of each object of the text that is stored. */
  readonly revisions: Readonly<Record<string, number>>;
}

export interface RouteDraft {
  readonly base: DraftBase;
  readonly text: string;
  readonly reading: Reading;
  readonly baseView: RouteView | null;
  readonly isChanged: boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly edit: (edit: RouteEdit, key?: string) => void;
  readonly setText: (text: string, key?: string) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly discard: () => void;
  /** Puts the draft on another base: after Apply, or on top of what somebody else applied. */
  readonly rebase: (base: DraftBase, text: string) => void;
}

interface State {
  readonly base: DraftBase;
  readonly draft: Draft;
}

const slotOf = (key: string) => `malha-draft:${key}`;

function restore(key: string, stored: DraftBase): State {
  const fresh = { base: stored, draft: startDraft(stored.yaml) };
  const kept = sessionStorage.getItem(slotOf(key));
  if (kept === null) return fresh;
  try {
    const { base, text } = JSON.parse(kept) as { base: DraftBase; text: string };
    if (typeof text !== 'string' || typeof base.yaml !== 'string' || typeof base.revisions !== 'object') return fresh;
    if (text === stored.yaml) return fresh;
    return { base, draft: { ...startDraft(base.yaml), text, past: [base.yaml] } };
  } catch {
    return fresh;
  }
}

function newestOf({ revision, revisions }: DraftBase): number {
  return Math.max(revision, ...Object.values(revisions));
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
  const [state, setState] = useState<State | null>(null);
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

  // A draft without edits follows what is stored; one with edits stays on what it started from.
  useEffect(() => {
    if (stored === undefined) return;
    setState((current) => {
      if (current === null) return restore(key, stored);
      const isUntouched = current.draft.text === current.base.yaml;
      return isUntouched && newestOf(stored) > newestOf(current.base)
        ? { base: stored, draft: startDraft(stored.yaml) }
        : current;
    });
  }, [stored, key]);

  useEffect(() => {
    if (state === null) return;
    const { base, draft } = state;
    if (draft.text === base.yaml) sessionStorage.removeItem(slotOf(key));
    else sessionStorage.setItem(slotOf(key), JSON.stringify({ base, text: draft.text }));
  }, [state, key]);

  const step = useCallback((change: (draft: Draft) => Draft) => {
    setState((current) => (current === null ? current : { ...current, draft: change(current.draft) }));
  }, []);

  const text = state?.draft.text;
  const reading = useMemo(() => (text === undefined ? undefined : readRoute(text)), [text]);
  const baseYaml = state?.base.yaml;
  const baseView = useMemo(() => {
    const base = baseYaml === undefined ? undefined : readRoute(baseYaml);
    return base?.ok ? base.view : null;
  }, [baseYaml]);

  const draft = useMemo((): RouteDraft | undefined => {
    if (state === null || reading === undefined) return undefined;
    return {
      base: state.base,
      text: state.draft.text,
      reading,
      baseView: state.base.revision === 0 ? null : baseView,
      isChanged: state.draft.text !== state.base.yaml || state.base.revision === 0,
      canUndo: state.draft.past.length > 0,
      canRedo: state.draft.future.length > 0,
      edit: (edit, editKey = '') =>
        step((current) => edited(current, applyEdit(current.text, edit), editKey, Date.now())),
      setText: (next, editKey = 'typing') => step((current) => edited(current, next, editKey, Date.now())),
      undo: () => step(undone),
      redo: () => step(redone),
      discard: () => step((current) => edited(current, state.base.yaml, '', Date.now())),
      rebase: (base, next) =>
        setState((current) => ({ base, draft: edited(current?.draft ?? startDraft(base.yaml), next, '', Date.now()) })),
    };
  }, [state, reading, baseView, step]);

  return { draft, query };
}
