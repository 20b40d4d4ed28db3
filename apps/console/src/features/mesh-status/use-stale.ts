'use client';
// Whether the figures on the page are old because the control plane is not reachable, and since when.
import { useEffect, useState } from 'react';
import { useConnection } from '#trpc/connection.ts';

/** A short break heals by itself; saying so at once would only flicker. */
const GRACE_MS = 2_000;

function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isRunning) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}

export interface Staleness {
  readonly isStale: boolean;
  readonly lostForMs: number;
  readonly nextTryMs: number;
  readonly lostAtMs: number;
}

export function useStale(): Staleness {
  const { status, lostAtMs, nextTryAtMs } = useConnection();
  const isLost = status === 'lost';
  const now = useNow(isLost);
  const lostForMs = isLost && lostAtMs !== null ? now - lostAtMs : 0;
  return {
    isStale: lostForMs > GRACE_MS,
    lostForMs,
    lostAtMs: lostAtMs ?? now,
    nextTryMs: Math.max(0, (nextTryAtMs ?? now) - now),
  };
}
