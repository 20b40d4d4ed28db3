'use client';
// The traffic of the chosen time as a timeline, and the moment that the graph shows of it.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { useScope, useViewParameter } from '#features/scope/index.ts';
import { useTRPC } from '#trpc/client.ts';
import type { Series } from '#trpc/contract.ts';
import { parseAt, sliceAt, stepOf } from './replay.ts';

const REFRESH_MS = 5_000;

export interface Timeline {
  readonly series: Series | undefined;
  /** Whether the chosen time moves on; else its end is a moment of the past too. */
  readonly isLiveRange: boolean;
  /** End of the slice that is shown; null = the whole range. */
  readonly atMs: number | null;
  readonly slice: { readonly fromMs: number; readonly toMs: number } | undefined;
  readonly isPlaying: boolean;
  readonly speed: number;
  readonly seek: (atMs: number | null) => void;
  readonly toggle: () => void;
  readonly setSpeed: (speed: number) => void;
}

export function useTimeline(): Timeline {
  const trpc = useTRPC();
  const scope = useScope();
  const [text, setText] = useViewParameter('at');
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(2);
  const atMs = parseAt(text);
  const isReplay = atMs !== null;
  const series = useQuery(
    trpc.overview.get.queryOptions(
      { range: scope.range, ...scope.filter },
      // The bars stand still while they are replayed: they would move away under the thumb.
      { placeholderData: keepPreviousData, refetchInterval: scope.isLive && !isReplay && REFRESH_MS },
    ),
  ).data?.series;
  const seek = useCallback((next: number | null) => setText(next === null ? '' : String(Math.round(next))), [setText]);

  useEffect(() => {
    if (!isPlaying || series === undefined || atMs === null) return;
    const { startMs, stepMs, requestsPerSecond } = series;
    const timer = setTimeout(() => {
      const next = stepOf(atMs, series) + 1;
      if (next > requestsPerSecond.length) {
        setPlaying(false);
        seek(null);
      } else seek(startMs + next * stepMs);
    }, 1000 / speed);
    return () => clearTimeout(timer);
  }, [isPlaying, series, atMs, speed, seek]);

  const toggle = () => {
    // From the live end there is nothing to play but the beginning.
    if (!isPlaying && !isReplay && series !== undefined) seek(series.startMs + series.stepMs);
    setPlaying(!isPlaying);
  };
  return {
    series,
    isLiveRange: scope.isLive,
    atMs,
    slice: atMs === null || series === undefined ? undefined : sliceAt(atMs, series.stepMs),
    isPlaying,
    speed,
    seek: (next) => {
      setPlaying(false);
      seek(next);
    },
    toggle,
    setSpeed,
  };
}
