// malha.extensions.v1.CircuitBreaker -> BreakerConfig.
import type { BreakerConfig } from '@malha/traffic';
import type { CircuitBreaker } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { ResourceError } from './strict.ts';

export function breaker(message: CircuitBreaker, path: string): BreakerConfig {
  const { successRate, windowMs, minRequests, openMs, openMaxMs, halfOpenRequests } = message;
  if (!(successRate > 0 && successRate <= 1))
    throw new ResourceError(`${path}.success_rate`, 'must be above 0, up to 1');
  for (const [name, value] of Object.entries({ windowMs, minRequests, openMs, openMaxMs, halfOpenRequests }))
    if (value < 1) throw new ResourceError(`${path}.${name}`, 'must be at least 1');
  return { successRate, windowMs, minRequests, openMs, openMaxMs, halfOpenRequests };
}
