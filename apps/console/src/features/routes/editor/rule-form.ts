// What every section of a rule's form is given.
import type { RouteEdit } from '../model/edit.ts';
import type { EditedKind } from '../model/kinds.ts';
import type { RuleView } from '../model/view.ts';
import type { Value, ValuePath } from '../model/write-value.ts';
import type { ParentService } from '../use-parent-service.ts';

export interface RuleForm {
  readonly kind: EditedKind;
  readonly rule: RuleView;
  readonly parent: ParentService | undefined;
  readonly isReadOnly: boolean;
  readonly edit: (edit: RouteEdit, key?: string) => void;
}

/** Writes one field under the rule; quick edits of the same field are one step back. */
export function setValue({ rule, edit }: Pick<RuleForm, 'rule' | 'edit'>, path: ValuePath, value: Value | undefined) {
  edit({ type: 'set-value', rule: rule.index, path, value }, `value:${rule.index}:${path.join('.')}`);
}
