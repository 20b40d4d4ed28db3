// Limits and faults in words, for operators.
import type { FaultRule, FaultStopRule } from './fault/rule.ts';
import type { LimitKey, RateLimitRule } from './rate-limit/rule.ts';
import type { RequestCondition } from './request-condition.ts';
import { timeWords } from './time-words.ts';

const PER_PERCENT = 10_000;

/** `At most 100 requests in 1 s, 20 at once, for each identity: shop/limits/per-caller.` */
export function limitWords({ id, requests, intervalMs, burst, keys, condition, global }: RateLimitRule): string {
  const each = keys.length === 0 ? '' : `, for each ${keys.map(keyWords).join(' and ')}`;
  const by = global === undefined ? '' : ', counted for all proxies';
  return `At most ${requests} requests in ${timeWords(intervalMs)}, ${burst} at once${each}${conditionWords(condition)}${by} (${id}).`;
}

/** `Fault shop/slow: 50 % wait 2 s; 10 % are answered with 503.` */
export function faultWords({ id, delay, abort, reset, bandwidth, condition, stop }: FaultRule): string {
  const effects = [
    ...(delay === undefined ? [] : [`${percent(delay.perMillion)} % wait ${timeWords(delay.durationMs)}`]),
    ...(abort === undefined
      ? []
      : [`${percent(abort.perMillion)} % are answered with ${abort.status ?? `status ${abort.grpcStatus} of gRPC`}`]),
    ...(reset === undefined ? [] : [`${percent(reset.perMillion)} % are broken off`]),
    ...(bandwidth === undefined ? [] : [bandwidthWords(bandwidth)]),
  ];
  return `Fault ${id}${conditionWords(condition)}: ${effects.join('; ')}.${stop === undefined ? '' : stopWords(stop)}`;
}

function bandwidthWords(slow: NonNullable<FaultRule['bandwidth']>): string {
  const { perMillion, requestBytesPerSecond, responseBytesPerSecond } = slow;
  const rates = [
    ...(requestBytesPerSecond === undefined ? [] : [`are sent at ${requestBytesPerSecond} bytes/s`]),
    ...(responseBytesPerSecond === undefined ? [] : [`get their answer at ${responseBytesPerSecond} bytes/s`]),
  ];
  return `${percent(perMillion)} % ${rates.join(' and ')}`;
}

function stopWords({ errorPerMillion, windowMs, ofService, ofCallers }: FaultStopRule): string {
  const whose = [...(ofService ? ['the service'] : []), ...(ofCallers ? ['a caller'] : [])].join(' or ');
  return ` It stops when more than ${percent(errorPerMillion)} % of the requests of ${whose} fail within ${timeWords(windowMs)}.`;
}

function keyWords(key: LimitKey): string {
  return key.type === 'header' ? `value of ${key.name}` : key.type;
}

function conditionWords({ principals, methods, paths, headers }: RequestCondition): string {
  const parts = [
    ...principals,
    ...methods,
    ...paths,
    ...headers.map(({ name, values }) => `${name}: ${values.join(', ')}`),
  ];
  return parts.length === 0 ? '' : ` of ${parts.join(' ')}`;
}

function percent(perMillion: number): number {
  return perMillion / PER_PERCENT;
}
