'use client';
// The frame of every page: rail, top bar, banner, the page itself.
import dynamic from 'next/dynamic';
import { usePathname } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { LazyToaster } from '#components/ui/lazy-toaster.tsx';
import { MeshStatusFeed, useMeshStatus, useStale } from '#features/mesh-status/index.ts';
import { isTool } from '#features/navigation/index.ts';
import { SessionWatch } from '#features/session/index.ts';
import { Banner } from './banner.tsx';
import { type RailPreference, rememberRail, type Theme } from './preferences.ts';
import { Rail } from './rail.tsx';
import { TopBar } from './top-bar.tsx';
import { useShortcuts } from './use-shortcuts.ts';

/** Comes when it is opened for the first time. */
const Palette = dynamic(() => import('#features/palette/index.ts').then((module) => module.Palette), { ssr: false });

export interface ShellProps {
  readonly rail: RailPreference;
  readonly theme: Theme;
  readonly children: ReactNode;
}

export function Shell({ rail: initialRail, theme, children }: ShellProps) {
  const pathname = usePathname();
  const [rail, setRail] = useState(initialRail);
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const [wasPaletteOpen, setWasPaletteOpen] = useState(false);
  const { isStale } = useStale();
  const status = useMeshStatus();
  const isMini = rail === 'auto' ? isTool(pathname) : rail === 'mini';
  const toggleRail = () => {
    const next = isMini ? 'full' : 'mini';
    setRail(next);
    rememberRail(next);
  };
  const openPalette = () => {
    setWasPaletteOpen(true);
    setPaletteOpen(true);
  };
  useShortcuts({ openPalette, toggleRail });

  return (
    <div
      className={`grid h-screen min-w-[1200px] grid-rows-[var(--top)_minmax(0,1fr)] ${isStale ? 'stale' : ''}`}
      style={{ gridTemplateColumns: `${isMini ? 'var(--rail-mini)' : 'var(--rail)'} minmax(0, 1fr)` }}
    >
      <a href="#page" className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 btn">
        Skip to the page
      </a>
      <Rail isMini={isMini} onToggle={toggleRail} />
      <TopBar onSearch={openPalette} theme={theme} />
      <div className="flex min-h-0 min-w-0 flex-col">
        <Banner status={status} />
        <main id="page" tabIndex={-1} className="min-h-0 flex-1 overflow-auto focus:shadow-none!">
          {children}
        </main>
      </div>
      <MeshStatusFeed />
      <SessionWatch />
      {wasPaletteOpen && <Palette isOpen={isPaletteOpen} onClose={() => setPaletteOpen(false)} />}
      <LazyToaster position="bottom-right" gap={8} offset={72} toastOptions={{ unstyled: true }} />
    </div>
  );
}
