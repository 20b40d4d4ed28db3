'use client';
// Keys that work on every page: ⌘K, ⌘\, `g` and a letter, `/` for the page's own search.
import { useRouter } from 'next/navigation';
import { useEffect, useRef } from 'react';
import { PLACES } from '#features/navigation/index.ts';
import { useScope } from '#features/scope/index.ts';

const CHORD_MS = 1_200;

export interface ShortcutActions {
  readonly openPalette: () => void;
  readonly toggleRail: () => void;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

function focusPageSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('main input[data-page-search]');
  field?.focus();
  return field !== null;
}

export function useShortcuts(actions: ShortcutActions): void {
  const router = useRouter();
  const scope = useScope();
  const latest = useRef({ actions, scope, router });
  latest.current = { actions, scope, router };

  useEffect(() => {
    let armedUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      const { actions: act, scope: here, router: go } = latest.current;
      if (event.metaKey || event.ctrlKey) {
        if (event.key.toLowerCase() === 'k') act.openPalette();
        else if (event.key === '\\') act.toggleRail();
        else return;
        event.preventDefault();
        return;
      }
      if (event.altKey || isTyping(event.target) || event.defaultPrevented) return;
      const place = Date.now() < armedUntil ? PLACES.find((candidate) => candidate.key === event.key) : undefined;
      armedUntil = event.key === 'g' && place === undefined ? Date.now() + CHORD_MS : 0;
      if (place !== undefined) go.push(here.href(place.href));
      else if (event.key !== '/' || !focusPageSearch()) return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
