// The router: host to virtual host, first matching route, weighted cluster. Runs for every request, so it allocates
// nothing: the decisions are made when the table is compiled.
import { cohortOf, StickySplit } from './cohort.ts';
import type { CohortKey, Route, RouteTable, VirtualHost, WeightedCluster } from './config.ts';
import { type Explanation, explainRequest } from './explain.ts';
import { splitAuthority } from './mutation.ts';
import { pathOf } from './path.ts';
import type { Random, RequestView } from './request-view.ts';
import { createFinder, type RankedRoute, type RouteFinder } from './route-finder.ts';
import { RouteMatcher } from './route-matcher.ts';
import { WeightTable } from './weight-table.ts';

export interface RouteDecision {
  /** undefined: no virtual host has this host (404, flag NR). */
  readonly virtualHost: VirtualHost | undefined;
  /** undefined: no route of the virtual host matches (404, flag NR). */
  readonly route: Route | undefined;
  /** The chosen backend of a forward action; undefined for other actions and when all weights are 0. */
  readonly weighted: WeightedCluster | undefined;
}

export interface Router {
  route(request: RequestView, random: Random): RouteDecision;
  explain(request: RequestView): Explanation;
}

const NO_HOST: RouteDecision = Object.freeze({ virtualHost: undefined, route: undefined, weighted: undefined });

interface CompiledRoute extends RankedRoute {
  readonly decisions: readonly RouteDecision[];
  /** undefined when one decision is always taken. */
  readonly weights: WeightTable | undefined;
  readonly first: RouteDecision;
  readonly sticky: { readonly key: CohortKey; readonly split: StickySplit } | undefined;
}

interface CompiledHost {
  readonly virtualHost: VirtualHost;
  readonly finder: RouteFinder<CompiledRoute>;
  readonly routes: readonly CompiledRoute[];
  readonly noRoute: RouteDecision;
}

/** Throws for a regular expression that RE2 does not take; every border checks them before. */
export function compileRouteTable(table: RouteTable): Router {
  return new TableRouter(table);
}

class TableRouter implements Router {
  readonly #exact = new Map<string, CompiledHost>();
  /** Suffixes of `*.example` domains, longest first. */
  readonly #suffixes: { readonly suffix: string; readonly host: CompiledHost }[] = [];
  #fallback: CompiledHost | undefined;
  readonly #ignoresPort: boolean;

  constructor(table: RouteTable) {
    this.#ignoresPort = table.ignoresPort === true;
    for (const virtualHost of table.virtualHosts) this.#add(compiledHost(virtualHost));
    this.#suffixes.sort((a, b) => b.suffix.length - a.suffix.length);
  }

  route(request: RequestView, random: Random): RouteDecision {
    const host = this.#hostOf(request.authority);
    if (host === undefined) return NO_HOST;
    const found = host.finder.find(pathOf(request.path), request, random);
    if (found === undefined) return host.noRoute;
    const { weights, sticky, decisions, first } = found;
    if (weights === undefined) return first;
    const cohort = sticky === undefined ? undefined : cohortOf(sticky.key, request);
    const index = sticky === undefined || cohort === undefined ? weights.at(random()) : sticky.split.pick(cohort);
    return decisions[index] ?? first;
  }

  explain(request: RequestView): Explanation {
    const host = this.#hostOf(request.authority);
    return explainRequest(host, request);
  }

  #hostOf(named: string): CompiledHost | undefined {
    const authority = this.#ignoresPort ? splitAuthority(named).host : named;
    const exact = this.#exact.get(authority);
    if (exact !== undefined) return exact;
    for (const { suffix, host } of this.#suffixes) if (authority.endsWith(suffix)) return host;
    return this.#fallback;
  }

  /** The first virtual host that claims a domain keeps it. */
  #add(host: CompiledHost): void {
    for (const domain of host.virtualHost.domains) {
      if (domain === '*') this.#fallback ??= host;
      else if (domain.startsWith('*')) this.#suffixes.push({ suffix: domain.slice(1), host });
      else if (!this.#exact.has(domain)) this.#exact.set(domain, host);
    }
  }
}

/** Most virtual hosts of a changed table are those of the table before. */
const compiledHosts = new WeakMap<VirtualHost, CompiledHost>();

function compiledHost(virtualHost: VirtualHost): CompiledHost {
  const known = compiledHosts.get(virtualHost);
  if (known !== undefined) return known;
  const compiled = compileHost(virtualHost);
  compiledHosts.set(virtualHost, compiled);
  return compiled;
}

function compileHost(virtualHost: VirtualHost): CompiledHost {
  const routes = virtualHost.routes.map((route, rank) => compileRoute(virtualHost, route, rank));
  const noRoute = Object.freeze({ virtualHost, route: undefined, weighted: undefined });
  return { virtualHost, routes, finder: createFinder(routes), noRoute };
}

function compileRoute(virtualHost: VirtualHost, route: Route, rank: number): CompiledRoute {
  const clusters = route.action.type === 'forward' ? route.action.clusters : [];
  const used = clusters.filter((weighted) => weighted.weight > 0);
  const decisions = used.map((weighted) => Object.freeze({ virtualHost, route, weighted }));
  const first = decisions[0] ?? Object.freeze({ virtualHost, route, weighted: undefined });
  const weights = decisions.length > 1 ? new WeightTable(used.map((weighted) => weighted.weight)) : undefined;
  return { rank, route, matcher: new RouteMatcher(route), decisions, weights, first, sticky: stickyOf(route, used) };
}

function stickyOf({ action }: Route, used: readonly WeightedCluster[]): CompiledRoute['sticky'] {
  if (action.type !== 'forward' || action.cohort === undefined || used.length < 2) return undefined;
  const split = new StickySplit(
    used.map(({ cluster }) => cluster),
    used.map(({ weight }) => weight),
  );
  return { key: action.cohort, split };
}
