// Faults as operators see them: what each does to whose calls, since when, and when it ends.
import { durationMs, type FaultInjectionResource, type FaultStop, type ResourceKey, timestampMs } from '@malha/model';
import { faultStopOf } from '@malha/policies';
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
  /** Which share of failed requests stops it; null: nothing but its end. */
  readonly stop: string | null;
  /** It has a hypothesis. */
  readonly isExperiment: boolean;
  /** How it ended before its time; null: it did not. */
  readonly ended: { readonly atMs: number; readonly by: string; readonly reason: string } | null;
}

const PER_PERCENT = 10_000;

/** Running ones first, the one that ends next before the others. */
export function faultsOf({ byKey }: ResourceState, nowMs: number): FaultView[] {
  const faults: FaultView[] = [];
  for (const { key, resource, updatedAtMs, updatedBy } of byKey.values()) {
    if (resource.kind !== 'FaultInjection') continue;
    const { targetRef, startedAt, expiresAfter, ended, stop, experiment } = resource.spec;
    const startedAtMs = startedAt === undefined ? updatedAtMs : timestampMs(startedAt);
    const endsAtMs = startedAtMs + durationMs(expiresAfter);
    faults.push({
      ...{ key, namespace: key.split('/')[1] ?? '', name: resource.metadata.name },
      target: { kind: targetRef.kind, name: targetRef.name ?? '', rule: targetRef.sectionName ?? null },
      effects: effectsOf(resource),
      ...{ startedAtMs, endsAtMs, isRunning: ended === undefined && nowMs < endsAtMs, startedBy: updatedBy },
      stop: stop === undefined ? null : stopWords(stop),
      isExperiment: experiment !== undefined,
      ended: ended === undefined ? null : { atMs: timestampMs(ended.at), by: ended.by, reason: ended.reason },
    });
  }
  return faults.sort((a, b) => Number(b.isRunning) - Number(a.isRunning) || a.endsAtMs - b.endsAtMs);
}

/** `more than 5 % of the requests of the service or of a caller fail within 30 s` */
function stopWords(stop: FaultStop): string {
  const { errorPerMillion, windowMs, ofService, ofCallers } = faultStopOf(stop);
  const whose = [...(ofService ? ['the service'] : []), ...(ofCallers ? ['a caller'] : [])].join(' or of ');
  return `more than ${errorPerMillion / PER_PERCENT} % of the requests of ${whose} fail within ${windowMs / 1000} s`;
}

export function effectsOf({ spec: { delay, abort, reset, bandwidth } }: FaultInjectionResource): string[] {
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
    ...(bandwidth?.requestBytesPerSecond === undefined
      ? []
      : [`${bandwidth.percent} % sent at ${bandwidth.requestBytesPerSecond} bytes/s`]),
    ...(bandwidth?.responseBytesPerSecond === undefined
      ? []
      : [`${bandwidth.percent} % answered at ${bandwidth.responseBytesPerSecond} bytes/s`]),
  ];
}
