// Faults as operators see them: what each does to whose calls, since when, and when it ends.
import { durationMs, type FaultInjectionResource, type ResourceKey, timestampMs } from '@malha/model';
import type { ResourceState } from '../resources/types.ts';

export interface FaultView {
  readonly key: ResourceKey;
  readonly namespace: string;
  readonly name: string;
  readonly target: { readonly kind: string; readonly name: string; readonly rule: string | null };
  /** Each of its effects in words. */
  readonly effects: readonly string[];
  readonly startedAtMs: number;
  readonly endsAtMs: number;
  readonly isRunning: boolean;
  readonly startedBy: string;
}

/** Running ones first, the one that ends next before the others. */
export function faultsOf({ byKey }: ResourceState, nowMs: number): FaultView[] {
  const faults: FaultView[] = [];
  for (const { key, resource, updatedAtMs, updatedBy } of byKey.values()) {
    if (resource.kind !== 'FaultInjection') continue;
    const { targetRef, startedAt, expiresAfter } = resource.spec;
    const startedAtMs = startedAt === undefined ? updatedAtMs : timestampMs(startedAt);
    const endsAtMs = startedAtMs + durationMs(expiresAfter);
    faults.push({
      ...{ key, namespace: key.split('/')[1] ?? '', name: resource.metadata.name },
      target: { kind: targetRef.kind, name: targetRef.name ?? '', rule: targetRef.sectionName ?? null },
      effects: effectsOf(resource),
      ...{ startedAtMs, endsAtMs, isRunning: nowMs < endsAtMs, startedBy: updatedBy },
    });
  }
  return faults.sort((a, b) => Number(b.isRunning) - Number(a.isRunning) || a.endsAtMs - b.endsAtMs);
}

function effectsOf({ spec: { delay, abort, reset } }: FaultInjectionResource): string[] {
  return [
    ...(delay === undefined ? [] : [`${delay.percent} % delayed by ${delay.duration}`]),
    ...(abort === undefined
      ? []
      : [
          abort.httpStatus === undefined
            ? `${abort.percent} % answered with gRPC status ${abort.grpcStatus}`
            : `${abort.percent} % answered with ${abort.httpStatus}`,
        ]),
    ...(reset === undefined ? [] : [`${reset.percent} % broken off`]),
  ];
}
