// Filters of single backends for Envoy, whose weighted clusters have none: such a rule becomes one route for each backend.
import { type ForwardAction, type Mirror, type Route, StickySplit, type WeightedCluster } from '@malha/traffic';

const MILLION = 1_000_000;

/**
 * Envoy draws one number for a request and asks it for every fraction, also for those of mirrors: of routes with growing
 * fractions each gets what lies between its own and that before it.
 */
export function byBackend(route: Route): Route[] {
  const { action, match } = route;
  if (action.type !== 'forward') return [route];
  const whole = match.share?.perMillion ?? MILLION;
  const used = usedBackends(action);
  if (used.every(hasNoFilters))
    return [{ ...route, action: withMirrors(action, action.mirrors, { low: 0, high: whole }) }];
  const total = used.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  let low = 0;
  return used.map((weighted) => {
    sum += weighted.weight;
    const range = { low, high: Math.round((whole * sum) / total) };
    low = range.high;
    return routeOf(route, action, weighted, range);
  });
}

/**
 * Those that can be chosen. A cohort key that is the same for all of this workload's requests is decided here; any other one
 * is for Envoy to hash.
 */
export function usedBackends({ clusters, cohort }: ForwardAction): readonly WeightedCluster[] {
  const used = clusters.filter(({ weight }) => weight > 0);
  if (cohort?.type !== 'fixed') return used;
  const names = used.map(({ cluster }) => cluster);
  const weights = used.map(({ weight }) => weight);
  const chosen = used[new StickySplit(names, weights).pick(cohort.value)];
  return chosen === undefined ? [] : [chosen];
}

/** Of the numbers that may be drawn, in millionths. */
interface Range {
  readonly low: number;
  readonly high: number;
}

function hasNoFilters({ rewrite, cors, mirrors, answer }: WeightedCluster): boolean {
  return rewrite === undefined && cors === undefined && mirrors === undefined && answer === undefined;
}

function routeOf(route: Route, action: ForwardAction, weighted: WeightedCluster, range: Range): Route {
  const { share: _, ...match } = route.match;
  // Without a fraction where it would be the whole.
  const own = range.high === MILLION ? match : { ...match, share: { perMillion: range.high } };
  if (weighted.answer !== undefined) return { ...route, match: own, action: weighted.answer };
  const { rewrite = action.rewrite, cors = action.cors, mirrors = [], ...backend } = weighted;
  const forwarded = {
    ...withMirrors(action, [...(action.mirrors ?? []), ...mirrors], range),
    clusters: [backend],
    ...(rewrite !== undefined && { rewrite }),
    ...(cors !== undefined && { cors }),
  };
  return { ...route, match: own, action: forwarded };
}

function withMirrors(
  action: ForwardAction,
  mirrors: readonly Mirror[] | undefined,
  { low, high }: Range,
): ForwardAction {
  if (mirrors === undefined || mirrors.length === 0) return action;
  const within = (perMillion: number) => low + Math.round(((high - low) * perMillion) / MILLION);
  // None of them is none, wherever the range begins.
  const own = mirrors.filter(({ perMillion }) => perMillion > 0);
  return { ...action, mirrors: own.map((mirror) => ({ ...mirror, perMillion: within(mirror.perMillion) })) };
}
