'use client';
// The draft of a policy: the stored text, a copy of another one, or a first text for a target.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { type DraftBase, type TextDraft, useTextDraft, type Value, type ValuePath } from '#features/routes/index.ts';
import { useTRPC } from '#trpc/client.ts';
import { isNotFound } from '#trpc/errors.ts';
import type { PolicyKind } from './model/kinds.ts';
import { newPolicyYaml, targetFrom } from './model/new-policy.ts';
import { type PolicyReading, type PolicyView, readPolicy, renamed, writeSpec } from './model/policy.ts';

export interface PolicyDraft extends TextDraft {
  readonly reading: PolicyReading;
  readonly baseView: PolicyView | null;
  /** Sets a field under `spec`; undefined takes it away. */
  readonly set: (path: ValuePath, value: Value | undefined) => void;
}

export interface PolicyPlace {
  readonly kind: PolicyKind;
  readonly namespace: string;
  readonly name: string;
  /** Of a new one: `Service/reviews`. */
  readonly target: string;
  /** Of a copy: the key of what it is copied from. */
  readonly from: string;
  /** Of a new fault: whether its first text has a hypothesis. */
  readonly isExperiment: boolean;
}

export function usePolicyDraft({ kind, namespace, name, target, from, isExperiment }: PolicyPlace) {
  const trpc = useTRPC();
  const key = `${kind}/${namespace}/${name}`;
  const query = useQuery(trpc.resources.get.queryOptions({ key }, { staleTime: 5_000, retry: false }));
  const isMissing = query.isError && isNotFound(query.error);
  const source = useQuery(
    trpc.resources.get.queryOptions({ key: from }, { enabled: isMissing && from !== '', staleTime: 30_000 }),
  );
  const template = useMemo(() => {
    if (!isMissing) return undefined;
    if (from !== '') return source.data === undefined ? undefined : renamed(source.data.yaml, namespace, name);
    const found = targetFrom(target);
    return found === undefined ? undefined : newPolicyYaml({ kind, namespace, name, target: found, isExperiment });
  }, [isMissing, from, source.data, target, kind, namespace, name, isExperiment]);
  const stored = useMemo((): DraftBase | undefined => {
    if (query.data !== undefined)
      return { yaml: query.data.yaml, revision: query.data.revision, revisions: { [key]: query.data.revision } };
    return template === undefined ? undefined : { yaml: template, revision: 0, revisions: {} };
  }, [query.data, template, key]);
  const draft = useTextDraft(key, stored);
  const text = draft?.text;
  const reading = useMemo(() => (text === undefined ? undefined : readPolicy(text)), [text]);
  const baseYaml = draft?.base.yaml;
  const baseView = useMemo(() => {
    const base = baseYaml === undefined ? undefined : readPolicy(baseYaml);
    return base?.ok ? base.view : null;
  }, [baseYaml]);
  const policyDraft = useMemo((): PolicyDraft | undefined => {
    if (draft === undefined || reading === undefined) return undefined;
    return {
      ...draft,
      reading,
      baseView: draft.base.revision === 0 ? null : baseView,
      set: (path, value) => draft.write((current) => writeSpec(current, path, value), path.join('.')),
    };
  }, [draft, reading, baseView]);
  return { draft: policyDraft, error: query.error ?? source.error, isMissing, refetch: query.refetch, key };
}
