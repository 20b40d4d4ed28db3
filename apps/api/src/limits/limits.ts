// Rate limits as operators see them, beside the traffic that they bound: what each lets pass, and how near that is.
import { defaults, durationMs, type RateLimitResource, type ResourceKey } from '@malha/model';
import type { ResourceState } from '../resources/types.ts';

/** Of one service, as far as it is measured. */
export interface ServiceRate {
  readonly requestsPerSecond: number;
}

export interface LimitView {
  /** Of the RateLimit that it stands in. */
  readonly key: ResourceKey;
  readonly namespace: string;
  readonly policy: string;
  readonly name: string;
  readonly target: { readonly kind: string; readonly name: string; readonly rule: string | null };
  readonly scope: 'Local' | 'Global';
  readonly counts: 'requests' | 'connections';
  readonly requests: number;
  readonly intervalMs: number;
  readonly burst: number;
  /** What a bucket is for each of; empty: one for all. */
  readonly by: readonly string[];
  /** Only some of the requests count. */
  readonly hasMatch: boolean;
  readonly perSecond: number;
  /**
   * Requests of the service by the limit, 1 = as many as it lets pass. Null where that says nothing: keys or a match
   * divide the requests, or the target is no service.
   */
  readonly usage: number | null;
}

/** The nearest to its bound first; of a local limit the bound grows with the number of workloads. */
export function limitsOf(
  { byKey }: ResourceState,
  rateOf: (namespace: string, service: string) => ServiceRate | undefined,
  workloadsOf: (namespace: string, service: string) => number,
): LimitView[] {
  const limits: LimitView[] = [];
  for (const { key, resource } of byKey.values()) {
    if (resource.kind !== 'RateLimit') continue;
    const namespace = key.split('/')[1] ?? '';
    for (const view of viewsOf(key, namespace, resource)) {
      limits.push({ ...view, usage: usageOf(view, rateOf, workloadsOf) });
    }
  }
  return limits.sort((a, b) => (b.usage ?? -1) - (a.usage ?? -1));
}

function viewsOf(key: ResourceKey, namespace: string, { metadata, spec }: RateLimitResource): LimitView[] {
  const { targetRef, limits = [], connections } = spec;
  const base = {
    ...{ key, namespace, policy: metadata.name, usage: null },
    target: { kind: targetRef.kind, name: targetRef.name ?? '', rule: targetRef.sectionName ?? null },
  };
  const views: LimitView[] = limits.map(({ name, requests, interval, burst, by = [], match, scope = 'Local' }) => ({
    ...base,
    ...{ name, scope, counts: 'requests', by: by.map((each) => (each.type === 'Header' ? each.name : each.type)) },
    ...shapeOf(requests, interval, burst),
    hasMatch: match !== undefined,
  }));
  if (connections === undefined) return views;
  const { limit, interval, burst } = connections;
  const own = { name: 'connections', scope: 'Local', counts: 'connections', by: [], hasMatch: false } as const;
  return [...views, { ...base, ...own, ...shapeOf(limit, interval, burst) }];
}

function shapeOf(requests: number, interval: string | undefined, burst: number | undefined) {
  const intervalMs = interval === undefined ? defaults.rateLimit.intervalMs : durationMs(interval);
  return { requests, intervalMs, burst: burst ?? requests, perSecond: (requests * 1000) / intervalMs };
}

function usageOf(
  { namespace, target, scope, counts, by, hasMatch, perSecond }: LimitView,
  rateOf: (namespace: string, service: string) => ServiceRate | undefined,
  workloadsOf: (namespace: string, service: string) => number,
): number | null {
  if (target.kind !== 'Service' || counts === 'connections' || by.length > 0 || hasMatch) return null;
  const rate = rateOf(namespace, target.name);
  if (rate === undefined) return null;
  const bound = scope === 'Global' ? perSecond : perSecond * Math.max(1, workloadsOf(namespace, target.name));
  return rate.requestsPerSecond / bound;
}
