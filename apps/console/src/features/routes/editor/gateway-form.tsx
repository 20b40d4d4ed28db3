'use client';
// The form of a Gateway: its listeners, each as a card, and the routes that are attached to it.
import { Plus } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { Button } from '#components/ui/button.tsx';
import { type ListenerView, listenerInWords, newListener } from '../model/listeners.ts';
import { AttachedRoutes } from './attached-routes.tsx';
import { ListenerCard } from './listener-card.tsx';
import type { FormProps } from './route-form.tsx';

function ListenersList({
  listeners,
  selected,
  onSelect,
}: {
  readonly listeners: readonly ListenerView[];
  readonly selected: number;
  readonly onSelect: (index: number) => void;
}) {
  return (
    <ol>
      {listeners.map((listener) => {
        const isSelected = listener.index === selected;
        return (
          <li key={listener.index} className="border-line border-t">
            <button
              type="button"
              aria-current={isSelected || undefined}
              onClick={() => onSelect(listener.index)}
              className={`grid w-full px-4 py-2 text-left text-12 leading-[18px] ${isSelected ? 'bg-accent-tint shadow-[inset_2px_0_0_var(--accent)]' : 'hover:bg-raised'}`}
            >
              <span className="mono truncate font-medium text-t0">
                {listener.name || `listener ${listener.index + 1}`}
              </span>
              <span className="truncate text-t2">{listenerInWords(listener)}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

export function GatewayForm(props: FormProps) {
  const { draft, view, namespace, name, selected, isReadOnly } = props;
  const { listeners } = view;
  const add = () => {
    const listener = newListener(listeners);
    draft.edit({ type: 'set-spec', path: ['listeners', listeners.length], value: listener });
    props.onRename(listener.name);
  };
  return (
    <>
      <div className="min-h-0 overflow-auto border-line border-r">
        <nav aria-label="Listeners">
          <div className="flex h-10 items-center gap-2 pr-3 pl-4 font-semi text-t0">
            Listeners <Badge>{listeners.length}</Badge>
            <span className="flex-1" />
            {!isReadOnly && (
              <Button size="s" onClick={add}>
                <Plus aria-hidden="true" strokeWidth={1.75} />
                Add listener
              </Button>
            )}
          </div>
          <ListenersList
            listeners={listeners}
            selected={selected}
            onSelect={(index) => {
              props.onSelect(index);
              props.onLine(listeners[index]?.line);
            }}
          />
        </nav>
        <AttachedRoutes namespace={namespace} name={name} />
      </div>
      <div className="flex min-h-0 flex-col gap-3 overflow-auto border-line border-r p-4 max-[1359px]:p-3">
        {props.banner}
        {listeners.map((listener) => (
          <ListenerCard
            key={listener.index}
            listener={listener}
            count={listeners.length}
            isNew={draft.baseView !== null && !draft.baseView.listeners.some(({ name: old }) => old === listener.name)}
            isSelected={listener.index === selected}
            isReadOnly={isReadOnly}
            edit={draft.edit}
            onSelect={() => props.onSelect(listener.index)}
            onRename={props.onRename}
          />
        ))}
      </div>
    </>
  );
}
