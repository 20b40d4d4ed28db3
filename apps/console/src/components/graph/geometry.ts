// Plane geometry of the graph: boxes, the curve of an edge between two boxes, and where its label may stand.

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Centre and size. */
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Cubic {
  readonly start: Point;
  readonly control1: Point;
  readonly control2: Point;
  readonly end: Point;
}

/** From the border of one box to the border of another, around what stands between. */
export type Curve = readonly [Cubic, ...Cubic[]];

/** Free room between an arrowhead's tip and the box that it points to. */
const GAP = 2;
const BEND_MIN = 36;

function between(a: Point, b: Point, horizontal: boolean, sign: number): Cubic {
  const reach = horizontal ? Math.abs(b.x - a.x) : Math.abs(b.y - a.y);
  const bend = Math.max(BEND_MIN, reach * 0.5) * sign;
  const control1 = horizontal ? { x: a.x + bend, y: a.y } : { x: a.x, y: a.y + bend };
  const control2 = horizontal ? { x: b.x - bend, y: b.y } : { x: b.x, y: b.y - bend };
  return { start: a, control1, control2, end: b };
}

/**
 * Leaves to the right and arrives from the left where there is room; boxes above each other are joined vertically;
 * a call back runs around on the right side, so that it cannot be taken for a call forward.
 */
function directCurve(source: Box, target: Box): Cubic {
  const dx = target.x - target.width / 2 - (source.x + source.width / 2);
  if (dx >= 24) {
    return between(
      { x: source.x + source.width / 2, y: source.y },
      { x: target.x - target.width / 2 - GAP, y: target.y },
      true,
      1,
    );
  }
  const overlapsX = Math.abs(target.x - source.x) < (source.width + target.width) / 2;
  const dy = target.y - source.y;
  const isBelow = dy > 0;
  const clearY = Math.abs(dy) - (source.height + target.height) / 2;
  if (overlapsX && clearY >= 12) {
    const sign = isBelow ? 1 : -1;
    return between(
      { x: source.x, y: source.y + (source.height / 2) * sign },
      { x: target.x, y: target.y - (target.height / 2 + GAP) * sign },
      false,
      sign,
    );
  }
  const start = { x: source.x + source.width / 2, y: source.y };
  const end = { x: target.x + target.width / 2 + GAP, y: target.y };
  const out = Math.max(start.x, end.x) + 64 + Math.abs(dy) * 0.15;
  return { start, control1: { x: out, y: start.y }, control2: { x: out, y: end.y }, end };
}

const LANE = 26;
const SAMPLES = 24;
const DETOURS_MAX = 4;

function isIn({ x, y }: Point, box: Box, margin: number): boolean {
  return Math.abs(x - box.x) < box.width / 2 + margin && Math.abs(y - box.y) < box.height / 2 + margin;
}

function firstHit(cubic: Cubic, obstacles: readonly Box[]): Box | undefined {
  for (let sample = 1; sample < SAMPLES; sample += 1) {
    const point = onCubic(cubic, sample / SAMPLES);
    const hit = obstacles.find((box) => isIn(point, box, 4));
    if (hit !== undefined) return hit;
  }
  return undefined;
}

/** A place beside an obstacle, above or below, where nothing else stands; the nearer one to where the edge was. */
function laneBeside(obstacle: Box, y: number, obstacles: readonly Box[]): Point {
  const column = obstacles.filter((box) => Math.abs(box.x - obstacle.x) < (box.width + obstacle.width) / 2);
  const free = (start: number, sign: number) => {
    let lane = start;
    for (let tries = 0; tries <= column.length; tries += 1) {
      const hit = column.find((box) => isIn({ x: box.x, y: lane }, box, LANE - 6));
      if (hit === undefined) break;
      lane = hit.y + (hit.height / 2 + LANE) * sign;
    }
    return lane;
  };
  const above = free(obstacle.y - obstacle.height / 2 - LANE, -1);
  const below = free(obstacle.y + obstacle.height / 2 + LANE, 1);
  return { x: obstacle.x, y: Math.abs(above - y) <= Math.abs(below - y) ? above : below };
}

function through(points: readonly Point[], start: Point, end: Point): Curve {
  const stops = [start, ...points, end];
  const segments = stops.slice(1).map((stop, index) => between(stops[index] ?? start, stop, true, 1));
  const [first = between(start, end, true, 1), ...rest] = segments;
  return [first, ...rest];
}

/** The curve of an edge; calls to the right run around the boxes that stand in their way. */
export function curveBetween(source: Box, target: Box, others: readonly Box[] = []): Curve {
  const direct = directCurve(source, target);
  const isForward =
    direct.start.x < direct.end.x && direct.control1.y === direct.start.y && direct.control1.x < direct.end.x;
  if (!isForward) return [direct];
  const obstacles = others.filter((box) => box.x > direct.start.x && box.x < direct.end.x);
  let waypoints: readonly Point[] = [];
  let curve: Curve = [direct];
  for (let detour = 0; detour < DETOURS_MAX; detour += 1) {
    const hit = curve.map((cubic) => firstHit(cubic, obstacles)).find((box) => box !== undefined);
    if (hit === undefined) break;
    const share = (hit.x - direct.start.x) / (direct.end.x - direct.start.x);
    const lane = laneBeside(hit, direct.start.y + (direct.end.y - direct.start.y) * share, obstacles);
    // One stop for each column: a second hit there moves it instead of adding a zigzag.
    waypoints = [...waypoints.filter((point) => Math.abs(point.x - lane.x) > 40), lane].sort((a, b) => a.x - b.x);
    curve = through(waypoints, direct.start, direct.end);
  }
  return curve;
}

export function pointAt(curve: Curve, t: number): Point {
  const place = Math.min(Math.max(t, 0), 1) * curve.length;
  const index = Math.min(Math.floor(place), curve.length - 1);
  return onCubic(curve[index] ?? curve[0], place - index);
}

function onCubic({ start, control1, control2, end }: Cubic, t: number): Point {
  const s = 1 - t;
  const a = s * s * s;
  const b = 3 * s * s * t;
  const c = 3 * s * t * t;
  const d = t * t * t;
  return {
    x: a * start.x + b * control1.x + c * control2.x + d * end.x,
    y: a * start.y + b * control1.y + c * control2.y + d * end.y,
  };
}

export function pathOf(curve: Curve): string {
  const [first] = curve;
  const parts = curve.map(
    ({ control1, control2, end }) => `C${control1.x} ${control1.y} ${control2.x} ${control2.y} ${end.x} ${end.y}`,
  );
  return `M${first.start.x} ${first.start.y}${parts.join('')}`;
}

function overlapArea(a: Box, b: Box): number {
  const x = Math.min(a.x + a.width / 2, b.x + b.width / 2) - Math.max(a.x - a.width / 2, b.x - b.width / 2);
  const y = Math.min(a.y + a.height / 2, b.y + b.height / 2) - Math.max(a.y - a.height / 2, b.y - b.height / 2);
  return x > 0 && y > 0 ? x * y : 0;
}

export interface LabelRequest {
  readonly id: string;
  readonly curve: Curve;
  readonly width: number;
  readonly height: number;
  /** Placed first: nothing may cover it. */
  readonly isImportant: boolean;
}

const PLACES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82];
/** Beside the place on its curve, in heights of the label: the curve still runs through it. */
const SHIFTS = [0, -0.45, 0.45];
/** What a shift counts, in square units, so that a free place on the curve itself wins. */
const SHIFT_COST = 40;
/** Free room between two labels; touching ones read as one. */
const LABEL_GAP = 8;
/** A covered label cannot be read at all; a covered part of a box mostly can. */
const LABEL_WEIGHT = 12;
/** What a sample of another call's curve under a label counts, in square units of covered area. */
const CURVE_COST = 120;
/** Beyond this many labels only boxes and labels are looked at: the rest would cost more than it shows. */
const CURVES_MAX = 150;

function isUnder(box: Box, { x, y }: Point): boolean {
  return Math.abs(x - box.x) <= box.width / 2 && Math.abs(y - box.y) <= box.height / 2;
}

function samplesOf(curve: Curve): readonly Point[] {
  return Array.from({ length: SAMPLES + 1 }, (_, index) => pointAt(curve, index / SAMPLES));
}

/** Each label on its curve where it covers the least: of boxes, of labels placed before it, of other calls' curves. */
export function placeLabels(requests: readonly LabelRequest[], boxes: readonly Box[]): ReadonlyMap<string, Point> {
  const placed: Box[] = [];
  const result = new Map<string, Point>();
  const samples =
    requests.length > CURVES_MAX ? [] : requests.map(({ id, curve }) => ({ id, points: samplesOf(curve) }));
  const inOrder = [...requests].sort((a, b) => Number(b.isImportant) - Number(a.isImportant) || (a.id < b.id ? -1 : 1));
  for (const { id, curve, width, height } of inOrder) {
    const points = samples.flatMap((other) => (other.id === id ? [] : other.points));
    const costOf = ({ x, y }: Point): number => {
      const box = { x, y, width: width + 6, height: height + 4 };
      const spaced = { x, y, width: width + LABEL_GAP, height: height + LABEL_GAP };
      const covered = boxes.reduce((sum, other) => sum + overlapArea(box, other), 0);
      const crossed = points.filter((at) => isUnder(box, at)).length;
      const labels = placed.reduce((sum, other) => sum + overlapArea(spaced, other), 0);
      return covered + labels * LABEL_WEIGHT + crossed * CURVE_COST;
    };
    const best = cheapest(candidates(curve, height), costOf);
    if (best === undefined) continue;
    placed.push({ ...best, width, height });
    result.set(id, best);
  }
  return result;
}

interface Candidate extends Point {
  readonly cost: number;
}

function candidates(curve: Curve, height: number): readonly Candidate[] {
  return SHIFTS.flatMap((shift) =>
    PLACES.map((t) => {
      const { x, y } = pointAt(curve, t);
      return { x, y: y + shift * height, cost: shift === 0 ? 0 : SHIFT_COST };
    }),
  );
}

/** The first of those that cost the least; one that costs nothing ends the search. */
function cheapest(places: readonly Candidate[], costOf: (place: Point) => number): Point | undefined {
  let best: Point | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const place of places) {
    if (place.cost >= least - 0.5) continue;
    const cost = place.cost + costOf(place);
    if (cost < least - 0.5) {
      least = cost;
      best = { x: place.x, y: place.y };
    }
    if (least === 0) break;
  }
  return best;
}

export interface GroupBox {
  readonly id: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export const GROUP_PADDING = { side: 20, top: 40, bottom: 20 };

/** The box around the members of a group, with room for its title. */
export function groupBox(id: string, members: readonly Box[]): GroupBox | null {
  if (members.length === 0) return null;
  const left = Math.min(...members.map((box) => box.x - box.width / 2)) - GROUP_PADDING.side;
  const right = Math.max(...members.map((box) => box.x + box.width / 2)) + GROUP_PADDING.side;
  const top = Math.min(...members.map((box) => box.y - box.height / 2)) - GROUP_PADDING.top;
  const bottom = Math.max(...members.map((box) => box.y + box.height / 2)) + GROUP_PADDING.bottom;
  return { id, left, top, width: right - left, height: bottom - top };
}
