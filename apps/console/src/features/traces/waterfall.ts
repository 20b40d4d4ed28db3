// A trace as rows: calls as a tree, what each hop is, and the critical path through them. Pure.
import type { Span } from '#trpc/contract.ts';

export interface Hop {
  readonly id: string;
  /** The callee's span where it was seen, else the caller's. */
  readonly span: Span;
  /** The caller's side of the same call. */
  readonly call: Span | null;
  /** Who was asked: the callee, also where only its caller was seen. */
  readonly service: string;
  readonly depth: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly isFailed: boolean;
}

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
  readonly byService: readonly { readonly service: string; readonly ms: number; readonly share: number }[];
}

interface Node {
  readonly hop: Hop;
  readonly children: readonly Node[];
}

const endOf = (span: { readonly startMs: number; readonly durationMs: number }) => span.startMs + span.durationMs;

export function isFailed(span: Span): boolean {
  return span.status >= 500 || span.status === 0 || span.flags.length > 0;
}

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

/** A caller's span names whom it called; without the callee's own span that is all there is of it. */
function calleeOf({ kind, service, attributes }: Span): string {
  const called = attributes['malha.destination.service'];
  return kind === 'client' && typeof called === 'string' && called !== ''
    ? called.slice(called.indexOf('/') + 1)
    : service;
}

function build(
  span: Span,
  depth: number,
  children: ReadonlyMap<string | null, readonly Span[]>,
  seen: Set<string>,
): Node {
  seen.add(span.spanId);
  const own = (children.get(span.spanId) ?? []).filter((child) => !seen.has(child.spanId));
  const [server] = own;
  const isOneCall = span.kind === 'client' && span.attempts <= 1 && own.length === 1 && server?.kind === 'server';
  const shown = isOneCall && server !== undefined ? server : span;
  if (shown !== span) seen.add(shown.spanId);
  const below = shown === span ? own : (children.get(shown.spanId) ?? []).filter((child) => !seen.has(child.spanId));
  const hop: Hop = {
    id: shown.spanId,
    span: shown,
    call: shown === span ? null : span,
    service: calleeOf(shown),
    depth,
    startMs: Math.min(span.startMs, shown.startMs),
    durationMs: Math.max(endOf(span), endOf(shown)) - Math.min(span.startMs, shown.startMs),
    isFailed: isFailed(shown) || isFailed(span),
  };
  return { hop, children: below.map((child) => build(child, depth + 1, children, seen)) };
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
  const children = childrenBySpan(spans);
  const seen = new Set<string>();
  const roots = (children.get(null) ?? [])
    .filter((span) => !seen.has(span.spanId))
    .map((span) => build(span, 0, children, seen));
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
    const service = byId.get(hopId)?.service ?? '';
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
