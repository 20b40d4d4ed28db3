// A trace as rows: calls as a tree, what each hop is, and the critical path through them. Pure.
import type { Span } from '#trpc/contract.ts';
import { attemptOf, calleeOf, faultDelayOf, groupOf, type Hop, type HopKind, isFailed, isGivenUp } from './hop.ts';

export interface Segment {
  readonly hopId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Waterfall {
  readonly hops: readonly Hop[];
  readonly startMs: number;
  readonly durationMs: number;
  /** Every moment of the trace belongs to one hop: the one that was being waited for. */
  readonly criticalPath: readonly Segment[];
  /** Back-off and the delays of faults stand by themselves, as no service took them. */
  readonly byService: readonly { readonly service: string; readonly ms: number; readonly share: number }[];
}

interface Node {
  readonly hop: Hop;
  readonly children: readonly Node[];
}

const endOf = (span: { readonly startMs: number; readonly durationMs: number }) => span.startMs + span.durationMs;

function childrenBySpan(spans: readonly Span[]): ReadonlyMap<string | null, readonly Span[]> {
  const known = new Set(spans.map((span) => span.spanId));
  const result = new Map<string | null, Span[]>();
  for (const span of [...spans].sort((a, b) => a.startMs - b.startMs || (a.spanId < b.spanId ? -1 : 1))) {
    // A parent that was not recorded makes its child a root.
    const parent =
      span.parentSpanId !== null && known.has(span.parentSpanId) && span.parentSpanId !== span.spanId
        ? span.parentSpanId
        : null;
    const list = result.get(parent) ?? [];
    list.push(span);
    result.set(parent, list);
  }
  return result;
}

interface Place {
  readonly depth: number;
  /** Within an attempt whose answer nobody waited for any more. */
  readonly isGivenUp: boolean;
}

class Tree {
  private readonly children: ReadonlyMap<string | null, readonly Span[]>;
  private readonly seen = new Set<string>();

  constructor(spans: readonly Span[]) {
    this.children = childrenBySpan(spans);
  }

  roots(): readonly Node[] {
    return this.nodes(null, { depth: 0, isGivenUp: false });
  }

  private below(parent: string | null): readonly Span[] {
    return (this.children.get(parent) ?? []).filter((child) => !this.seen.has(child.spanId));
  }

  private nodes(parent: string | null, place: Place): readonly Node[] {
    return this.below(parent).flatMap((span) => (this.seen.has(span.spanId) ? [] : this.nodesOf(span, place)));
  }

  /** Before an attempt stands what was waited until it began. */
  private nodesOf(span: Span, place: Place): readonly Node[] {
    const node = this.nodeOf(span, place);
    const backoffMs = attemptOf(span)?.backoffMs ?? 0;
    if (backoffMs === 0) return [node];
    return [waitOf(node.hop, 'backoff', { startMs: span.startMs - backoffMs, durationMs: backoffMs }, place), node];
  }

  private nodeOf(span: Span, place: Place): Node {
    this.seen.add(span.spanId);
    const own = this.below(span.spanId);
    const [server] = own;
    const isOneCall = span.kind === 'client' && span.attempts <= 1 && own.length === 1 && server?.kind === 'server';
    const shown = isOneCall && server !== undefined ? server : span;
    this.seen.add(shown.spanId);
    const isDropped = place.isGivenUp || isGivenUp(span);
    const hasFailed = !isDropped && (isFailed(shown) || isFailed(span));
    const isMadeGood = hasFailed && own.some((child) => child.flags.includes('FB') && !isFailed(child));
    const hop: Hop = {
      id: shown.spanId,
      kind: attemptOf(span) === undefined ? 'call' : 'attempt',
      span: shown,
      call: shown === span ? null : span,
      service: calleeOf(shown),
      depth: place.depth,
      startMs: Math.min(span.startMs, shown.startMs),
      durationMs: Math.max(endOf(span), endOf(shown)) - Math.min(span.startMs, shown.startMs),
      isFailed: hasFailed && !isMadeGood,
      isGivenUp: isDropped,
      isMadeGood,
    };
    const inner = { depth: place.depth + 1, isGivenUp: isDropped };
    const delayMs = faultDelayOf(span);
    const delay = delayMs > 0 ? [waitOf(hop, 'fault', { startMs: span.startMs, durationMs: delayMs }, inner)] : [];
    return { hop, children: [...delay, ...this.nodes(shown.spanId, inner)] };
  }
}

/** A time in which nothing was asked of anybody. */
function waitOf(
  of: Hop,
  kind: Exclude<HopKind, 'call' | 'attempt'>,
  time: Pick<Hop, 'startMs' | 'durationMs'>,
  { depth }: Place,
): Node {
  const hop = {
    ...of,
    ...time,
    kind,
    depth,
    id: `${of.id}-${kind}`,
    isFailed: false,
    isGivenUp: false,
    isMadeGood: false,
  };
  return { hop, children: [] };
}

function flatten(node: Node): readonly Hop[] {
  return [node.hop, ...node.children.flatMap(flatten)];
}

/** Backwards from the end: what was waited for last belongs to the child that ended last before it. */
function walk(node: Node, until: number, segments: Segment[]): void {
  let cursor = Math.min(until, endOf(node.hop));
  const byEnd = [...node.children].sort((a, b) => endOf(b.hop) - endOf(a.hop));
  for (const child of byEnd) {
    const end = Math.min(endOf(child.hop), cursor);
    if (child.hop.startMs >= cursor || end <= node.hop.startMs) continue;
    if (end < cursor) segments.push({ hopId: node.hop.id, fromMs: end, toMs: cursor });
    walk(child, end, segments);
    cursor = Math.max(node.hop.startMs, Math.min(cursor, child.hop.startMs));
  }
  if (cursor > node.hop.startMs) segments.push({ hopId: node.hop.id, fromMs: node.hop.startMs, toMs: cursor });
}

export function waterfallOf(spans: readonly Span[]): Waterfall {
  const roots = new Tree(spans).roots();
  const hops = roots.flatMap(flatten);
  const startMs = Math.min(...hops.map((hop) => hop.startMs));
  const endMs = Math.max(...hops.map(endOf));
  const segments: Segment[] = [];
  for (const root of roots) walk(root, endOf(root.hop), segments);
  const criticalPath = segments.sort((a, b) => a.fromMs - b.fromMs);
  const total = criticalPath.reduce((sum, segment) => sum + segment.toMs - segment.fromMs, 0);
  const times = new Map<string, number>();
  const byId = new Map(hops.map((hop) => [hop.id, hop]));
  for (const { hopId, fromMs, toMs } of criticalPath) {
    const hop = byId.get(hopId);
    const service = hop === undefined ? '' : groupOf(hop);
    times.set(service, (times.get(service) ?? 0) + toMs - fromMs);
  }
  const byService = [...times]
    .map(([service, ms]) => ({ service, ms, share: total === 0 ? 0 : ms / total }))
    .sort((a, b) => b.ms - a.ms);
  return {
    hops,
    startMs: hops.length === 0 ? 0 : startMs,
    durationMs: hops.length === 0 ? 0 : endMs - startMs,
    criticalPath,
    byService,
  };
}

/** The failing hop furthest down: there it began, the callers passed it on. */
export function originOf(hops: readonly Hop[]): Hop | undefined {
  return hops.reduce<Hop | undefined>((deepest, hop) => {
    if (!hop.isFailed) return deepest;
    return deepest === undefined || hop.depth > deepest.depth ? hop : deepest;
  }, undefined);
}
