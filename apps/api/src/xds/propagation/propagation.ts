// How far each revision has come: which proxies serve what it wants of them, since when, and who refused it.

/** Revisions that are remembered. */
const REVISIONS_MAX = 100;
/** Wanted hashes of one proxy that are remembered, to know an older one when it is reported late. */
const WANTED_MAX = 32;
const NACKS_MAX = 16;

export type PropagationState = 'active' | 'pending' | 'nacked' | 'disconnected' | 'acked';

export interface ProxyPropagation {
  /** `<namespace>/<workload>` */
  readonly workload: string;
  readonly model: string;
  readonly state: PropagationState;
  /** From the revision to its being active; 0 where nothing had to change or the proxy came later, null where it is not. */
  readonly latencyMs: number | null;
  readonly error: string | null;
}

export interface RevisionPropagation {
  readonly revision: number;
  readonly startedAtMs: number;
  readonly proxies: readonly ProxyPropagation[];
  /** Active or ACKed. */
  readonly active: number;
  readonly total: number;
  /** Over the proxies that had to change; 0 when there was none. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Nack {
  readonly typeUrl: string;
  /** Empty where the client refused a response as a whole. */
  readonly name: string;
  readonly message: string;
}

/** How we learn that a proxy has a configuration in use. */
export type Evidence = 'served' | 'acked';

interface Arrival {
  readonly latencyMs: number;
  readonly isUnaffected: boolean;
  readonly evidence: Evidence;
}

interface Wanted {
  readonly hash: string;
  /** The newest revision that wants this of the proxy. */
  revision: number;
}

interface Proxy {
  readonly workload: string;
  model: string;
  isConnected: boolean;
  /** Since when it is, or was, connected. */
  connectedAtMs: number;
  servedHash: string | undefined;
  evidence: Evidence;
  wanted: Wanted[];
  nacks: readonly Nack[];
}

interface Revision {
  readonly revision: number;
  readonly startedAtMs: number;
  /** Found at the start of this process: how long it took then is not known. */
  readonly isBaseline: boolean;
  readonly arrivals: Map<string, Arrival | undefined>;
}

export class Propagation {
  readonly #revisions = new Map<number, Revision>();
  readonly #proxies = new Map<string, Proxy>();
  readonly #listeners = new Set<(revision: number) => void>();
  readonly #arrivalListeners = new Set<(latencyMs: number) => void>();

  /** A revision begins its way to these workloads; what is wanted of each may be said later. */
  begin(revision: number, startedAtMs: number, workloads: ReadonlyMap<string, string>): void {
    if (this.#revisions.has(revision)) return;
    const isBaseline = this.#revisions.size === 0;
    const arrivals = new Map<string, Arrival | undefined>();
    for (const [workload, model] of workloads) {
      this.#of(workload).model = model;
      arrivals.set(workload, undefined);
    }
    this.#revisions.set(revision, { revision, startedAtMs, isBaseline, arrivals });
    for (const old of this.#revisions.keys()) {
      if (this.#revisions.size <= REVISIONS_MAX) break;
      this.#revisions.delete(old);
    }
    this.#emit(revision);
  }

  /** What a proxy should serve from now on. One that serves it already is active at once. */
  want(workload: string, revision: number, hash: string, atMs: number): void {
    const proxy = this.#of(workload);
    const last = proxy.wanted.at(-1);
    if (last?.hash === hash) last.revision = Math.max(last.revision, revision);
    else {
      proxy.wanted.push({ hash, revision });
      if (proxy.wanted.length > WANTED_MAX) proxy.wanted.shift();
      proxy.nacks = [];
    }
    if (proxy.servedHash === hash) this.#arrive(proxy, revision, atMs, true);
  }

  served(workload: string, hash: string, atMs: number, evidence: Evidence = 'served'): void {
    const proxy = this.#of(workload);
    proxy.servedHash = hash;
    proxy.evidence = evidence;
    const known = proxy.wanted.findLast((wanted) => wanted.hash === hash);
    if (known !== undefined) this.#arrive(proxy, known.revision, atMs, false);
    if (known !== undefined && known === proxy.wanted.at(-1)) proxy.nacks = [];
  }

  connected(workload: string, isConnected: boolean, atMs: number): void {
    const proxy = this.#of(workload);
    if (proxy.isConnected === isConnected) return;
    proxy.isConnected = isConnected;
    if (isConnected) proxy.connectedAtMs = atMs;
    this.#emitNewest(workload);
  }

  nacked(workload: string, nacks: readonly Nack[]): void {
    this.#of(workload).nacks = nacks.slice(0, NACKS_MAX);
    this.#emitNewest(workload);
  }

  /** Workloads that are gone for good. */
  retain(workloads: ReadonlyMap<string, string>): void {
    for (const workload of this.#proxies.keys()) {
      if (!workloads.has(workload) && this.#proxies.get(workload)?.isConnected === false)
        this.#proxies.delete(workload);
    }
  }

  of(revision: number): RevisionPropagation | undefined {
    const known = this.#revisions.get(revision);
    if (known === undefined) return undefined;
    const proxies = Array.from(known.arrivals, ([workload, arrival]) => this.#stateOf(workload, arrival));
    const latencies: number[] = [];
    for (const arrival of known.arrivals.values()) {
      if (arrival !== undefined && !arrival.isUnaffected) latencies.push(arrival.latencyMs);
    }
    latencies.sort((a, b) => a - b);
    return {
      revision,
      startedAtMs: known.startedAtMs,
      proxies,
      active: proxies.filter(({ state }) => state === 'active' || state === 'acked').length,
      total: proxies.length,
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
    };
  }

  /** A reported hash as the newest revision that wants it of the proxy, and whether it is what is wanted now. */
  configurationOf(workload: string, servedHash: string): { revision: number | null; isCurrent: boolean } {
    const wanted = this.#proxies.get(workload)?.wanted ?? [];
    const known = wanted.findLast(({ hash }) => hash === servedHash);
    return { revision: known?.revision ?? null, isCurrent: known !== undefined && known === wanted.at(-1) };
  }

  servedHash(workload: string): string | undefined {
    return this.#proxies.get(workload)?.servedHash;
  }

  /** Called with each revision whose propagation changed. */
  onChange(listener: (revision: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called when a proxy with a stream to this replica, that had to change for a revision, is active on it. */
  onArrival(listener: (latencyMs: number) => void): () => void {
    this.#arrivalListeners.add(listener);
    return () => this.#arrivalListeners.delete(listener);
  }

  #of(workload: string): Proxy {
    let proxy = this.#proxies.get(workload);
    if (proxy === undefined) {
      proxy = {
        workload,
        model: 'sidecar',
        isConnected: false,
        connectedAtMs: 0,
        servedHash: undefined,
        evidence: 'served',
        wanted: [],
        nacks: [],
      };
      this.#proxies.set(workload, proxy);
    }
    return proxy;
  }

  /** Who is active on a revision has all earlier ones behind it. */
  #arrive(proxy: Proxy, revision: number, atMs: number, hadIt: boolean): void {
    for (const known of this.#revisions.values()) {
      if (known.revision > revision || known.arrivals.get(proxy.workload) !== undefined) continue;
      // Who came later did not wait for the change, however long ago it was.
      const isUnaffected = hadIt || known.isBaseline || proxy.connectedAtMs > known.startedAtMs;
      const latencyMs = isUnaffected ? 0 : Math.max(0, atMs - known.startedAtMs);
      known.arrivals.set(proxy.workload, { latencyMs, isUnaffected, evidence: proxy.evidence });
      // Every replica hears of every proxy: each arrival is told by the one that pushed to it.
      if (!isUnaffected && proxy.isConnected) for (const listener of this.#arrivalListeners) listener(latencyMs);
      this.#emit(known.revision);
    }
  }

  #stateOf(workload: string, arrival: Arrival | undefined): ProxyPropagation {
    const proxy = this.#of(workload);
    const { model } = proxy;
    if (arrival !== undefined) {
      const state = arrival.evidence === 'served' ? 'active' : 'acked';
      return { workload, model, state, latencyMs: arrival.latencyMs, error: null };
    }
    const error = proxy.nacks.length === 0 ? null : proxy.nacks.map(({ message }) => message).join('; ');
    const pending: PropagationState = error === null ? 'pending' : 'nacked';
    return { workload, model, state: proxy.isConnected ? pending : 'disconnected', latencyMs: null, error };
  }

  #emitNewest(workload: string): void {
    for (const { revision, arrivals } of this.#revisions.values()) {
      if (arrivals.has(workload) && arrivals.get(workload) === undefined) this.#emit(revision);
    }
  }

  #emit(revision: number): void {
    for (const listener of this.#listeners) listener(revision);
  }
}

/** Nearest rank. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}
