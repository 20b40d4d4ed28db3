// Hedging and fallback of a rule: of its policies the first that speaks of them counts, whole.
import {
  durationMs,
  fallbackDefaults,
  hedgingDefaults,
  type RoutePolicyResource,
  type RoutePolicySpec,
} from '@malha/model';
import type { ClusterName, DirectResponseAction, FallbackConfig, FallbackTarget, HedgingConfig } from '@malha/traffic';

const PER_PERCENT = 10_000;

type Fallback = NonNullable<RoutePolicySpec['fallback']>;

/** What a fallback refers to; undefined for what does not exist. */
export interface FallbackReferences {
  clusterOf(ref: NonNullable<Fallback['backendRef']>): ClusterName | undefined;
  responseOf(name: string): DirectResponseAction | undefined;
  /** The requests are calls of gRPC, whose clients take answers from another backend only. */
  readonly isGrpc: boolean;
}

export function hedgingOf(policies: readonly RoutePolicyResource[]): HedgingConfig | undefined {
  const hedging = policies.find(({ spec }) => spec.hedging !== undefined)?.spec.hedging;
  if (hedging === undefined) return undefined;
  const { delay, maxAttempts = hedgingDefaults.maxAttempts, percent = hedgingDefaults.percent } = hedging;
  return { delayMs: durationMs(delay), maxAttempts, perMillion: Math.round(percent * PER_PERCENT) };
}

export function fallbackOf(
  policies: readonly RoutePolicyResource[],
  references: FallbackReferences,
): FallbackConfig | undefined {
  const fallback = policies.find(({ spec }) => spec.fallback !== undefined)?.spec.fallback;
  const to = fallback === undefined ? undefined : targetOf(fallback, references);
  return to === undefined ? undefined : { on: fallback?.on ?? fallbackDefaults.on, to };
}

function targetOf(
  { backendRef, responseRef, lastGood }: Fallback,
  { clusterOf, responseOf, isGrpc }: FallbackReferences,
): FallbackTarget | undefined {
  if (backendRef !== undefined) {
    const cluster = clusterOf(backendRef);
    return cluster === undefined ? undefined : { type: 'backend', cluster };
  }
  if (isGrpc) return undefined;
  if (responseRef !== undefined) {
    const response = responseOf(responseRef.name);
    if (response === undefined) return undefined;
    const { status, body, responseHeaders } = response;
    return { type: 'static', status, body, headers: responseHeaders.set };
  }
  const { maxAge, maxEntries = fallbackDefaults.maxEntries, maxBytes = fallbackDefaults.maxBytes } = lastGood ?? {};
  const maxAgeMs = maxAge === undefined ? fallbackDefaults.maxAgeMs : durationMs(maxAge);
  return { type: 'last-good', maxAgeMs, maxEntries, maxBytes };
}
