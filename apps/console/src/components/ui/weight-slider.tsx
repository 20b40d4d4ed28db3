'use client';
// A slider for a share: the pointer drags it, keys step it, a tick keeps the place where it was.
import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import { valueOfKey } from './slider-keys.ts';

export interface WeightSliderProps {
  readonly label: string;
  readonly value: number;
  readonly bounds: { readonly min: number; readonly max: number };
  /** Value before the draft; a tick stands there when it differs. */
  readonly was?: number;
  readonly colour: string;
  readonly isLocked: boolean;
  readonly isDisabled?: boolean;
  /** A move begins: what others give way from is what they have now. */
  readonly onStart: () => void;
  readonly onChange: (value: number) => void;
}

const KEYS_THAT_MOVE = /^(Arrow|Page|Home|End)/;

export function WeightSlider(props: WeightSliderProps) {
  const { label, value, bounds, was, colour, isLocked, isDisabled = false, onStart, onChange } = props;
  const track = useRef<HTMLDivElement>(null);
  const isStill = isLocked || isDisabled || bounds.min === bounds.max;

  const valueAt = (clientX: number) => {
    const box = track.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return value;
    return Math.round(((clientX - box.left) / box.width) * 100);
  };
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    if (isStill || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    onStart();
    onChange(valueAt(event.clientX));
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) onChange(valueAt(event.clientX));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = valueOfKey(event.key, event.shiftKey, value, bounds);
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (!isStill && KEYS_THAT_MOVE.test(event.key)) onChange(next);
  };

  return (
    <div
      ref={track}
      role="slider"
      tabIndex={isDisabled ? -1 : 0}
      aria-label={label}
      aria-valuemin={bounds.min}
      aria-valuemax={bounds.max}
      aria-valuenow={value}
      aria-valuetext={`${value} %${isLocked ? ', locked' : ''}`}
      aria-disabled={isStill || undefined}
      className="slider"
      data-locked={isLocked || undefined}
      data-disabled={isDisabled || undefined}
      style={{ '--value': `${value}%`, '--colour': colour } as React.CSSProperties}
      onFocus={onStart}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onKeyDown={onKeyDown}
    >
      <span className="slider-fill" />
      {was !== undefined && was !== value && <span className="slider-was" style={{ left: `${was}%` }} />}
      <span className="slider-thumb" />
    </div>
  );
}
