// An explanation of the control plane as the lines that an operator reads. Pure.
import { parseClusterName } from '@malha/model/names';
import { count, inWords, percent, plural } from '#format/number.ts';
import type { RequestExplanation } from './use-explanation.ts';

type Verdict = NonNullable<RequestExplanation['backends'][number]['endpoints'][number]['authorization']>;

/** What explanations of requests and of connections have in common; of a connection no policy is asked. */
export interface Explained
  extends Pick<RequestExplanation, 'virtualHost' | 'hostWords' | 'rules' | 'winner' | 'actionWords' | 'quarantined'> {
  readonly backends: readonly {
    readonly cluster: string;
    readonly weight: number;
    readonly share: number;
    readonly endpoints: readonly {
      readonly isHealthy: boolean;
      readonly mtls: boolean;
      readonly authorization?: Verdict | null;
      readonly limits?: readonly string[];
    }[];
  }[];
}

export interface RuleLine {
  readonly route: string;
  readonly name: string;
  readonly verdict: 'winner' | 'also-matches' | 'no-match';
  readonly words: string;
}

export interface BackendLine {
  readonly id: string;
  readonly name: string;
  readonly share: string;
  readonly words: string;
  readonly isSound: boolean;
}

/** `bookstore/reviews/default` is the rule `default` on a page of the route bookstore/reviews. */
export function ruleName(route: string, own: string): string {
  return route.startsWith(`${own}/`) ? route.slice(own.length + 1) : route;
}

type Rule = RequestExplanation['rules'][number];

/** A path that begins with "/" is every path: no reason worth reading. */
function reasonsOf({ checks }: Rule, isOk: boolean): readonly string[] {
  return checks.flatMap(({ part, ok, words }) =>
    ok !== isOk || (part === 'path' && words.endsWith(' /')) ? [] : words,
  );
}

export function ruleLines(explanation: Pick<Explained, 'rules' | 'winner'>, own: string): readonly RuleLine[] {
  const winner = explanation.winner === undefined ? '' : ruleName(explanation.winner, own);
  return explanation.rules.map((rule) => {
    const words = {
      winner: `wins: ${reasonsOf(rule, true).join('; ') || 'it takes every request'}`,
      'also-matches': `would match too, but ${winner} comes first`,
      'no-match': `no: ${reasonsOf(rule, false).join('; ')}`,
    };
    return {
      route: rule.route,
      name: ruleName(rule.route, own),
      verdict: rule.verdict,
      words: words[rule.verdict],
    };
  });
}

type Backend = Explained['backends'][number];

function authorizationInWords({ endpoints }: Backend): { readonly words: string; readonly isAllowed: boolean } {
  const verdicts = endpoints.flatMap(({ authorization }) => authorization ?? []);
  const [first] = verdicts;
  const denied = verdicts.find((verdict) => !verdict.isAllowed);
  if (first === undefined) return { words: '', isAllowed: true };
  if (denied !== undefined) {
    return { words: `denied with 403${denied.policy === null ? '' : ` by ${denied.policy}`}`, isAllowed: false };
  }
  return { words: first.policy === null ? 'no policy has a say' : `allowed by ${first.policy}`, isAllowed: true };
}

export function backendLine(backend: Backend): BackendLine {
  const parts = parseClusterName(backend.cluster);
  const name =
    parts === undefined ? backend.cluster : parts.version === '' ? parts.service : `${parts.service}-${parts.version}`;
  const healthy = backend.endpoints.filter((endpoint) => endpoint.isHealthy).length;
  const authorization = authorizationInWords(backend);
  const endpoints =
    backend.endpoints.length === 0
      ? 'no endpoint, so it is answered with 503'
      : healthy === backend.endpoints.length
        ? plural(healthy, 'endpoint')
        : `${count(healthy)} of ${plural(backend.endpoints.length, 'endpoint')} healthy`;
  const tls = backend.endpoints.length === 0 ? '' : backend.endpoints.every(({ mtls }) => mtls) ? 'mTLS' : 'plain text';
  const limits = new Set(backend.endpoints.flatMap((endpoint) => endpoint.limits ?? []));
  return {
    id: backend.cluster,
    name,
    share: inWords(percent(backend.share)),
    words: [endpoints, tls, authorization.words, ...limits].filter(Boolean).join(' · '),
    isSound: healthy > 0 && authorization.isAllowed,
  };
}
