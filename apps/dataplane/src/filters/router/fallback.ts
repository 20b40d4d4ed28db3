// What a client gets where the answer of its route has failed: that of another backend, one of the proxy, or the last good one.

import type { ClusterName } from '@malha/traffic/config';
import { type Failure, isFallbackFor } from '@malha/traffic/fallback/failure';
import type { LastGoodAnswers } from '@malha/traffic/fallback/last-good';
import { isShareable } from '@malha/traffic/fallback/last-good';
import { FALLBACK_HEADER, type FallbackCondition, type StaticAnswer } from '@malha/traffic/fallback/rule';
import { respondWithText } from '../../exchange/error-response.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { HeaderBlock } from '../../exchange/header-block.ts';
import type { FailureName, ProxyError } from '../../exchange/proxy-error.ts';
import { answerKey } from './answer-keeper.ts';
import type { ForwardEnvironment, ForwardPlan } from './forward-plan.ts';

/** The fallback of a route at run time. */
export interface Fallback {
  readonly on: readonly FallbackCondition[];
  readonly to:
    | { readonly type: 'backend'; readonly cluster: ClusterName }
    | StaticAnswer
    | { readonly type: 'last-good'; readonly answers: LastGoodAnswers };
}

/** A request whose route has failed. */
export interface FailedForward {
  readonly exchange: Exchange;
  readonly plan: ForwardPlan;
  readonly environment: ForwardEnvironment;
  /** Another cluster carries it on; false: it cannot. `status`: of the failure. */
  handOver(cluster: ClusterName, status: number): boolean;
  /** Its answer was not that of the service. */
  endedInstead(): void;
}

const UNAVAILABLE: ReadonlySet<FailureName> = new Set<FailureName>([
  'noCluster',
  'noHealthyUpstream',
  'connectFailed',
  'overflow',
  'upstreamReset',
  'streamRefused',
  'peerIdentity',
  'noIdentity',
  'malformedResponse',
]);

/** Undefined: nobody waits any more, or it is not the service that failed. */
export function failureOf({ failure }: ProxyError): Failure | undefined {
  if (failure === 'requestTimeout') return { type: 'timeout' };
  return UNAVAILABLE.has(failure) ? { type: 'unavailable' } : undefined;
}

/** True: the failure is not what the client gets. */
export function fallBack(failed: FailedForward, failure: Failure, status: number): boolean {
  const { plan, exchange, environment } = failed;
  const { fallback } = plan;
  if (fallback === undefined || exchange.isResponseStarted || !isFallbackFor(fallback.on, failure)) return false;
  const { to } = fallback;
  const isMadeGood = to.type === 'backend' ? failed.handOver(to.cluster, status) : endWith(failed, to);
  environment.count(isMadeGood ? `fallback-${to.type}` : 'fallback-missing');
  return isMadeGood;
}

function endWith(failed: FailedForward, to: Exclude<Fallback['to'], { type: 'backend' }>): boolean {
  const { exchange, environment } = failed;
  if (!answerInstead(exchange, to, environment.monotonic())) return false;
  failed.endedInstead();
  return true;
}

/** False: there is no answer to give. */
function answerInstead(exchange: Exchange, to: Exclude<Fallback['to'], { type: 'backend' }>, nowMs: number): boolean {
  if (to.type === 'last-good') return answerFromKept(exchange, to.answers, nowMs);
  const headers = to.headers.flatMap(({ name, value }) => [name, value]);
  respondWithText(exchange, to.status, to.body, [...headers, FALLBACK_HEADER, 'static']);
  return true;
}

function answerFromKept(exchange: Exchange, answers: LastGoodAnswers, nowMs: number): boolean {
  const { request } = exchange;
  const requested = (name: string) => request.headers.get(name);
  if (!isShareable(request.method, requested)) return false;
  const answer = answers.find(answerKey(request), requested, nowMs);
  if (answer === undefined) return false;
  const headers = HeaderBlock.fromList(answer.headers);
  const age = Number(headers.get('age') ?? 0) + (nowMs - answer.storedMs) / MS_PER_SECOND;
  headers.set('age', String(Number.isFinite(age) ? Math.max(0, Math.floor(age)) : 0));
  headers.set(FALLBACK_HEADER, 'last-good');
  const { body } = answer;
  // Of a HEAD it says how long the body would be.
  if (request.method !== 'HEAD') headers.set('content-length', String(body.length));
  exchange.sendHead({ status: 200, reason: '', headers, contentLength: body.length }, false);
  if (body.length > 0) exchange.sendData(Buffer.from(body.buffer, body.byteOffset, body.length));
  exchange.sendEnd(undefined);
  return true;
}

const MS_PER_SECOND = 1000;
