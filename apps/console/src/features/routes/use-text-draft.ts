'use client';
// The draft of one text: what it started from, its history; kept in the tab until it is applied or discarded.
import { useCallback, useEffect, useMemo, useState } from 'react';
import { type Draft, edited, redone, startDraft, undone } from './model/draft.ts';

export interface DraftBase {
  /** The object that is edited, and after it the policies that are attached to it. */
  readonly yaml: string;
  /** Of the object; 0 for one that is not stored yet. */
  readonly revision: number;
  /** Of each object of the text that is stored. */
  readonly revisions: Readonly<Record<string, number>>;
}

export interface TextDraft {
  readonly base: DraftBase;
  readonly text: string;
  readonly isChanged: boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Changes the text as it is by then; edits with the same key soon after each other are one step back. */
  readonly write: (change: (text: string) => string, key?: string) => void;
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

/** `stored` undefined: it is still being read. */
export function useTextDraft(key: string, stored: DraftBase | undefined): TextDraft | undefined {
  const [state, setState] = useState<State | null>(null);

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

  return useMemo((): TextDraft | undefined => {
    if (state === null) return undefined;
    return {
      base: state.base,
      text: state.draft.text,
      isChanged: state.draft.text !== state.base.yaml || state.base.revision === 0,
      canUndo: state.draft.past.length > 0,
      canRedo: state.draft.future.length > 0,
      write: (change, editKey = '') => step((current) => edited(current, change(current.text), editKey, Date.now())),
      setText: (next, editKey = 'typing') => step((current) => edited(current, next, editKey, Date.now())),
      undo: () => step(undone),
      redo: () => step(redone),
      discard: () => step((current) => edited(current, state.base.yaml, '', Date.now())),
      rebase: (base, next) =>
        setState((current) => ({ base, draft: edited(current?.draft ?? startDraft(base.yaml), next, '', Date.now()) })),
    };
  }, [state, step]);
}
