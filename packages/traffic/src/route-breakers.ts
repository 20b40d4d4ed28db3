// The breakers that a request has to pass: that of its route and that of its cluster. What came of the request is told to both.
import { Breaker, type BreakerReport } from './breaker.ts';
import type { BreakerConfig } from './config.ts';

export interface RouteBreakerReport {
  readonly route: string;
  readonly breaker: BreakerReport;
}

/** By the name of a route, so that they outlive the tables that configure them. */
export class RouteBreakers {
  private readonly byRoute = new Map<string, Breaker>();

  of(route: string, config: BreakerConfig): Breaker {
    const known = this.byRoute.get(route);
    if (known !== undefined) {
      known.config = config;
      return known;
    }
    const made = new Breaker(config);
    this.byRoute.set(route, made);
    return made;
  }

  /** Those of routes that are no more are forgotten. */
  keep(routes: ReadonlySet<string>): void {
    for (const route of this.byRoute.keys()) if (!routes.has(route)) this.byRoute.delete(route);
  }

  reports(nowMs: number): RouteBreakerReport[] {
    return [...this.byRoute].map(([route, breaker]) => ({ route, breaker: breaker.report(nowMs) }));
  }
}

/** Both let it through, or none is asked for it. */
export function admits(ofRoute: Breaker | undefined, ofCluster: Breaker | undefined, nowMs: number): boolean {
  if (ofRoute?.allow(nowMs) === false) return false;
  if (ofCluster?.allow(nowMs) !== false) return true;
  ofRoute?.abandoned();
  return false;
}
