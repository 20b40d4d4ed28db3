// Circuit breakers by success rate: one for what a service's policies say, one for what those of a route or rule say.
import { circuitBreakerDefaults, durationMs, type TrafficPolicySpec } from '@malha/model';
import type { BreakerConfig } from '@malha/traffic';

type Spec = NonNullable<TrafficPolicySpec['circuitBreaker']>;

/** `specs` of the levels of one breaker, from the most specific on; undefined when none of them asks for it. */
export function breakerOf(specs: readonly TrafficPolicySpec[]): BreakerConfig | undefined {
  const given = specs.flatMap(({ circuitBreaker }) => circuitBreaker ?? []);
  if (given.length === 0) return undefined;
  const first = <K extends keyof Spec>(name: K): Spec[K] => given.find((spec) => spec[name] !== undefined)?.[name];
  const ms = (name: 'window' | 'open' | 'openMax', otherwise: number): number => {
    const text = first(name);
    return text === undefined ? otherwise : durationMs(text);
  };
  const base = circuitBreakerDefaults;
  const openMs = ms('open', base.openMs);
  return {
    successRate: (first('successRate') ?? base.successRatePercent) / 100,
    windowMs: ms('window', base.windowMs),
    minRequests: first('minRequests') ?? base.minRequests,
    openMs,
    openMaxMs: Math.max(openMs, ms('openMax', base.openMaxMs)),
    halfOpenRequests: first('halfOpenRequests') ?? base.halfOpenRequests,
  };
}
