'use client';
// Pan and zoom by Cytoscape (mouse, wheel, pinch); what is drawn follows its transform without a render of React.
import cytoscape, { type Core } from 'cytoscape';
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import type { GroupBox } from './geometry.ts';

export interface Transform {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

const ZOOM_MIN = 0.15;
const ZOOM_MAX = 2.5;
/** Beyond this a small mesh would look like a poster. */
const FIT_ZOOM_MAX = 1.25;
/** Above it stand the buttons of the view. */
const FIT_PADDING = { side: 28, top: 60, bottom: 28 };
/** Below this only the labels of failing edges stay. */
const DETAIL_ZOOM = 0.6;

export interface Viewport {
  readonly transform: RefObject<Transform>;
  readonly isDetailed: boolean;
  readonly zoomBy: (factor: number) => void;
  readonly fit: (area: Omit<GroupBox, 'id'>) => void;
  readonly reveal: (x: number, y: number) => void;
}

export interface Elements {
  readonly container: RefObject<HTMLDivElement | null>;
  /** Lies over the container; its wheel turns the view as well. */
  readonly overlay: RefObject<HTMLDivElement | null>;
}

function forwardWheel(from: HTMLElement, to: HTMLElement): () => void {
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    to.dispatchEvent(new WheelEvent('wheel', event));
  };
  from.addEventListener('wheel', onWheel, { passive: false });
  return () => from.removeEventListener('wheel', onWheel);
}

export function useViewport(
  elements: Elements,
  onTransform: (transform: Transform) => void,
  onBackground: () => void,
): Viewport {
  const core = useRef<Core | null>(null);
  const transform = useRef<Transform>({ x: 0, y: 0, zoom: 1 });
  const [isDetailed, setDetailed] = useState(true);
  const latest = useRef({ onTransform, onBackground });
  latest.current = { onTransform, onBackground };

  const { container, overlay } = elements;

  useEffect(() => {
    if (container.current === null || overlay.current === null) return;
    const stopWheel = forwardWheel(overlay.current, container.current);
    const graph = cytoscape({
      container: container.current,
      minZoom: ZOOM_MIN,
      maxZoom: ZOOM_MAX,
      autoungrabify: true,
      boxSelectionEnabled: false,
      elements: [],
    });
    const follow = () => {
      const pan = graph.pan();
      const next = { x: pan.x, y: pan.y, zoom: graph.zoom() };
      transform.current = next;
      latest.current.onTransform(next);
      setDetailed(next.zoom >= DETAIL_ZOOM);
    };
    graph.on('viewport', follow);
    graph.on('tap', (event) => {
      if (event.target === graph) latest.current.onBackground();
    });
    core.current = graph;
    follow();
    return () => {
      core.current = null;
      stopWheel();
      graph.destroy();
    };
  }, [container, overlay]);

  const zoomBy = useCallback((factor: number) => {
    const graph = core.current;
    if (graph === null) return;
    graph.zoom({ level: graph.zoom() * factor, renderedPosition: { x: graph.width() / 2, y: graph.height() / 2 } });
  }, []);

  const fit = useCallback((area: Omit<GroupBox, 'id'>) => {
    const graph = core.current;
    if (graph === null || area.width <= 0 || area.height <= 0) return;
    graph.resize();
    const width = graph.width() - FIT_PADDING.side * 2;
    const height = graph.height() - FIT_PADDING.top - FIT_PADDING.bottom;
    const zoom = Math.max(ZOOM_MIN, Math.min(FIT_ZOOM_MAX, width / area.width, height / area.height));
    graph.viewport({
      zoom,
      pan: {
        x: graph.width() / 2 - (area.left + area.width / 2) * zoom,
        y: FIT_PADDING.top + height / 2 - (area.top + area.height / 2) * zoom,
      },
    });
  }, []);

  const reveal = useCallback((x: number, y: number) => {
    const graph = core.current;
    if (graph === null) return;
    const { x: panX, y: panY, zoom } = transform.current;
    const left = x * zoom + panX;
    const top = y * zoom + panY;
    const isSeen = left > 40 && top > 40 && left < graph.width() - 40 && top < graph.height() - 40;
    if (!isSeen) graph.pan({ x: graph.width() / 2 - x * zoom, y: graph.height() / 2 - y * zoom });
  }, []);

  return { transform, isDetailed, zoomBy, fit, reveal };
}
