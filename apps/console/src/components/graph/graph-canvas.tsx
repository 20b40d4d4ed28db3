'use client';
// The graph: Cytoscape lays out and moves the view; nodes and labels are real elements over it, edges are curves.
import { Maximize, Minus, Plus } from 'lucide-react';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef } from 'react';
import { IconButton } from '#components/ui/button.tsx';
import { EdgeLabels, EdgeLines } from './edges.tsx';
import { FlowDots } from './flow-dots.tsx';
import { type Box, curveBetween, type GroupBox, groupBox, placeLabels } from './geometry.ts';
import { type Layout, layeredLayout } from './layout.ts';
import { type GraphData, type GraphNode, structureOf } from './model.ts';
import { type Transform, useViewport } from './use-viewport.ts';
import { type Direction, stepFrom } from './walk.ts';

export interface GraphCanvasProps {
  readonly label: string;
  readonly data: GraphData;
  /** Changes when another graph is shown; then the view is fitted anew. */
  readonly viewKey: string;
  readonly selected: string | null;
  /** Ids of nodes and edges that are not to stand out; undefined = none. */
  readonly dimmed: ReadonlySet<string> | undefined;
  readonly onSelect: (id: string | null) => void;
  readonly onHover: (id: string | null) => void;
}

const DIRECTIONS: Record<string, Direction> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};
/** Less is a scroll bar; the bar of running faults is 37 pixels. */
const REFIT_FROM_PX = 24;
const borders = { neutral: 'border-control', warn: 'border-warn', err: 'border-err' };

/** The layout of the structure; figures that change leave it alone. */
function useLayout(data: GraphData): Layout {
  const structure = structureOf(data);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `structure` is what of `data` the layout depends on
  return useMemo(() => layeredLayout(data), [structure]);
}

function areaOf(groups: readonly GroupBox[], boxes: readonly Box[]): Omit<GroupBox, 'id'> {
  const left = Math.min(...groups.map((group) => group.left), ...boxes.map((box) => box.x - box.width / 2));
  const top = Math.min(...groups.map((group) => group.top), ...boxes.map((box) => box.y - box.height / 2));
  const right = Math.max(
    ...groups.map((group) => group.left + group.width),
    ...boxes.map((box) => box.x + box.width / 2),
  );
  const bottom = Math.max(
    ...groups.map((group) => group.top + group.height),
    ...boxes.map((box) => box.y + box.height / 2),
  );
  return { left, top, width: right - left, height: bottom - top };
}

function NodeCard({
  node,
  box,
  isSelected,
  isDim,
  onSelect,
  onHover,
  onKey,
}: {
  readonly node: GraphNode;
  readonly box: Box;
  readonly isSelected: boolean;
  readonly isDim: boolean;
  readonly onSelect: () => void;
  readonly onHover: (isOver: boolean) => void;
  readonly onKey: (event: KeyboardEvent) => void;
}) {
  return (
    <button
      type="button"
      data-node={node.id}
      data-testid="graph-node"
      aria-label={node.name}
      aria-pressed={isSelected}
      onClick={onSelect}
      onFocus={onSelect}
      onKeyDown={onKey}
      onPointerEnter={() => onHover(true)}
      onPointerLeave={() => onHover(false)}
      className={`pointer-events-auto absolute rounded-3 border bg-(--bg-node) text-left transition-opacity duration-(--m-base) ${borders[node.tone]} ${node.isDashed ? 'border-dashed' : ''} ${isDim ? 'opacity-30' : ''} ${isSelected ? 'outline-2 outline-accent outline-offset-2' : 'hover:border-strong'}`}
      style={{ left: box.x - box.width / 2, top: box.y - box.height / 2, width: box.width, height: box.height }}
    >
      {node.content}
    </button>
  );
}

export function GraphCanvas({ label, data, viewKey, selected, dimmed, onSelect, onHover }: GraphCanvasProps) {
  const container = useRef<HTMLDivElement>(null);
  const overlay = useRef<HTMLDivElement>(null);
  const back = useRef<HTMLDivElement>(null);
  const front = useRef<HTMLDivElement>(null);
  const move = useCallback(({ x, y, zoom }: Transform) => {
    for (const layer of [back.current, front.current]) {
      if (layer !== null) layer.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    }
  }, []);
  const viewport = useViewport({ container, overlay }, move, () => onSelect(null));
  const layout = useLayout(data);

  const boxes = useMemo(() => [...layout.values()], [layout]);
  const groups = useMemo(
    () =>
      data.groups.flatMap((group) => {
        const members = data.nodes.flatMap((node) => (node.group === group.id ? (layout.get(node.id) ?? []) : []));
        const box = groupBox(group.id, members);
        return box === null ? [] : [{ box, content: group.content }];
      }),
    [data, layout],
  );
  const edges = useMemo(
    () =>
      data.edges.flatMap((edge) => {
        const source = layout.get(edge.source);
        const target = layout.get(edge.target);
        return source === undefined || target === undefined
          ? []
          : [
              {
                edge,
                curve: curveBetween(
                  source,
                  target,
                  boxes.filter((box) => box !== source && box !== target),
                ),
              },
            ];
      }),
    [data.edges, layout, boxes],
  );
  const shownLabels = useMemo(
    () => edges.filter(({ edge }) => viewport.isDetailed || edge.isFailing || edge.id === selected),
    [edges, viewport.isDetailed, selected],
  );
  const labels = useMemo(
    () =>
      placeLabels(
        shownLabels.map(({ edge, curve }) => ({
          id: edge.id,
          curve,
          width: edge.labelWidth,
          height: edge.labelHeight,
          isImportant: edge.isFailing,
        })),
        boxes,
      ),
    [shownLabels, boxes],
  );
  const flows = useMemo(
    () =>
      edges.map(({ edge, curve }) => ({
        id: edge.id,
        curve,
        dots: dimmed?.has(edge.id) ? 0 : edge.dots,
        speed: edge.speed,
        isFailing: edge.isFailing,
      })),
    [edges, dimmed],
  );

  const fitAll = useCallback(
    () =>
      viewport.fit(
        areaOf(
          groups.map(({ box }) => box),
          boxes,
        ),
      ),
    [viewport.fit, groups, boxes],
  );
  const fitted = useRef('');
  useEffect(() => {
    if (fitted.current === viewKey || boxes.length === 0) return;
    fitted.current = viewKey;
    fitAll();
  }, [viewKey, boxes, fitAll]);
  useEffect(
    () => () => {
      fitted.current = '';
    },
    [],
  );
  // A panel or a bar that comes or goes changes the room there is.
  const refit = useRef(fitAll);
  refit.current = fitAll;
  useEffect(() => {
    const element = container.current;
    if (element === null) return;
    let { clientWidth: width, clientHeight: height } = element;
    const observer = new ResizeObserver(() => {
      const { clientWidth, clientHeight } = element;
      if (Math.abs(clientWidth - width) < REFIT_FROM_PX && Math.abs(clientHeight - height) < REFIT_FROM_PX) return;
      width = clientWidth;
      height = clientHeight;
      refit.current();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const walk = (id: string, event: KeyboardEvent) => {
    if (event.key === 'Escape') return onSelect(null);
    const direction = DIRECTIONS[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    const next = stepFrom(id, direction, data.edges, layout);
    const box = next === undefined ? undefined : layout.get(next);
    if (next === undefined || box === undefined) return;
    viewport.reveal(box.x, box.y);
    front.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(next)}"]`)?.focus({ preventScroll: true });
  };

  return (
    <section aria-label={label} className="graph-stage relative size-full overflow-hidden" data-testid="graph">
      <div className="absolute inset-0">
        {/* Cytoscape empties and restyles what it is given, so it gets an element of its own. */}
        <div className="absolute inset-0">
          <div ref={container} className="size-full" />
        </div>
        <div ref={overlay} className="pointer-events-none absolute inset-0 z-1 overflow-hidden">
          <div ref={back} className="absolute top-0 left-0 size-0 origin-top-left">
            {groups.map(({ box, content }) => (
              <div
                key={box.id}
                className="absolute rounded-4 border border-control border-dashed bg-(--bg-group)"
                style={{ left: box.left, top: box.top, width: box.width, height: box.height }}
              >
                {content}
              </div>
            ))}
            <EdgeLines edges={edges} selected={selected} dimmed={dimmed} onSelect={onSelect} onHover={onHover} />
          </div>
          <FlowDots flows={flows} transform={viewport.transform} />
          <div ref={front} className="absolute top-0 left-0 size-0 origin-top-left">
            {data.nodes.map((node) => {
              const box = layout.get(node.id);
              if (box === undefined) return null;
              return (
                <NodeCard
                  key={node.id}
                  node={node}
                  box={box}
                  isSelected={selected === node.id}
                  isDim={dimmed?.has(node.id) ?? false}
                  onSelect={() => onSelect(node.id)}
                  onHover={(isOver) => onHover(isOver ? node.id : null)}
                  onKey={(event) => walk(node.id, event)}
                />
              );
            })}
            <EdgeLabels
              edges={shownLabels}
              places={labels}
              selected={selected}
              dimmed={dimmed}
              onSelect={onSelect}
              onHover={onHover}
            />
          </div>
        </div>
      </div>
      <div className="absolute top-4 left-4 z-2 flex rounded-3 border border-control bg-panel p-0.5 shadow-2">
        <IconButton label="Zoom in" kind="ghost" size="s" onClick={() => viewport.zoomBy(1.25)}>
          <Plus aria-hidden="true" strokeWidth={1.75} />
        </IconButton>
        <IconButton label="Zoom out" kind="ghost" size="s" onClick={() => viewport.zoomBy(0.8)}>
          <Minus aria-hidden="true" strokeWidth={1.75} />
        </IconButton>
        <IconButton label="Show all" kind="ghost" size="s" onClick={fitAll}>
          <Maximize aria-hidden="true" strokeWidth={1.75} />
        </IconButton>
      </div>
    </section>
  );
}
