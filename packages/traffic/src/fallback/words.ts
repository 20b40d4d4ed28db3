// Hedging and fallback in words, for operators.
import type { HedgingConfig } from '../config.ts';
import type { FallbackCondition, FallbackConfig, FallbackTarget } from './rule.ts';

const PER_PERCENT = 10_000;
const ALL = 1_000_000;

const CONDITIONS: Readonly<Record<FallbackCondition, string>> = {
  '5xx': 'answers from 500 on',
  'gateway-error': 'answers of 502 to 504',
  unavailable: 'no endpoint or no answer',
  timeout: 'a timeout',
};

/** `After 50 ms without an answer 10 % of the requests go to another endpoint too, up to 2 attempts; the first good answer counts.` */
export function hedgingWords({ delayMs, maxAttempts, perMillion }: HedgingConfig): string {
  const share = perMillion >= ALL ? 'a request goes' : `${perMillion / PER_PERCENT} % of the requests go`;
  return `After ${delayMs} ms without an answer ${share} to another endpoint too, up to ${maxAttempts} attempts; the first good answer counts.`;
}

export function fallbackWords({ on, to }: FallbackConfig): string {
  return `On ${on.map((condition) => CONDITIONS[condition]).join(', ')} ${targetWords(to)}.`;
}

function targetWords(to: FallbackTarget): string {
  switch (to.type) {
    case 'backend':
      return `the request goes to ${to.cluster}`;
    case 'static':
      return `the proxy answers with ${to.status}`;
    case 'last-good':
      return `the last good answer is given, if it is not older than ${Math.round(to.maxAgeMs / 1000)} s`;
  }
}
