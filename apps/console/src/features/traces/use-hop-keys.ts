'use client';
// j and k walk the hops of a trace, Escape closes the one that is open.
import { useEffect } from 'react';
import type { Hop } from './hop.ts';

export function useHopKeys(hops: readonly Hop[], selected: string, onSelect: (id: string) => void) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLElement && event.target.matches('input, textarea, select')) return;
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      if (event.key === 'Escape') return onSelect('');
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0;
      if (step === 0) return;
      const at = hops.findIndex((hop) => hop.id === selected);
      onSelect(hops[Math.min(hops.length - 1, Math.max(0, at + step))]?.id ?? '');
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [hops, selected, onSelect]);
}
