// Change of mTLS modes without a refused call: first every callee takes both, then the callers switch, then it narrows.
import type { ClusterEndpoints, ClusterName, MtlsMode } from '@malha/traffic';
import { endpointsOf } from './services/endpoints.ts';
import { targetPortOf, type WorkloadEntry } from './services/entries.ts';
import type { WorldIndex } from './world-index.ts';

/**
 * `accept`: ports whose mode changes take both mTLS and plaintext, callers call as before; when that is active
 * everywhere, `switch`: callers call as the new mode asks; when that is active, compile without a transition.
 */
export interface ModeTransition {
  /** What is active now. */
  readonly from: WorldIndex;
  readonly step: 'accept' | 'switch';
}

/** Whether the change from one world to another needs a transition: some port changes its mode. */
export function changesModes(from: WorldIndex, to: WorldIndex): boolean {
  for (const workload of to.linked.workloads) {
    const before = from.linked.workloadsByKey.get(workload.key);
    if (before === undefined) continue;
    for (const port of portsOf(workload)) if (from.modeOf(before, port) !== to.modeOf(workload, port)) return true;
  }
  return false;
}

function portsOf(workload: WorkloadEntry): Set<number> {
  const ports = new Set<number>();
  for (const service of workload.services) {
    for (const { spec } of service.ports) {
      const target = targetPortOf(spec, workload.resource);
      if (target !== undefined) ports.add(target);
    }
  }
  return ports;
}

/** Modes as they hold within a step of a transition; without one, as the index has them. */
export class TransitionModes {
  readonly #index: WorldIndex;
  readonly #transition: ModeTransition | undefined;

  constructor(index: WorldIndex, transition: ModeTransition | undefined) {
    this.#index = index;
    this.#transition = transition !== undefined && changesModes(transition.from, index) ? transition : undefined;
  }

  readonly inbound = (workload: WorkloadEntry, port: number): MtlsMode => {
    const mode = this.#index.modeOf(workload, port);
    const before = this.#before(workload, port);
    return before === undefined || before === mode ? mode : 'PERMISSIVE';
  };

  endpoints(name: ClusterName): ClusterEndpoints | undefined {
    if (this.#transition?.step !== 'accept') return this.#index.endpoints(name);
    const used = this.#index.usedCluster(name);
    if (used === undefined) return undefined;
    const { service, port, version } = used;
    const modeOf = (workload: WorkloadEntry, target: number) =>
      this.#before(workload, target) ?? this.#index.modeOf(workload, target);
    return { cluster: name, endpoints: endpointsOf(service, port, version, modeOf) };
  }

  #before(workload: WorkloadEntry, port: number): MtlsMode | undefined {
    const from = this.#transition?.from;
    const known = from?.linked.workloadsByKey.get(workload.key);
    return known === undefined ? undefined : from?.modeOf(known, port);
  }
}
