// Retry conditions as Envoy's comma separated `retry_on`.
import type { RetryCondition } from '@malha/traffic';

const NAMES = {
  'connect-failure': 'connect-failure',
  'refused-stream': 'refused-stream',
  reset: 'reset',
  'gateway-error': 'gateway-error',
  '5xx': '5xx',
  'retriable-status': 'retriable-status-codes',
  cancelled: 'cancelled',
  'deadline-exceeded': 'deadline-exceeded',
  internal: 'internal',
  'resource-exhausted': 'resource-exhausted',
  unavailable: 'unavailable',
} as const satisfies Record<RetryCondition, string>;

export function retryOn(conditions: readonly RetryCondition[]): string {
  return conditions.map((condition) => NAMES[condition]).join(',');
}
