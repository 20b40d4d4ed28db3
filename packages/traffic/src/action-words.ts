// What an action does to a request, in sentences for the operator: what `explain` says of the rule that wins.
import { breakerWords } from './cluster-words.ts';
import type {
  CorsPolicy,
  DirectResponseAction,
  ForwardAction,
  Mirror,
  RedirectAction,
  Rewrite,
  RouteAction,
  WeightedCluster,
} from './config.ts';
import { fallbackWords, hedgingWords } from './fallback/words.ts';
import { faultWords, limitWords } from './protection-words.ts';
import { retryWords, timeoutWords } from './resilience-words.ts';

export function actionWords(action: RouteAction): string {
  if (action.type !== 'forward') return answerWords(action);
  const isOne = action.clusters.length === 1;
  return [
    isOne ? 'Forwarded to one backend.' : 'Forwarded to one of the backends by weight.',
    ...filterWords(action),
    ...stayWords(action),
    ...(action.faults ?? []).map(faultWords),
    ...(action.rateLimits ?? []).map(limitWords),
    ...timeoutWords(action),
    retryWords(action.retry),
    ...(action.breaker === undefined ? [] : [`For this route alone, ${inSentence(breakerWords(action.breaker))}`]),
    ...(action.hedging === undefined ? [] : [hedgingWords(action.hedging)]),
    ...(action.fallback === undefined ? [] : [fallbackWords(action.fallback)]),
  ].join(' ');
}

function inSentence(words: string): string {
  return `${words.charAt(0).toLowerCase()}${words.slice(1)}`;
}

/** What keeps requests together. */
function stayWords({ cohort, session }: ForwardAction): string[] {
  const same =
    cohort?.type === 'fixed' ? 'All requests of this caller go' : `The same ${cohort?.type} ${cohort?.name} goes`;
  return [
    ...(cohort === undefined ? [] : [`${same} to the same backend while the weights stay.`]),
    ...(session === undefined ? [] : [`A session by the ${session.type} ${session.name} stays with its endpoint.`]),
  ];
}

/** Of the filters that a backend has for itself; empty when it has none. */
export function backendWords(weighted: WeightedCluster): readonly string[] {
  return weighted.answer === undefined ? filterWords(weighted) : [answerWords(weighted.answer)];
}

interface Filters {
  readonly rewrite?: Rewrite | undefined;
  readonly mirrors?: readonly Mirror[] | undefined;
  readonly cors?: CorsPolicy | undefined;
}

function filterWords({ rewrite, mirrors = [], cors }: Filters): string[] {
  return [
    ...rewriteWords(rewrite),
    ...mirrors.map(
      ({ cluster, perMillion }) => `A copy of ${perMillion / 10_000} % of the requests goes to ${cluster}.`,
    ),
    ...(cors === undefined ? [] : ['Preflights of browsers are answered by the proxy.']),
  ];
}

function rewriteWords(rewrite: Rewrite | undefined): string[] {
  const { host, path } = rewrite ?? {};
  return [
    ...(host === undefined ? [] : [`The host becomes ${host}.`]),
    ...(path?.type === 'full' ? [`The path becomes ${path.value}.`] : []),
    ...(path?.type === 'prefix' ? [`The matched prefix of the path becomes ${path.value || '/'}.`] : []),
  ];
}

function answerWords(action: RedirectAction | DirectResponseAction): string {
  if (action.type === 'redirect') return `Redirected with ${action.status}.`;
  const { status, body, responseHeaders } = action;
  if (body === '') return `Answered by the proxy with ${status}.`;
  const type = responseHeaders.set.find(({ name }) => name === 'content-type')?.value ?? 'text';
  return `Answered by the proxy with ${status} and ${body.length} characters of ${type}.`;
}
