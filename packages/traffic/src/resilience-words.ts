// Timeouts and retries in words, for operators.
import type { ForwardAction, RetryPolicy } from './config.ts';
import { timeWords } from './time-words.ts';

/** `It has 15 s to be answered, each attempt 5 s.`; empty without a bound. */
export function timeoutWords({ requestTimeoutMs, backendRequestTimeoutMs, maxDurationMs }: ForwardAction): string[] {
  const bounds = [
    ...(requestTimeoutMs === 0 ? [] : [`it has ${timeWords(requestTimeoutMs)} to be answered`]),
    ...(backendRequestTimeoutMs === 0 ? [] : [`an attempt has ${timeWords(backendRequestTimeoutMs)}`]),
    ...(maxDurationMs === undefined ? [] : [`all is over after ${timeWords(maxDurationMs)}`]),
  ];
  return bounds.length === 0 ? [] : [sentence(bounds.join('; '))];
}

/** When the request is tried again, how often, and what the budget leaves of it. */
export function retryWords({ attempts, on, statusCodes, budget }: RetryPolicy): string {
  if (attempts === 0) return 'A failure is not tried again.';
  const conditions = on.map((condition) =>
    condition === 'retriable-status' ? `${condition} (${statusCodes.join(', ')})` : condition,
  );
  const often = attempts === 1 ? 'once' : `${attempts} times at most`;
  const share = `while retries are at most ${budget.percent} % of the requests, or ${budget.minConcurrent}`;
  const beyond = 'what was never sent, and what an endpoint that died took with it, is sent again beyond that';
  return `After ${conditions.join(', ')} it is tried again, ${often}, ${share}; ${beyond}.`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
