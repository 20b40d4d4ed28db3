'use client';
// Traffic as dots along the edges: speed by rate. Nothing moves for those who prefer reduced motion.
import { type RefObject, useEffect, useRef } from 'react';
import { type Curve, pointAt } from './geometry.ts';
import type { Transform } from './use-viewport.ts';

export interface Flow {
  readonly id: string;
  readonly curve: Curve;
  readonly dots: number;
  /** Trips in a second. */
  readonly speed: number;
  readonly isFailing: boolean;
}

const DOTS_MAX = 400;
const RADIUS = 1.8;

function colourOf(element: HTMLElement, variable: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(${variable})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function draw(
  canvas: HTMLCanvasElement,
  flows: readonly Flow[],
  transform: Transform,
  seconds: number,
  colours: { calm: string; failing: string },
) {
  const ratio = window.devicePixelRatio;
  const { clientWidth, clientHeight } = canvas;
  if (canvas.width !== clientWidth * ratio || canvas.height !== clientHeight * ratio) {
    canvas.width = clientWidth * ratio;
    canvas.height = clientHeight * ratio;
  }
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(transform.zoom * ratio, 0, 0, transform.zoom * ratio, transform.x * ratio, transform.y * ratio);
  let drawn = 0;
  for (const flow of flows) {
    context.fillStyle = flow.isFailing ? colours.failing : colours.calm;
    for (let dot = 0; dot < flow.dots && drawn < DOTS_MAX; dot += 1) {
      const { x, y } = pointAt(flow.curve, (seconds * flow.speed + dot / flow.dots) % 1);
      context.beginPath();
      context.arc(x, y, RADIUS, 0, Math.PI * 2);
      context.fill();
      drawn += 1;
    }
  }
}

export interface FlowDotsProps {
  readonly flows: readonly Flow[];
  readonly transform: RefObject<Transform>;
}

export function FlowDots({ flows, transform }: FlowDotsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(flows);
  latest.current = flows;

  useEffect(() => {
    const element = canvas.current;
    const parent = element?.parentElement;
    if (element === null || parent === null || parent === undefined) return;
    const reduced = matchMedia('(prefers-reduced-motion: reduce)');
    let frame = 0;
    let colours = { calm: '', failing: '' };
    const readColours = () => {
      colours = { calm: colourOf(parent, '--flow'), failing: colourOf(parent, '--err-text') };
    };
    const themes = new MutationObserver(readColours);
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', readColours);
    readColours();
    const step = (time: number) => {
      draw(element, reduced.matches ? [] : latest.current, transform.current, time / 1000, colours);
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => {
      cancelAnimationFrame(frame);
      themes.disconnect();
      scheme.removeEventListener('change', readColours);
    };
  }, [transform]);

  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas takes no focus
  return <canvas ref={canvas} aria-hidden="true" className="pointer-events-none absolute inset-0 size-full" />;
}
