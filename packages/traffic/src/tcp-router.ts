// Which backend a connection without HTTP goes to: by the server name that its ClientHello asks for, then by weight.
import type { TcpBackend, TcpRoute } from './config.ts';
import type { Random } from './request-view.ts';
import { WeightTable } from './weight-table.ts';

export interface TcpDecision<R extends TcpRoute = TcpRoute> {
  readonly route: R;
  /** Undefined: all weights are 0. */
  readonly backend: TcpBackend | undefined;
}

export interface TcpRouter<R extends TcpRoute = TcpRoute> {
  /** `serverName` is empty for a connection that is no TLS, or asks for no name. */
  route(serverName: string, random: Random): TcpDecision<R> | undefined;
  /** The route without a choice among its backends. */
  find(serverName: string): R | undefined;
}

interface Compiled<R> {
  readonly route: R;
  readonly weights: WeightTable;
}

const ANY = '*';

export function compileTcpRoutes<R extends TcpRoute>({ routes }: { readonly routes: readonly R[] }): TcpRouter<R> {
  const byName = new Map<string, Compiled<R>>();
  for (const route of routes) {
    const compiled = { route, weights: new WeightTable(route.clusters.map(({ weight }) => weight)) };
    // Of two routes with one name the first, which is the older one, wins (Gateway API).
    for (const name of route.serverNames) if (!byName.has(name)) byName.set(name, compiled);
  }
  return {
    route: (serverName, random) => {
      const found = lookUp(byName, serverName);
      if (found === undefined) return undefined;
      const { route, weights } = found;
      return { route, backend: route.clusters[weights.at(random())] };
    },
    find: (serverName) => lookUp(byName, serverName)?.route,
  };
}

/** Exact, then the longest `*.suffix` (one or more labels, as the Gateway API has it), then `*`. */
function lookUp<T>(byName: ReadonlyMap<string, T>, serverName: string): T | undefined {
  const exact = byName.get(serverName);
  if (exact !== undefined && serverName !== '') return exact;
  for (let dot = serverName.indexOf('.'); dot !== -1; dot = serverName.indexOf('.', dot + 1)) {
    const found = byName.get(`*${serverName.slice(dot)}`);
    if (found !== undefined) return found;
  }
  return byName.get(ANY);
}
