'use client';
// The rules of a route in their order, each in one sentence.
import { Plus } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { Button } from '#components/ui/button.tsx';
import { hasPolicies } from '../model/kinds.ts';
import type { RouteView, RuleView } from '../model/view.ts';
import { matchInWords, targetInWords } from '../model/words.ts';

export interface RulesListProps {
  readonly view: RouteView;
  readonly baseView: RouteView | null;
  readonly selected: number;
  readonly isReadOnly: boolean;
  readonly onSelect: (index: number) => void;
  /** Absent where a route has one rule and no more. */
  readonly onAdd: (() => void) | undefined;
}

function Item({
  rule,
  hasMatches,
  isNew,
  isSelected,
  onSelect,
}: {
  readonly hasMatches: boolean;
  readonly rule: RuleView;
  readonly isNew: boolean;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}) {
  return (
    <li className="border-line border-t">
      <button
        type="button"
        aria-current={isSelected || undefined}
        onClick={onSelect}
        className={`grid w-full grid-cols-[20px_minmax(0,1fr)] gap-x-2 px-4 py-2 text-left text-12 leading-[18px] ${isSelected ? 'bg-accent-tint shadow-[inset_2px_0_0_var(--accent)]' : 'hover:bg-raised'}`}
      >
        <span className="text-right text-t3">{rule.index + 1}</span>
        <span className="flex min-w-0 items-center gap-1.5">
          <span className="mono truncate font-medium text-t0">{rule.name || `rule ${rule.index + 1}`}</span>
          {isNew && (
            <Badge tone="ok">
              <Plus aria-hidden="true" /> new
            </Badge>
          )}
        </span>
        <span />
        <span className="truncate text-t2">
          {hasMatches ? `${matchInWords(rule)} ` : ''}→ {targetInWords(rule)}
        </span>
      </button>
    </li>
  );
}

export function RulesList({ view, baseView, selected, isReadOnly, onSelect, onAdd }: RulesListProps) {
  return (
    <nav aria-label="Rules">
      <div className="flex h-10 items-center gap-2 pr-3 pl-4 font-semi text-t0">
        Rules <Badge>{view.rules.length}</Badge>
        <span className="flex-1" />
        {!isReadOnly && onAdd !== undefined && (
          <Button size="s" onClick={onAdd}>
            <Plus aria-hidden="true" strokeWidth={1.75} />
            Add rule
          </Button>
        )}
      </div>
      <ol>
        {view.rules.map((rule) => (
          <Item
            key={rule.name || rule.index}
            rule={rule}
            hasMatches={hasPolicies(view.kind)}
            isNew={baseView === null || !baseView.rules.some((old) => old.name === rule.name)}
            isSelected={rule.index === selected}
            onSelect={() => onSelect(rule.index)}
          />
        ))}
      </ol>
      <p className="border-line border-t px-4 py-2 pl-11 text-11 text-t3">
        {hasPolicies(view.kind)
          ? 'Order is the Gateway API’s: more specific first, then this list.'
          : 'One rule: nothing tells connections apart.'}
      </p>
    </nav>
  );
}
