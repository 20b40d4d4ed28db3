'use client';
// Keys of the editor, the guard of what is not applied yet, and why nothing may be applied now.
import { useEffect, useRef } from 'react';
import { notify } from '#components/ui/toast.tsx';
import { useMeshStatus, useStale } from '#features/mesh-status/index.ts';
import { useSession } from '#features/session/index.ts';
import type { Findings } from '../use-findings.ts';
import type { TextDraft } from '../use-text-draft.ts';

/** Keys of the whole editor; ⌘Z inside a text field or the YAML belongs to that. */
export function useEditorKeys(draft: TextDraft | undefined, onApply: () => void) {
  const latest = useRef({ draft, onApply });
  latest.current = { draft, onApply };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!event.metaKey && !event.ctrlKey) return;
      const isText =
        event.target instanceof HTMLElement &&
        (event.target.isContentEditable || event.target.matches('input, textarea'));
      if (event.key === 'Enter') latest.current.onApply();
      else if (event.key.toLowerCase() === 'z' && !isText) {
        if (event.shiftKey) latest.current.draft?.redo();
        else latest.current.draft?.undo();
      } else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

/** Closing the tab would lose the draft; going to another page of the console keeps it. */
/** `name` as the toast calls it; undefined for one that is not stored yet. */
export function useUnsavedGuard(draft: TextDraft, name: string | undefined): void {
  const { isChanged } = draft;
  const latest = useRef(isChanged);
  latest.current = isChanged;
  useEffect(() => {
    if (!isChanged) return;
    const onLeave = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', onLeave);
    return () => window.removeEventListener('beforeunload', onLeave);
  }, [isChanged]);
  useEffect(
    () => () => {
      if (!latest.current || name === undefined) return;
      notify({
        tone: 'ok',
        id: `draft-${name}`,
        title: `The draft of ${name} is kept in this tab`,
        detail: 'Nothing of it was applied.',
      });
    },
    [name],
  );
}

export function useHindrance(findings: Findings, role: 'editor' | 'operator' = 'editor'): string | undefined {
  const { may, me } = useSession();
  const status = useMeshStatus();
  const { isStale } = useStale();
  if (me !== undefined && !may(role)) return `You may look, not change: changing this needs the role ${role}.`;
  if (isStale) return 'Held until the control plane is reachable again; the draft is kept here.';
  if (status !== undefined && !status.canWrite)
    return 'Held: Postgres is away, so the mesh is read-only. The draft is kept here.';
  if (findings.hasErrors) return 'The draft has errors; they are listed under the YAML.';
  return undefined;
}
