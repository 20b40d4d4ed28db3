'use client';
// Keeps rows in their places while the pointer is on the table: nothing moves away from under a click.
import { useMemo, useRef, useState } from 'react';

export interface SteadyOrder<T> {
  readonly rows: readonly T[];
  readonly hold: { readonly onPointerEnter: () => void; readonly onPointerLeave: () => void };
}

/** Known rows in their old order, new ones behind, gone ones left out. */
export function keepOrder<T>(rows: readonly T[], order: readonly string[], idOf: (row: T) => string): readonly T[] {
  const place = new Map(order.map((id, index) => [id, index]));
  return rows
    .map((row, index) => ({ row, at: place.get(idOf(row)) ?? order.length + index }))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
}

export function useSteadyOrder<T>(rows: readonly T[], idOf: (row: T) => string): SteadyOrder<T> {
  const [held, setHeld] = useState<readonly string[] | null>(null);
  const latest = useRef<readonly string[]>([]);
  const shown = held === null ? rows : keepOrder(rows, held, idOf);
  latest.current = shown.map(idOf);
  const hold = useMemo(
    () => ({ onPointerEnter: () => setHeld(latest.current), onPointerLeave: () => setHeld(null) }),
    [],
  );
  return { rows: shown, hold };
}
