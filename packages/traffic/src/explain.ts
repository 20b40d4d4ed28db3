// Explaining a routing decision: the virtual host, every rule with its verdict in words, and the winner.
import { actionWords, backendWords } from './action-words.ts';
import type { Route, RouteAction, VirtualHost } from './config.ts';
import { pathOf } from './path.ts';
import type { RequestView } from './request-view.ts';
import type { MatchCheck, RouteMatcher } from './route-matcher.ts';

export interface Explanation {
  readonly authority: string;
  /** `<service>.<namespace>:<port>`; undefined when no virtual host has this host. */
  readonly virtualHost: string | undefined;
  readonly hostWords: string;
  /** In order of precedence. */
  readonly rules: readonly RuleVerdict[];
  /** Name of the route that serves the request. */
  readonly winner: string | undefined;
  readonly actionWords: string;
  readonly backends: readonly ExplainedBackend[];
}

export interface RuleVerdict {
  readonly route: string;
  /** `also-matches`: would match, but a rule before it won. */
  readonly verdict: 'winner' | 'also-matches' | 'no-match';
  readonly words: string;
  readonly checks: readonly MatchCheck[];
}

export interface ExplainedBackend {
  readonly cluster: string;
  readonly weight: number;
  /** 0..1 */
  readonly share: number;
  /** What filters of its own do, in sentences; absent when it has none. */
  readonly filters?: readonly string[];
}

interface ExplainableHost {
  readonly virtualHost: VirtualHost;
  readonly routes: readonly { readonly route: Route; readonly matcher: RouteMatcher }[];
}

export function explainRequest(host: ExplainableHost | undefined, request: RequestView): Explanation {
  const { authority } = request;
  if (host === undefined) {
    const hostWords = `No virtual host has the host "${authority}": no such service, no such port, or several ports and none given.`;
    return {
      authority,
      virtualHost: undefined,
      hostWords,
      rules: [],
      winner: undefined,
      actionWords: NOT_FOUND,
      backends: [],
    };
  }
  const path = pathOf(request.path);
  let winner: Route | undefined;
  const rules = host.routes.map(({ route, matcher }) => {
    const verdict = judge(route, matcher.check(path, request), winner);
    if (verdict.verdict === 'winner') winner = route;
    return verdict;
  });
  return {
    authority,
    virtualHost: host.virtualHost.name,
    hostWords: `"${authority}" is ${host.virtualHost.name}.`,
    rules,
    winner: winner?.name,
    actionWords: winner === undefined ? NOT_FOUND : actionWords(winner.action),
    backends: winner === undefined ? [] : backendsOf(winner.action),
  };
}

const NOT_FOUND = 'Answered with 404 (NR): no route.';

function judge(route: Route, checks: readonly MatchCheck[], winner: Route | undefined): RuleVerdict {
  const failed = checks.filter((check) => !check.ok);
  if (failed.length > 0) {
    return {
      route: route.name,
      verdict: 'no-match',
      words: `No: ${failed.map((check) => check.words).join('; ')}.`,
      checks,
    };
  }
  if (winner !== undefined) {
    const words = `Would match too, but ${winner.name} comes first.`;
    return { route: route.name, verdict: 'also-matches', words, checks };
  }
  return {
    route: route.name,
    verdict: 'winner',
    words: `Yes: ${checks.map((check) => check.words).join('; ')}.`,
    checks,
  };
}

function backendsOf(action: RouteAction): ExplainedBackend[] {
  if (action.type !== 'forward') return [];
  const total = action.clusters.reduce((sum, { weight }) => sum + weight, 0);
  return action.clusters.map((weighted) => {
    const { cluster, weight } = weighted;
    const filters = backendWords(weighted);
    const share = total === 0 ? 0 : weight / total;
    return { cluster, weight, share, ...(filters.length > 0 && { filters }) };
  });
}
