'use client';
// The two menus of the top bar that say what a view is about: namespaces and time.
import { useQuery } from '@tanstack/react-query';
import { ChevronDown, Clock, Layers } from 'lucide-react';
import { Button } from '#components/ui/button.tsx';
import { Menu, MenuCheck, MenuItem, MenuLabel, MenuRadio, MenuSeparator } from '#components/ui/menu.tsx';
import { clock } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import { LIVE_WINDOWS } from './scope.ts';
import { useScope } from './use-scope.ts';

function namesOf(namespaces: readonly string[]): string {
  if (namespaces.length === 0) return 'All namespaces';
  if (namespaces.length <= 2) return namespaces.join(', ');
  return `${namespaces.length} namespaces`;
}

export function NamespaceMenu() {
  const scope = useScope();
  const trpc = useTRPC();
  const known = useQuery(trpc.resources.namespaces.queryOptions(undefined, { staleTime: 30_000 }));
  const names = [...new Set([...(known.data ?? []), ...scope.namespaces])].sort();
  const toggle = (name: string, isOn: boolean) =>
    scope.change({
      namespaces: isOn ? [...scope.namespaces, name].sort() : scope.namespaces.filter((n) => n !== name),
    });
  return (
    <Menu
      trigger={
        <Button aria-label={`Namespaces: ${namesOf(scope.namespaces)}`}>
          <Layers aria-hidden="true" strokeWidth={1.75} />
          {namesOf(scope.namespaces)}
          <ChevronDown aria-hidden="true" strokeWidth={1.75} />
        </Button>
      }
    >
      <MenuLabel>Show</MenuLabel>
      {names.map((name) => (
        <MenuCheck key={name} checked={scope.namespaces.includes(name)} onChange={(isOn) => toggle(name, isOn)}>
          <span className="font-mono">{name}</span>
        </MenuCheck>
      ))}
      {known.isError && <p className="px-2 py-1 text-t3">Namespaces could not be read.</p>}
      <MenuSeparator />
      <MenuItem disabled={scope.namespaces.length === 0} onSelect={() => scope.change({ namespaces: [] })}>
        All namespaces
      </MenuItem>
    </Menu>
  );
}

export function TimeMenu({ isPaused }: { readonly isPaused: boolean }) {
  const scope = useScope();
  const fixed = 'fromMs' in scope.range ? scope.range : null;
  const words = fixed === null ? (scope.window?.label ?? '') : `${clock(fixed.fromMs)} – ${clock(fixed.toMs)}`;
  const freeze = () => {
    const toMs = Date.now();
    scope.change({ fixed: { fromMs: toMs - (scope.window?.seconds ?? 300) * 1000, toMs } });
  };
  return (
    <Menu
      trigger={
        <Button aria-label={`Time: ${fixed === null ? 'live, ' : ''}${words}`}>
          {fixed === null ? (
            <i
              aria-hidden="true"
              className="size-1.5 rounded-full"
              style={{
                background: isPaused ? 'var(--warn)' : 'var(--ok)',
                boxShadow: `0 0 0 3px ${isPaused ? 'var(--warn-tint)' : 'var(--ok-tint)'}`,
              }}
            />
          ) : (
            <Clock aria-hidden="true" strokeWidth={1.75} />
          )}
          {fixed === null && (isPaused ? 'Paused' : 'Live')}
          <span className={fixed === null ? 'text-t2' : ''}>{fixed === null ? `· ${words}` : words}</span>
          <ChevronDown aria-hidden="true" strokeWidth={1.75} />
        </Button>
      }
    >
      <MenuLabel>Live</MenuLabel>
      <MenuRadio
        value={scope.window?.id ?? ''}
        options={LIVE_WINDOWS.map((window) => ({ value: window.id, label: window.label }))}
        onChange={(windowId) => scope.change({ windowId })}
      />
      <MenuSeparator />
      <MenuItem disabled={fixed !== null} onSelect={freeze}>
        Hold this window
      </MenuItem>
    </Menu>
  );
}
