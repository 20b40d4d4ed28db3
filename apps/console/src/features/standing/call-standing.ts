// Which open breakers and ejected endpoints are about one call, or about one service. Pure.
import type { Standing } from './use-standing.ts';

export type BreakerStanding = Standing['breakers'][number];
export type EjectionStanding = Standing['ejected'][number];

interface Named {
  readonly namespace: string;
  readonly name: string;
}

export interface Call {
  readonly source: Named;
  readonly target: Named;
}

/** A version or a workload of a service narrows what is about it. */
export interface Place extends Named {
  readonly version?: string | undefined;
  readonly workload?: string | undefined;
}

export interface CallStanding {
  /** The one that is worst off. */
  readonly breaker: BreakerStanding | undefined;
  /** Instances of the callee that get no requests of this caller, of how many. */
  readonly ejected: number;
  readonly instances: number;
}

/** Of a call: what its caller's proxies report. Nothing is open where nothing is known. */
export function standingOn(standing: Standing | undefined, { source, target }: Call): CallStanding {
  const breakers = breakersOn(standing, target).filter(({ caller }) => isSame(caller, source));
  const ejected = ejectedOn(standing, target).filter(({ callers }) => callers.some((caller) => isSame(caller, source)));
  return {
    breaker: breakers.find(({ state }) => state === 'open') ?? breakers[0],
    ejected: ejected.length,
    instances: standing?.endpointsOf[`${target.namespace}/${target.name}`] ?? ejected.length,
  };
}

/** Breakers, of any caller, that are not closed. */
export function breakersOn(standing: Standing | undefined, place: Place): readonly BreakerStanding[] {
  return (standing?.breakers ?? []).filter(
    ({ callee, version }) =>
      callee !== null &&
      isSame(callee, place) &&
      (version === '' || place.version === undefined || version === place.version),
  );
}

/** Instances that some caller sends nothing to. */
export function ejectedOn(standing: Standing | undefined, place: Place): readonly EjectionStanding[] {
  return (standing?.ejected ?? []).filter(
    ({ service, workload }) =>
      isSame(service, place) && (place.workload === undefined || workload === `${place.namespace}/${place.workload}`),
  );
}

function isSame(a: Named, b: Named): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}
