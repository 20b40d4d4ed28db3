// Agent sessions that this replica holds: their last beat, and who has been silent for too long. No I/O.
import type { Clock } from '@malha/traffic/clock';
import type { Health } from './health.ts';
import type { BeatRow } from './repository.ts';

export const SILENCE_MAX_MS = 3_000;

export interface Beat {
  readonly servedHash: string;
  readonly rssBytes: number;
  readonly cpuSeconds: number;
  readonly openConnections: number;
  readonly isDraining: boolean;
  readonly isHealthy: boolean;
  readonly protection: ReportedProtection;
}

/** What protects a proxy and its calls: breakers and ejections not at rest, limits as they are learned. Times count from the beat. */
export interface ReportedProtection {
  readonly breakers: readonly ReportedBreaker[];
  readonly ejected: readonly ReportedEjection[];
  readonly overloads: readonly ReportedOverload[];
}

/** That of a cluster or of a route; the other is ''. */
export interface ReportedBreaker {
  readonly cluster: string;
  readonly route: string;
  readonly state: 'open' | 'half-open';
  readonly forMs: number;
  /** Of a half-open one: requests that succeeded, and how many have to. */
  readonly passed: number;
  readonly needed: number;
}

export interface ReportedEjection {
  readonly cluster: string;
  /** `namespace/name` */
  readonly workload: string;
  readonly reason: string;
  /** 0 = not known. */
  readonly forMs: number;
}

/** Of a port with adaptive concurrency. */
export interface ReportedOverload {
  /** `namespace/name` */
  readonly service: string;
  readonly port: number;
  /** Requests at a time, and its bounds. */
  readonly limit: number;
  readonly minConcurrency: number;
  readonly maxConcurrency: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** Latency without a queue; 0 = not measured yet. */
  readonly baselineMs: number;
}

export interface SessionInfo {
  readonly session: string;
  readonly namespace: string;
  readonly name: string;
  readonly certificateNotAfterMs: number;
}

export type HeldState = 'live' | 'draining' | 'out';

export interface HeldSession extends SessionInfo {
  state: HeldState;
  isHealthy: boolean;
  beat: Beat | undefined;
  nack: string | undefined;
  cpuCores: number;
  lastBeatMs: number;
  /** The last beat is not yet in the database. */
  isDirty: boolean;
  /** `state` or `isHealthy` is not yet what the database has. */
  isStateUnsaved: boolean;
}

export class Sessions {
  readonly #clock: Clock;
  readonly #health: Health;
  /** By workload `namespace/name`. */
  readonly #held = new Map<string, HeldSession>();

  constructor(clock: Clock, health: Health) {
    this.#clock = clock;
    this.#health = health;
  }

  start(info: SessionInfo, isHealthy: boolean): HeldSession {
    const held: HeldSession = {
      ...info,
      state: 'live',
      isHealthy,
      beat: undefined,
      nack: undefined,
      cpuCores: 0,
      lastBeatMs: this.#clock.monotonic(),
      isDirty: true,
      isStateUnsaved: false,
    };
    this.#held.set(`${info.namespace}/${info.name}`, held);
    return held;
  }

  /** Undefined when another session speaks for the workload by now. */
  get(info: SessionInfo): HeldSession | undefined {
    const held = this.#held.get(`${info.namespace}/${info.name}`);
    return held?.session === info.session ? held : undefined;
  }

  drop(info: SessionInfo): void {
    if (this.get(info) !== undefined) this.#held.delete(`${info.namespace}/${info.name}`);
  }

  beat(held: HeldSession, beat: Beat): void {
    const nowMs = this.#clock.monotonic();
    const elapsedMs = nowMs - held.lastBeatMs;
    if (held.beat !== undefined && elapsedMs >= 100) {
      const cores = (beat.cpuSeconds - held.beat.cpuSeconds) / (elapsedMs / 1000);
      held.cpuCores = Number.isFinite(cores) ? Math.max(0, cores) : 0;
    }
    held.beat = beat;
    held.lastBeatMs = nowMs;
    held.isDirty = true;
    const state = beat.isDraining ? 'draining' : 'live';
    held.isStateUnsaved ||= state !== held.state || beat.isHealthy !== held.isHealthy;
    held.state = state;
    held.isHealthy = beat.isHealthy;
  }

  /** Silent for longer than SILENCE_MAX_MS while this replica was able to hear. */
  silent(): HeldSession[] {
    const since = this.#health.healthySinceMs;
    const nowMs = this.#clock.monotonic();
    return [...this.#held.values()].filter((held) => nowMs - Math.max(held.lastBeatMs, since) > SILENCE_MAX_MS);
  }

  /** Beats since the last call that succeeded; `written` marks them. */
  takeDirty(): { readonly rows: BeatRow[]; readonly written: () => void } {
    const nowMs = this.#clock.monotonic();
    const dirty = [...this.#held.values()].filter((held) => held.isDirty);
    const taken = dirty.map((held) => ({ held, lastBeatMs: held.lastBeatMs }));
    return {
      rows: dirty.map((held) => toRow(held, nowMs)),
      written: () => {
        for (const { held, lastBeatMs } of taken) held.isDirty = held.lastBeatMs !== lastBeatMs;
      },
    };
  }

  all(): readonly HeldSession[] {
    return [...this.#held.values()];
  }
}

function toRow(held: HeldSession, nowMs: number): BeatRow {
  return {
    namespace: held.namespace,
    name: held.name,
    ageMs: nowMs - held.lastBeatMs,
    servedHash: held.beat?.servedHash ?? '',
    rssBytes: held.beat?.rssBytes ?? 0,
    cpuCores: held.cpuCores,
    openConnections: held.beat?.openConnections ?? 0,
    nack: held.nack,
    certificateNotAfterMs: held.certificateNotAfterMs,
    protection: jsonOf(held.beat?.protection),
  };
}

function jsonOf(protection: ReportedProtection | undefined): string | null {
  if (protection === undefined) return null;
  const { breakers, ejected, overloads } = protection;
  return breakers.length + ejected.length + overloads.length === 0 ? null : JSON.stringify(protection);
}
