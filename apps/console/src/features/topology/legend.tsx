'use client';
// What the marks of the graph mean; can be put away.
import { GlobeLock, Lock, LockOpen, X } from 'lucide-react';
import { useState, useSyncExternalStore } from 'react';
import { Button, IconButton } from '#components/ui/button.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { legendBadges } from './graph-content.tsx';

/** In a lower window the legend would stand on the graph. */
const ROOMY = '(min-height: 800px)';

function followHeight(onChange: () => void): () => void {
  const query = window.matchMedia(ROOMY);
  query.addEventListener('change', onChange);
  return () => query.removeEventListener('change', onChange);
}

export function Legend() {
  const isRoomy = useSyncExternalStore(
    followHeight,
    () => window.matchMedia(ROOMY).matches,
    () => false,
  );
  const [choice, setOpen] = useState<boolean>();
  const isOpen = choice ?? isRoomy;
  if (!isOpen) {
    return (
      <Button size="s" className="absolute bottom-4 left-4 z-2" onClick={() => setOpen(true)}>
        Legend
      </Button>
    );
  }
  const icon = { size: 12, strokeWidth: 1.75, 'aria-hidden': true } as const;
  return (
    <aside
      aria-label="Legend"
      className="absolute bottom-4 left-4 z-2 grid grid-cols-[auto_auto_auto] gap-x-5 gap-y-1.5 rounded-3 border border-control bg-panel px-3 pt-2 pb-3 text-11 text-t2 shadow-2 max-[1359px]:grid-cols-[auto_auto] [&>span]:flex [&>span]:items-center [&>span]:gap-1.5"
    >
      <div className="col-span-full flex items-center justify-between font-medium">
        Legend
        <IconButton
          label="Put the legend away"
          kind="ghost"
          size="s"
          className="-mr-1.5"
          onClick={() => setOpen(false)}
        >
          <X aria-hidden="true" />
        </IconButton>
      </div>
      <span>
        <StatusShape tone="ok" label="" /> healthy
      </span>
      <span>
        <Lock {...icon} /> mTLS
      </span>
      <span className="max-[1359px]:hidden!">
        <b className="w-[18px] rounded-full bg-(--edge)" style={{ height: 1.5 }} /> 1 req/s
      </span>
      <span>
        <StatusShape tone="warn" label="" /> degraded
      </span>
      <span>
        <LockOpen {...icon} /> plain text
      </span>
      <span className="max-[1359px]:hidden!">
        <b className="w-[18px] rounded-full bg-(--edge)" style={{ height: 3 }} /> 100
      </span>
      <span>
        <StatusShape tone="err" label="" /> failing
      </span>
      <span>
        <GlobeLock {...icon} /> outside
      </span>
      <span className="max-[1359px]:hidden!">
        <b className="w-[18px] rounded-full bg-(--edge)" style={{ height: 5 }} /> 400 and more
      </span>
      {legendBadges.map(({ icon: Icon, name }) => (
        <span key={name}>
          <Icon {...icon} /> {name}
        </span>
      ))}
    </aside>
  );
}
