// What another editor of a resource needs of this one: drafts of text, findings, the panes and the bar around a form.
export { ApplyBar } from './editor/apply-bar.tsx';
export { BrokenNote } from './editor/broken-note.tsx';
export { ChipRemove, ChipSelect, ChipText } from './editor/chip-field.tsx';
export { EditorLoading } from './editor/editor-loading.tsx';
export { EditorTools, type Panes, panesOf } from './editor/editor-tools.tsx';
export { ElsewhereLinks } from './editor/elsewhere-links.tsx';
export { FieldFinding, FieldFindings, type FieldPlace, useFindingAt, wordsOf } from './editor/field-findings.tsx';
export { LazyConflictDialog } from './editor/lazy-conflict-dialog.tsx';
export { useEditorKeys, useHindrance, useUnsavedGuard } from './editor/use-editor-keys.ts';
export { useSoundView } from './editor/use-sound-view.ts';
export { YamlPane } from './editor/yaml-pane.tsx';
export { type Value, type ValuePath, writeValue } from './model/write-value.ts';
export { useApply } from './use-apply.ts';
export { useFindings, usePaused } from './use-findings.ts';
export { type DraftBase, type TextDraft, useTextDraft } from './use-text-draft.ts';
