// Which workloads have called a service of late, as their proxies report it: a change of the service concerns them first.
import type { EdgeLabels } from '../report.ts';

const RECENT_MS = 60_000;
const SERVICES_MAX = 10_000;
/** More callers than this are no selection any more. */
const CALLERS_MAX = 200;

/** What a replica has heard itself: a hint for the order of work, never for what is right. */
export class RecentCallers {
  /** `<namespace>/<service>` -> `<namespace>/<workload>` -> when it last called. */
  readonly #seen = new Map<string, Map<string, number>>();

  saw({ reporter, source, destination }: EdgeLabels, nowMs: number): void {
    if (reporter !== 'source' || source.workload === '' || destination.service === '') return;
    const service = `${destination.namespace}/${destination.service}`;
    const caller = `${source.namespace}/${source.workload}`;
    const callers = this.#callersOf(service);
    // The one that called last stands last.
    callers.delete(caller);
    callers.set(caller, nowMs);
    if (callers.size > CALLERS_MAX) dropOldest(callers);
  }

  /** Workloads that called one of these services within the last minute. */
  of(services: Iterable<string>, nowMs: number): Set<string> {
    const recent = new Set<string>();
    for (const service of services) {
      for (const [caller, atMs] of this.#seen.get(service) ?? []) if (nowMs - atMs < RECENT_MS) recent.add(caller);
    }
    return recent;
  }

  #callersOf(service: string): Map<string, number> {
    const known = this.#seen.get(service);
    if (known !== undefined) return known;
    if (this.#seen.size >= SERVICES_MAX) dropOldest(this.#seen);
    const callers = new Map<string, number>();
    this.#seen.set(service, callers);
    return callers;
  }
}

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
