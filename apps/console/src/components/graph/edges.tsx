// Edges of the graph: curves below the nodes, labels above them; both can be pressed.
import type { Curve, Point } from './geometry.ts';
import { pathOf } from './geometry.ts';
import type { GraphEdge } from './model.ts';

export interface DrawnEdge {
  readonly edge: GraphEdge;
  readonly curve: Curve;
}

interface EdgeProps {
  readonly edges: readonly DrawnEdge[];
  readonly selected: string | null;
  readonly dimmed: ReadonlySet<string> | undefined;
  readonly onSelect: (id: string) => void;
  readonly onHover: (id: string | null) => void;
}

const ARROW = 8;

function arrowHead(curve: Curve, width: number): string {
  const { control2, end } = curve[curve.length - 1] ?? curve[0];
  const angle = Math.atan2(end.y - control2.y, end.x - control2.x);
  const size = ARROW + width * 1.2;
  const side = (turn: number) => `${end.x - size * Math.cos(angle + turn)} ${end.y - size * Math.sin(angle + turn)}`;
  return `M${end.x} ${end.y}L${side(0.42)}L${side(-0.42)}Z`;
}

function Line({
  edge,
  curve,
  isSelected,
  isDim,
  onSelect,
  onHover,
}: DrawnEdge & {
  readonly isSelected: boolean;
  readonly isDim: boolean;
  readonly onSelect: () => void;
  readonly onHover: (isOver: boolean) => void;
}) {
  const path = pathOf(curve);
  const colour = edge.isFailing ? 'var(--err)' : 'var(--edge)';
  return (
    <g opacity={isDim ? 0.18 : 1} style={{ transition: 'opacity var(--m-base)' }}>
      {isSelected && (
        <path
          d={path}
          fill="none"
          stroke="var(--accent)"
          strokeOpacity={0.38}
          strokeWidth={edge.width + 7}
          strokeLinecap="round"
        />
      )}
      <path
        d={path}
        fill="none"
        stroke={colour}
        strokeWidth={edge.width}
        style={{ transition: 'stroke-width var(--m-settle)' }}
      />
      <path d={arrowHead(curve, edge.width)} fill={colour} />
      {/* A wide invisible twin is easier to hit; the label is the keyboard's way. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the label beside it is the button */}
      <path
        d={path}
        fill="none"
        stroke="transparent"
        strokeWidth={14}
        className="pointer-events-auto cursor-pointer"
        onClick={onSelect}
        onPointerEnter={() => onHover(true)}
        onPointerLeave={() => onHover(false)}
      />
    </g>
  );
}

export function EdgeLines({ edges, selected, dimmed, onSelect, onHover }: EdgeProps) {
  return (
    <svg aria-hidden="true" className="absolute top-0 left-0 size-px overflow-visible">
      {edges.map(({ edge, curve }) => (
        <Line
          key={edge.id}
          edge={edge}
          curve={curve}
          isSelected={selected === edge.id}
          isDim={dimmed?.has(edge.id) ?? false}
          onSelect={() => onSelect(edge.id)}
          onHover={(isOver) => onHover(isOver ? edge.id : null)}
        />
      ))}
    </svg>
  );
}

export interface EdgeLabelsProps extends EdgeProps {
  readonly places: ReadonlyMap<string, Point>;
}

export function EdgeLabels({ edges, places, selected, dimmed, onSelect, onHover }: EdgeLabelsProps) {
  return edges.map(({ edge }) => {
    const place = places.get(edge.id);
    if (place === undefined) return null;
    const isDim = dimmed?.has(edge.id) ?? false;
    return (
      <button
        key={edge.id}
        type="button"
        data-testid="graph-edge"
        data-edge={edge.id}
        aria-label={edge.name}
        aria-pressed={selected === edge.id}
        onClick={() => onSelect(edge.id)}
        onPointerEnter={() => onHover(edge.id)}
        onPointerLeave={() => onHover(null)}
        className={`pointer-events-auto absolute grid place-items-center text-center transition-opacity duration-(--m-base) ${isDim ? 'opacity-25' : ''}`}
        style={{
          left: place.x - edge.labelWidth / 2,
          top: place.y - edge.labelHeight / 2,
          width: edge.labelWidth,
          height: edge.labelHeight,
        }}
      >
        {/* Its place is as wide as its figures may get; what it covers, only as wide as they are. */}
        <span
          className={`block rounded-[5px] border bg-(--bg-label) px-1.5 py-px ${edge.isFailing ? 'border-err-line' : 'border-transparent'}`}
        >
          {edge.label}
        </span>
      </button>
    );
  });
}
