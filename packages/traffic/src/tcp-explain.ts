// Explaining where a connection of bytes goes: every route of its listener with its verdict in words, and the winner.
import type { MeshConfig, TcpListener, TcpRoute } from './config.ts';
import type { ExplainedBackend, Explanation, RuleVerdict } from './explain.ts';
import { isHttpListener } from './gateway.ts';
import { mostSpecific } from './hostname.ts';
import { compileTcpRoutes } from './tcp-router.ts';

export interface ExplainableConnections {
  /** As the operator knows it: `Gateway shop/edge, port 9443`. */
  readonly place: string;
  readonly protocol: TcpListener['protocol'];
  readonly routes: readonly TcpRoute[];
  /** Nothing declares the protocol: what begins as HTTP goes by the routes of its service instead. */
  readonly isDetected: boolean;
}

/** What a proxy takes at a port: for an upstream of its workload, or of its gateway. Undefined where it takes no connections. */
export function connectionsAt(
  config: MeshConfig,
  via: 'upstream' | 'gateway',
  port: number,
): ExplainableConnections | undefined {
  if (via === 'upstream') {
    const listener = config.tcp?.find((each) => each.port === port);
    if (listener === undefined) return undefined;
    const { service, servicePort, protocol, routes, httpRouteTable } = listener;
    const place = `Upstream ${service.namespace}/${service.name}:${servicePort} at port ${port}`;
    return { place, protocol, routes, isDetected: httpRouteTable !== undefined };
  }
  const listener = config.gateways?.find((each) => each.port === port);
  if (listener === undefined || isHttpListener(listener)) return undefined;
  const protocol = listener.protocol === 'TLS' ? 'tls' : 'tcp';
  return { place: `Gateway port ${port}`, protocol, routes: listener.routes, isDetected: false };
}

/** In the shape of a request's explanation; `authority` is the server name, or empty for bytes that are no TLS. */
export function explainConnection(
  { place, protocol, routes, isDetected }: ExplainableConnections,
  serverName: string,
): Explanation {
  const name = protocol === 'tls' ? serverName.toLowerCase() : '';
  const winner = compileTcpRoutes({ routes }).find(name);
  const taken = protocol === 'tls' ? 'TLS by its server name' : isDetected ? UNDECLARED : 'connections as they come';
  const shown =
    protocol === 'tcp' ? 'a connection' : name === '' ? 'TLS without a server name' : `server name "${name}"`;
  return {
    authority: name,
    virtualHost: place,
    hostWords: `${place} takes ${taken}${protocol === 'tls' ? `: ${shown}` : ''}.`,
    rules: routes.filter(isNamed).map((route) => verdictOf(route, name, winner)),
    winner: winner !== undefined && isNamed(winner) ? winner.name : undefined,
    actionWords: actionWords(winner),
    backends: backendsOf(winner),
  };
}

const UNDECLARED =
  'connections whose protocol nobody declares (no appProtocol): one that begins as HTTP goes by the HTTP routes of the service; ' +
  'any other, also where the server speaks first, as follows';

/** A listener's names that no route is attached to are no rule. */
function isNamed({ name }: TcpRoute): boolean {
  return name !== '';
}

function verdictOf(route: TcpRoute, serverName: string, winner: TcpRoute | undefined): RuleVerdict {
  const matched = mostSpecific(
    route.serverNames.map((hostname) => ({ hostname })),
    serverName,
  )?.hostname;
  const words = wordsOf(route, matched, serverName);
  const base = { route: route.name, checks: [] };
  if (matched === undefined) return { ...base, verdict: 'no-match', words: `No: ${words}.` };
  if (route === winner) return { ...base, verdict: 'winner', words: `Yes: ${words}.` };
  const other = winner === undefined || !isNamed(winner) ? 'another listener' : winner.name;
  return { ...base, verdict: 'also-matches', words: `Would match by ${matched}, but ${other} has the name first.` };
}

function wordsOf({ serverNames }: TcpRoute, matched: string | undefined, serverName: string): string {
  if (matched === '*') return 'any connection';
  if (matched !== undefined) return `the server name is within ${matched}`;
  return `${serverName === '' ? 'no server name' : `"${serverName}"`} is not within ${serverNames.join(', ')}`;
}

function actionWords(winner: TcpRoute | undefined): string {
  if (winner === undefined) return 'Closed (NR): no route has the server name.';
  if (winner.clusters.length === 0) return 'Closed (NR): no route is attached to the listener for it.';
  if (winner.clusters.every(({ weight }) => weight === 0)) return 'Closed (UH): all weights are 0.';
  return winner.clusters.length === 1 ? 'Taken to one backend.' : 'Taken to one of the backends by weight.';
}

function backendsOf(winner: TcpRoute | undefined): ExplainedBackend[] {
  const clusters = winner?.clusters ?? [];
  const total = clusters.reduce((sum, { weight }) => sum + weight, 0);
  return clusters.map(({ cluster, weight }) => ({ cluster, weight, share: total === 0 ? 0 : weight / total }));
}
