// Outlier detection: which endpoints answer so much worse than they should that they get no requests for a while. The rules
// are Envoy's; an endpoint that returns is on probation, and one endpoint may always be ejected where there are others.
import type { BalancedEndpoint } from './balanced-endpoint.ts';
import type { OutlierDetectionConfig } from './config.ts';
import type { EjectionReason } from './endpoint-health.ts';
import type { Random } from './request-view.ts';

/** Part of an ejection's length that is added at random: what fails for many proxies must not come back to all at once. */
const JITTER = 0.1;

export class OutlierDetector {
  config: OutlierDetectionConfig;
  readonly #random: Random;

  constructor(config: OutlierDetectionConfig, random: Random) {
    this.config = config;
    this.#random = random;
  }

  /** An answer came; the reason to eject the endpoint, if it is one. */
  responded({ health }: BalancedEndpoint, status: number): EjectionReason | undefined {
    health.requests++;
    health.consecutiveLocalErrors = 0;
    if (status < 500) {
      health.successes++;
      health.consecutive5xx = 0;
      health.consecutiveGatewayErrors = 0;
      health.isProbing = false;
      return undefined;
    }
    const { consecutive5xx, consecutiveGatewayErrors } = this.config;
    health.consecutive5xx++;
    if (status >= 502 && status <= 504) health.consecutiveGatewayErrors++;
    else health.consecutiveGatewayErrors = 0;
    if (isReached(health.consecutiveGatewayErrors, consecutiveGatewayErrors, health.isProbing))
      return 'consecutive-gateway-errors';
    return isReached(health.consecutive5xx, consecutive5xx, health.isProbing) ? 'consecutive-5xx' : undefined;
  }

  /** No answer came, and not because the client went: a reset, a timeout, no connection. */
  failed({ health }: BalancedEndpoint): EjectionReason | undefined {
    health.requests++;
    health.consecutiveLocalErrors++;
    const { consecutiveLocalErrors } = this.config;
    return isReached(health.consecutiveLocalErrors, consecutiveLocalErrors, health.isProbing)
      ? 'consecutive-local-errors'
      : undefined;
  }

  /** Until when the endpoint is ejected; undefined: so many are that it must go on. */
  eject(item: BalancedEndpoint, reason: EjectionReason, all: readonly BalancedEndpoint[], nowMs: number) {
    const { baseEjectionMs, maxEjectionMs } = this.config;
    const { health } = item;
    const others = all.reduce((count, other) => count + Number(other !== item && isOut(other)), 0);
    if (others >= this.#ejectedMax(all.length)) return undefined;
    health.multiplier++;
    const forMs = Math.min(baseEjectionMs * health.multiplier, Math.max(maxEjectionMs, baseEjectionMs));
    const untilMs = nowMs + forMs * (1 + JITTER * this.#random());
    health.eject(reason, untilMs);
    return untilMs;
  }

  /** At the end of an interval: who answered too badly within it. Begins the next one. */
  sweep(all: readonly BalancedEndpoint[]): { readonly item: BalancedEndpoint; readonly reason: EjectionReason }[] {
    const found = [...this.#bySuccessRate(all), ...this.#byFailurePercentage(all)];
    for (const { health } of all) {
      health.successes = 0;
      health.requests = 0;
      if (!health.isEjected && health.multiplier > 0) health.multiplier--;
    }
    return found;
  }

  #ejectedMax(count: number): number {
    const { maxEjectionPercent } = this.config;
    if (count < 2 || maxEjectionPercent === 0) return 0;
    return Math.max(1, Math.floor((count * maxEjectionPercent) / 100));
  }

  #bySuccessRate(all: readonly BalancedEndpoint[]) {
    const rule = this.config.successRate;
    const judged = rule === undefined ? [] : withRequests(all, rule.minRequests);
    if (rule === undefined || judged.length < Math.max(1, rule.minEndpoints)) return [];
    const rates = judged.map(({ health }) => health.successes / health.requests);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
    const least = mean - Math.sqrt(variance) * rule.stdevFactor;
    return judged
      .filter((_, index) => (rates[index] ?? 1) < least)
      .map((item) => ({ item, reason: 'success-rate' as const }));
  }

  #byFailurePercentage(all: readonly BalancedEndpoint[]) {
    const rule = this.config.failurePercentage;
    const judged = rule === undefined ? [] : withRequests(all, rule.minRequests);
    if (rule === undefined || judged.length < Math.max(1, rule.minEndpoints)) return [];
    return judged
      .filter(({ health }) => (100 * (health.requests - health.successes)) / health.requests >= rule.threshold)
      .map((item) => ({ item, reason: 'failure-percentage' as const }));
  }
}

function isReached(count: number, limit: number, isProbing: boolean): boolean {
  return limit > 0 && (count >= limit || (isProbing && count > 0));
}

function isOut({ health }: BalancedEndpoint): boolean {
  return health.isEjected && health.reason !== 'connect-failure';
}

function withRequests(all: readonly BalancedEndpoint[], least: number): BalancedEndpoint[] {
  return all.filter(({ health }) => !health.isEjected && health.requests >= Math.max(1, least));
}
