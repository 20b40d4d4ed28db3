'use client';
// The YAML editor (CodeMirror 6): what others write into the text arrives as small changes, so the cursor stays.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';

export interface CodeMark {
  readonly line: number;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
}

export interface CodeEditorProps {
  readonly label: string;
  readonly value: string;
  readonly isReadOnly: boolean;
  readonly marks: readonly CodeMark[];
  /** Line of what has the focus in the form; lit here too. */
  readonly litLine?: number | undefined;
  readonly addedLines?: readonly number[];
  readonly onChange: (value: string) => void;
  readonly onCursor?: (line: number, column: number) => void;
}

const style = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--c-key)' },
  { tag: [tags.string, tags.content, tags.attributeValue], color: 'var(--c-str)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--c-num)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--c-comment)' },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: 'var(--c-punc)' },
]);

const theme = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--bg-code)', color: 'var(--text-1)', fontSize: '12px' },
  '&.cm-focused': { outline: 'none', boxShadow: 'inset 0 0 0 2px var(--accent-line)' },
  '.cm-scroller': { fontFamily: 'var(--font-geist-mono), ui-monospace, monospace', lineHeight: '18px' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--accent)' },
  '.cm-gutters': { backgroundColor: 'var(--bg-code)', color: 'var(--text-3)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '32px', padding: '0 6px 0 0' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--accent-tint) !important' },
  '.cm-foldPlaceholder': {
    backgroundColor: 'var(--bg-hover)',
    border: 'none',
    color: 'var(--text-2)',
    padding: '0 5px',
  },
  '.cm-lit': { backgroundColor: 'var(--accent-tint)', boxShadow: 'inset 2px 0 0 var(--accent)' },
  '.cm-added': { backgroundColor: 'var(--ok-tint)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--bg-panel)',
    border: '1px solid var(--line-control)',
    borderRadius: '6px',
    color: 'var(--text-1)',
  },
  '.cm-diagnostic': { fontFamily: 'var(--font-geist-sans)', fontSize: '12px', padding: '6px 10px' },
});

interface LineMarks {
  readonly lit: number | undefined;
  readonly added: readonly number[];
}

const setLineMarks = StateEffect.define<LineMarks>();

function decorate(state: EditorState, marks: LineMarks): DecorationSet {
  const lines = [
    ...marks.added.map((line) => ({ line, className: 'cm-added' })),
    ...(marks.lit === undefined ? [] : [{ line: marks.lit, className: 'cm-lit' }]),
  ].filter(({ line }) => line >= 1 && line <= state.doc.lines);
  return Decoration.set(
    lines.map(({ line, className }) => Decoration.line({ class: className }).range(state.doc.line(line).from)),
    true,
  );
}

const lineMarks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    for (const effect of transaction.effects)
      if (effect.is(setLineMarks)) return decorate(transaction.state, effect.value);
    return value.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Replaces only what differs between the two texts. */
function changeBetween(before: string, after: string) {
  let from = 0;
  while (from < before.length && from < after.length && before[from] === after[from]) from += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - from;
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return { from, to: before.length - tail, insert: after.slice(from, after.length - tail) };
}

function toDiagnostics(state: EditorState, marks: readonly CodeMark[]): Diagnostic[] {
  return marks
    .filter((mark) => mark.line >= 1 && mark.line <= state.doc.lines)
    .map((mark) => {
      const line = state.doc.line(mark.line);
      const indent = line.text.length - line.text.trimStart().length;
      return { from: line.from + indent, to: line.to, severity: mark.severity, message: mark.message };
    });
}

export function CodeEditor(props: CodeEditorProps) {
  const { label, value, isReadOnly, marks, litLine, addedLines = [] } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const readOnly = useRef(new Compartment());
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    if (host.current === null) return;
    const { value: text, isReadOnly: isFixed } = latest.current;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          foldGutter(),
          history(),
          bracketMatching(),
          indentOnInput(),
          indentUnit.of('  '),
          yaml(),
          syntaxHighlighting(style),
          lintGutter(),
          lineMarks,
          theme,
          keymap.of([...foldKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          readOnly.current.of(EditorState.readOnly.of(isFixed)),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) {
              const next = update.state.doc.toString();
              if (next !== latest.current.value) latest.current.onChange(next);
            }
            if (update.selectionSet || update.docChanged) {
              const at = update.state.selection.main.head;
              const line = update.state.doc.lineAt(at);
              latest.current.onCursor?.(line.number, at - line.from + 1);
            }
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, [label]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null) return;
    const current = editor.state.doc.toString();
    if (current !== value) editor.dispatch({ changes: changeBetween(current, value) });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: readOnly.current.reconfigure(EditorState.readOnly.of(isReadOnly)) });
  }, [isReadOnly]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the marks stand on lines of this text
  useEffect(() => {
    const editor = view.current;
    if (editor !== null) editor.dispatch(setDiagnostics(editor.state, toDiagnostics(editor.state, marks)));
  }, [marks, value]);

  const added = addedLines.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the marks stand on lines of this text
  useEffect(() => {
    const editor = view.current;
    if (editor === null) return;
    const lines = added === '' ? [] : added.split(',').map(Number);
    const effects: StateEffect<unknown>[] = [setLineMarks.of({ lit: litLine, added: lines })];
    if (litLine !== undefined && litLine <= editor.state.doc.lines && !editor.hasFocus) {
      effects.push(EditorView.scrollIntoView(editor.state.doc.line(litLine).from, { y: 'nearest', yMargin: 60 }));
    }
    editor.dispatch({ effects });
  }, [litLine, added, value]);

  return <div ref={host} className="h-full min-h-0" data-testid="yaml-editor" />;
}
