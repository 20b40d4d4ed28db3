'use client';
// The top bar: where we are, what the view is about, whether the mesh is in sync.
import { ChevronRight, Search } from 'lucide-react';
import { usePathname } from 'next/navigation';
import { Fragment } from 'react';
import { Kbd } from '#components/ui/badge.tsx';
import { useMeshStatus, useStale } from '#features/mesh-status/index.ts';
import { crumbsOf } from '#features/navigation/index.ts';
import { NamespaceMenu, ScopedLink, TimeMenu } from '#features/scope/index.ts';
import type { Theme } from './preferences.ts';
import { SyncPill } from './sync-pill.tsx';
import { UserMenu } from './user-menu.tsx';

function Crumbs({ mesh }: { readonly mesh: string | undefined }) {
  const crumbs = crumbsOf(usePathname());
  return (
    <nav aria-label="Breadcrumb" className="min-w-0">
      <ol className="flex items-center gap-1.5 whitespace-nowrap text-t3">
        <li>
          <ScopedLink href="/" className="rounded-1 hover:text-t1">
            {mesh ?? 'mesh'}
          </ScopedLink>
        </li>
        {crumbs.map((crumb, index) => (
          <Fragment key={crumb.id}>
            <ChevronRight aria-hidden="true" size={12} className="shrink-0" />
            <li className="min-w-0">
              {index === crumbs.length - 1 ? (
                <span aria-current="page" className="block truncate font-medium text-t0">
                  {crumb.name}
                </span>
              ) : crumb.href === undefined ? (
                crumb.name
              ) : (
                <ScopedLink href={crumb.href} className="rounded-1 hover:text-t1">
                  {crumb.name}
                </ScopedLink>
              )}
            </li>
          </Fragment>
        ))}
      </ol>
    </nav>
  );
}

export interface TopBarProps {
  readonly onSearch: () => void;
  readonly theme: Theme;
}

export function TopBar({ onSearch, theme }: TopBarProps) {
  const status = useMeshStatus();
  const { isStale } = useStale();
  return (
    <header className="flex min-w-0 items-center gap-2 border-line border-b bg-panel px-4">
      <Crumbs mesh={status?.meshName} />
      <span className="flex-1" />
      <button
        type="button"
        className="field w-[200px] max-[1359px]:w-40"
        onClick={onSearch}
        aria-keyshortcuts="Meta+K Control+K"
      >
        <Search aria-hidden="true" strokeWidth={1.75} />
        <span className="text-t3">Search or jump to…</span>
        <span className="ml-auto max-[1359px]:hidden">
          <Kbd>⌘K</Kbd>
        </span>
      </button>
      <NamespaceMenu />
      <TimeMenu isPaused={isStale} />
      <SyncPill status={status} isStale={isStale} />
      <UserMenu initialTheme={theme} />
    </header>
  );
}
