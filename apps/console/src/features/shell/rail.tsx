'use client';
// The rail on the left: four groups of places; narrow it shows icons with their names as tooltips.
import { PanelLeftClose, PanelLeftOpen } from 'lucide-react';
import { usePathname } from 'next/navigation';
import { Kbd } from '#components/ui/badge.tsx';
import { Brand } from '#components/ui/brand.tsx';
import { PLACE_GROUPS, type Place, placeOf } from '#features/navigation/index.ts';
import { ScopedLink } from '#features/scope/index.ts';

const item = 'relative flex h-7 items-center gap-2.5 rounded-2 px-2 font-medium text-t2 hover:bg-raised hover:text-t1';
const current = 'bg-hover! text-t0! [&>svg]:text-accent!';

function RailItem({ place, isCurrent, isMini }: { place: Place; isCurrent: boolean; isMini: boolean }) {
  const Icon = place.icon;
  return (
    <ScopedLink
      href={place.href}
      title={isMini ? place.name : undefined}
      aria-label={isMini ? place.name : undefined}
      aria-current={isCurrent ? 'page' : undefined}
      className={`${item} ${isMini ? 'w-8 justify-center px-0' : ''} ${isCurrent ? current : ''}`}
    >
      <Icon aria-hidden="true" size={16} strokeWidth={1.75} className="shrink-0 text-t3" />
      {!isMini && place.name}
    </ScopedLink>
  );
}

export function Rail({ isMini, onToggle }: { readonly isMini: boolean; readonly onToggle: () => void }) {
  const pathname = usePathname();
  const here = placeOf(pathname);
  const Toggle = isMini ? PanelLeftOpen : PanelLeftClose;
  return (
    <nav aria-label="Main" className="row-span-full flex min-h-0 flex-col border-line border-r bg-panel">
      <ScopedLink
        href="/"
        aria-label="Malha, overview"
        className={`flex h-12 shrink-0 items-center gap-2 text-14 font-semi text-t0 ${isMini ? 'justify-center' : 'px-4'}`}
      >
        <Brand />
        {!isMini && 'Malha'}
      </ScopedLink>
      <div className="flex-1 overflow-y-auto px-2 py-1">
        {PLACE_GROUPS.map((group, index) => (
          <section key={group.name} aria-label={group.name}>
            {isMini ? (
              index > 0 && <div className="mx-1 my-2 h-px bg-line" />
            ) : (
              <div className="px-2 pt-3 pb-1 text-11 font-medium text-t3">{group.name}</div>
            )}
            {group.places.map((place) => (
              <RailItem key={place.href} place={place} isCurrent={place === here} isMini={isMini} />
            ))}
          </section>
        ))}
      </div>
      <div className="border-line border-t p-2">
        <button
          type="button"
          onClick={onToggle}
          aria-label={isMini ? 'Widen the rail' : 'Collapse the rail'}
          aria-expanded={!isMini}
          className={`${item} w-full ${isMini ? 'justify-center px-0' : ''}`}
        >
          <Toggle aria-hidden="true" size={16} strokeWidth={1.75} className="shrink-0 text-t3" />
          {!isMini && (
            <>
              Collapse
              <span className="ml-auto">
                <Kbd>⌘\</Kbd>
              </span>
            </>
          )}
        </button>
      </div>
    </nav>
  );
}
