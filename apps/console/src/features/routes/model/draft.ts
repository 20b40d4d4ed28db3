// A draft: one text with its past and future. Quick edits of the same thing are one step back.

export interface Draft {
  readonly text: string;
  readonly past: readonly string[];
  readonly future: readonly string[];
  /** What the newest step edited, and when: the next edit of the same soon after joins it. */
  readonly lastKey: string;
  readonly lastAtMs: number;
}

const JOIN_MS = 1_500;
const STEPS_MAX = 200;

export function startDraft(text: string): Draft {
  return { text, past: [], future: [], lastKey: '', lastAtMs: 0 };
}

export function edited(draft: Draft, text: string, key: string, nowMs: number): Draft {
  if (text === draft.text) return draft;
  const joins = key !== '' && key === draft.lastKey && nowMs - draft.lastAtMs < JOIN_MS;
  return {
    text,
    past: joins ? draft.past : [...draft.past, draft.text].slice(-STEPS_MAX),
    future: [],
    lastKey: key,
    lastAtMs: nowMs,
  };
}

export function undone(draft: Draft): Draft {
  const text = draft.past.at(-1);
  if (text === undefined) return draft;
  return { text, past: draft.past.slice(0, -1), future: [draft.text, ...draft.future], lastKey: '', lastAtMs: 0 };
}

export function redone(draft: Draft): Draft {
  const [text, ...future] = draft.future;
  if (text === undefined) return draft;
  return { text, past: [...draft.past, draft.text], future, lastKey: '', lastAtMs: 0 };
}
