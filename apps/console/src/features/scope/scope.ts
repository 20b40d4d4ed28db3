// The scope of a view, as it stands in the URL: which namespaces, which time. Pure: parse and write.
import type { TimeRange } from '#trpc/contract.ts';

export interface LiveWindow {
  readonly id: string;
  readonly seconds: number;
  readonly label: string;
}

export const LIVE_WINDOWS: readonly LiveWindow[] = [
  { id: '1m', seconds: 60, label: 'Last minute' },
  { id: '5m', seconds: 300, label: 'Last 5 min' },
  { id: '15m', seconds: 900, label: 'Last 15 min' },
  { id: '30m', seconds: 1800, label: 'Last 30 min' },
  { id: '1h', seconds: 3600, label: 'Last hour' },
  { id: '6h', seconds: 21_600, label: 'Last 6 h' },
  { id: '24h', seconds: 86_400, label: 'Last 24 h' },
  { id: '7d', seconds: 604_800, label: 'Last 7 d' },
];

const DEFAULT_WINDOW: LiveWindow = { id: '5m', seconds: 300, label: 'Last 5 min' };
const LONGEST_MS = 31 * 86_400_000;

export interface Scope {
  /** Empty = all. */
  readonly namespaces: readonly string[];
  readonly window: LiveWindow | null;
  readonly range: TimeRange;
}

/** The parameters that every link inside the console carries on. */
export const SCOPE_PARAMETERS = ['ns', 'range', 'from', 'to'] as const;

function fixedRange(params: URLSearchParams): { fromMs: number; toMs: number } | null {
  const fromMs = Number(params.get('from') ?? Number.NaN);
  const toMs = Number(params.get('to') ?? Number.NaN);
  const isSound = Number.isSafeInteger(fromMs) && Number.isSafeInteger(toMs) && fromMs < toMs;
  return isSound && toMs - fromMs <= LONGEST_MS ? { fromMs, toMs } : null;
}

/** Anything that is not understood falls back to all namespaces and the default window. */
export function parseScope(params: URLSearchParams): Scope {
  const namespaces = [...new Set((params.get('ns') ?? '').split(',').filter((name) => /^[a-z0-9-]{1,63}$/.test(name)))];
  const fixed = fixedRange(params);
  if (fixed !== null) return { namespaces, window: null, range: fixed };
  const window = LIVE_WINDOWS.find((candidate) => candidate.id === params.get('range')) ?? DEFAULT_WINDOW;
  return { namespaces, window, range: { liveSeconds: window.seconds } };
}

export interface ScopeChange {
  readonly namespaces?: readonly string[];
  readonly windowId?: string;
  readonly fixed?: { readonly fromMs: number; readonly toMs: number };
}

/** The URL's parameters after a change; defaults are left out so that links stay short. */
export function withScope(params: URLSearchParams, change: ScopeChange): URLSearchParams {
  const next = new URLSearchParams(params);
  if (change.namespaces !== undefined) {
    if (change.namespaces.length === 0) next.delete('ns');
    else next.set('ns', change.namespaces.join(','));
  }
  if (change.windowId !== undefined || change.fixed !== undefined) {
    next.delete('range');
    next.delete('from');
    next.delete('to');
  }
  if (change.windowId !== undefined && change.windowId !== DEFAULT_WINDOW.id) next.set('range', change.windowId);
  if (change.fixed !== undefined) {
    next.set('from', String(change.fixed.fromMs));
    next.set('to', String(change.fixed.toMs));
  }
  return next;
}

/** A link to another page of the console that keeps the scope of this one. */
export function scopedHref(params: URLSearchParams, href: string): string {
  const [path = '/', query = ''] = href.split('?');
  const next = new URLSearchParams(query);
  for (const name of SCOPE_PARAMETERS) {
    const value = params.get(name);
    if (value !== null && !next.has(name)) next.set(name, value);
  }
  const text = next.toString().replaceAll('%2C', ',');
  return text === '' ? path : `${path}?${text}`;
}
