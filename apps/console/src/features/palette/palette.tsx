'use client';
// ⌘K: from a word to the page. A combobox: the field keeps the focus, arrows move, Enter opens.
import { Boxes, ChartGantt, CornerDownLeft, History, type LucideIcon, Search, Split } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { Dialog } from 'radix-ui';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { Kbd } from '#components/ui/badge.tsx';
import { PLACES } from '#features/navigation/index.ts';
import { useScope } from '#features/scope/index.ts';
import { marksOf, type PaletteItem, rank } from './rank.ts';
import { usePaletteItems } from './use-palette-items.ts';

const icons: Record<string, LucideIcon> = { Services: Boxes, Routes: Split, Changes: History, Trace: ChartGantt };

function iconOf(item: PaletteItem): LucideIcon {
  return icons[item.group] ?? PLACES.find((place) => place.href === item.href)?.icon ?? Search;
}

function Row({
  item,
  query,
  isActive,
  onOpen,
  onHover,
}: {
  readonly item: PaletteItem;
  readonly query: string;
  readonly isActive: boolean;
  readonly onOpen: () => void;
  readonly onHover: () => void;
}) {
  const Icon = iconOf(item);
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isActive) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isActive]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys act on the combobox that owns this option
    // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the combobox, aria-activedescendant points here
    <div
      ref={row}
      id={`palette-${item.id}`}
      role="option"
      aria-selected={isActive}
      onClick={onOpen}
      onMouseMove={onHover}
      className={`flex h-[30px] cursor-pointer items-center gap-2.5 rounded-2 px-2 ${isActive ? 'bg-accent-tint shadow-[inset_0_0_0_1px_var(--accent-line)]' : ''}`}
    >
      <Icon aria-hidden="true" size={16} strokeWidth={1.75} className="shrink-0 text-t3" />
      <span className={`shrink-0 text-t0 ${item.isMachineName ? 'mono' : 'font-medium'}`}>
        {marksOf(item.name, query).map((part, index) =>
          part.isHit ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text
            <b key={index} className="font-semi text-accent-text">
              {part.text}
            </b>
          ) : (
            part.text
          ),
        )}
      </span>
      <span className="min-w-0 flex-1 truncate text-12 text-t3">{item.detail}</span>
      {isActive ? (
        <Kbd>
          <CornerDownLeft aria-hidden="true" size={10} />
        </Kbd>
      ) : (
        item.hint !== undefined && <span className="text-12 text-t3">{item.hint}</span>
      )}
    </div>
  );
}

function PaletteBody({ onClose }: { readonly onClose: () => void }) {
  const [query, setQuery] = useState('');
  const [activeId, setActiveId] = useState('');
  const router = useRouter();
  const scope = useScope();
  const items = usePaletteItems(true, query);
  const found = useMemo(() => rank(items, query), [items, query]);
  const active = found.find((item) => item.id === activeId) ?? found[0];
  const groups = [...new Set(found.map((item) => item.group))];

  const open = (item: PaletteItem) => {
    onClose();
    router.push(scope.href(item.href));
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && found.length > 0) {
      event.preventDefault();
      const at = active === undefined ? -1 : found.indexOf(active);
      setActiveId(found[(at + step + found.length) % found.length]?.id ?? '');
    }
    if (event.key === 'Enter' && active !== undefined) open(active);
  };

  return (
    <>
      <div className="flex h-13 items-center gap-3 border-line border-b px-4">
        <Search aria-hidden="true" size={18} strokeWidth={1.75} className="text-t3" />
        <input
          // biome-ignore lint/a11y/noAutofocus: the dialog was opened to type
          autoFocus
          role="combobox"
          aria-label="Search or jump to"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={active === undefined ? undefined : `palette-${active.id}`}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActiveId('');
          }}
          onKeyDown={onKey}
          placeholder="Search or jump to…"
          autoComplete="off"
          spellCheck={false}
          className="h-full flex-1 bg-transparent text-16 text-t0 shadow-none! outline-none placeholder:text-t3"
        />
        <Kbd>esc</Kbd>
      </div>
      <div id="palette-list" role="listbox" aria-label="Found" className="max-h-[min(480px,60vh)] overflow-auto p-2">
        {found.length === 0 && (
          <p className="px-2 py-8 text-center text-12 text-t2">
            Nothing is called “{query}”. Try a service, a route, r12, or a trace id.
          </p>
        )}
        {groups.map((group) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options inside a listbox
          <div key={group} role="group" aria-label={group}>
            <div aria-hidden="true" className="px-2 pt-2 pb-1 text-11 font-medium text-t3">
              {group}
            </div>
            {found
              .filter((item) => item.group === group)
              .map((item) => (
                <Row
                  key={item.id}
                  item={item}
                  query={query}
                  isActive={item === active}
                  onOpen={() => open(item)}
                  onHover={() => setActiveId(item.id)}
                />
              ))}
          </div>
        ))}
      </div>
      <div className="flex h-10 items-center gap-4 border-line border-t px-4 text-12 text-t2">
        <span className="flex items-center gap-1.5">
          <Kbd>↑</Kbd>
          <Kbd>↓</Kbd> move
        </span>
        <span className="flex items-center gap-1.5">
          <Kbd>↵</Kbd> open
        </span>
      </div>
    </>
  );
}

export function Palette({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="scrim" />
        <Dialog.Content
          aria-describedby={undefined}
          className="dialog top-[84px]! w-[640px] overflow-hidden! [transform:translateX(-50%)]!"
        >
          <Dialog.Title className="sr-only">Search or jump to</Dialog.Title>
          <PaletteBody onClose={onClose} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
