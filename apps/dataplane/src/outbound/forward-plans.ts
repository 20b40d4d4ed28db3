// How the requests of each route and backend are carried: made once for each, with what outlives the tables that say it.
import type { FallbackConfig, ForwardAction, RouteTable, WeightedCluster } from '@malha/traffic/config';
import { LastGoodAnswers } from '@malha/traffic/fallback/last-good';
import { FALLBACK_HEADER } from '@malha/traffic/fallback/rule';
import { RouteBreakers } from '@malha/traffic/route-breakers';
import type { Fallback } from '../filters/router/fallback.ts';
import type { ForwardPlan } from '../filters/router/forwarder.ts';

const MARKED = { set: [{ name: FALLBACK_HEADER, value: 'backend' }], add: [], remove: [] };

export class ForwardPlans {
  readonly breakers = new RouteBreakers();
  private readonly plans = new WeakMap<WeightedCluster, ForwardPlan>();
  private readonly fallbacks = new WeakMap<ForwardPlan, ForwardPlan>();
  /** By the name of the route. */
  private readonly lastGood = new Map<string, LastGoodAnswers>();

  of(route: string, action: ForwardAction, weighted: WeightedCluster): ForwardPlan {
    const known = this.plans.get(weighted);
    if (known !== undefined) return known;
    const plan: ForwardPlan = {
      requestTimeoutMs: action.requestTimeoutMs,
      attemptTimeoutMs: action.backendRequestTimeoutMs,
      streamIdleTimeoutMs: action.streamIdleTimeoutMs,
      maxDurationMs: action.maxDurationMs,
      retry: action.retry,
      hedging: action.hedging,
      ...(action.fallback !== undefined && { fallback: this.fallbackOf(route, action.fallback) }),
      callers: 'own',
      session: action.session,
      ...(action.breaker !== undefined && { breaker: this.breakers.of(route, action.breaker) }),
      responseHeaders: [action.responseHeaders, weighted.responseHeaders],
    };
    this.plans.set(weighted, plan);
    return plan;
  }

  /** For the backend that makes a failure good: no second fallback, and nothing that the route keeps of its own backends. */
  ofFallback(plan: ForwardPlan): ForwardPlan {
    const known = this.fallbacks.get(plan);
    if (known !== undefined) return known;
    const [ofRoute = MARKED] = plan.responseHeaders;
    const made: ForwardPlan = {
      ...plan,
      hedging: undefined,
      fallback: undefined,
      breaker: undefined,
      session: undefined,
      responseHeaders: [ofRoute, MARKED],
    };
    this.fallbacks.set(plan, made);
    return made;
  }

  /** What belongs to routes that are no more is forgotten. */
  keep(table: RouteTable | undefined): void {
    const names = new Set(table?.virtualHosts.flatMap(({ routes }) => routes.map(({ name }) => name)));
    this.breakers.keep(names);
    for (const route of this.lastGood.keys()) if (!names.has(route)) this.lastGood.delete(route);
  }

  private fallbackOf(route: string, { on, to }: FallbackConfig): Fallback {
    if (to.type !== 'last-good') return { on, to };
    const known = this.lastGood.get(route);
    if (known !== undefined) known.bounds = to;
    const answers = known ?? new LastGoodAnswers(to);
    this.lastGood.set(route, answers);
    return { on, to: { type: 'last-good', answers } };
  }
}
