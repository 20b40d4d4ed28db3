// Load balancers: one interface for every way to pick. Around the picking: levels of priority, endpoints that are not
// available, endpoints that an earlier attempt tried, slow start; and the state of endpoints, kept over updates.
import { BalancedEndpoint } from './balanced-endpoint.ts';
import { LeastConnectionPicker } from './balancer-least-connection.ts';
import { LeastRequestPicker } from './balancer-least-request.ts';
import { Level, loadsOf } from './balancer-levels.ts';
import { MaglevPicker } from './balancer-maglev.ts';
import { PeakEwmaPicker } from './balancer-peak-ewma.ts';
import type { Picker } from './balancer-picker.ts';
import { RandomPicker } from './balancer-random.ts';
import { RingHashPicker } from './balancer-ring-hash.ts';
import { RoundRobinPicker } from './balancer-round-robin.ts';
import type { ClusterEndpoints, Endpoint, LoadBalancerConfig } from './config.ts';
import { NO_HASH } from './hash-key.ts';
import type { Random } from './request-view.ts';
import type { WeightTable } from './weight-table.ts';

export { BalancedEndpoint };

export interface Balancer {
  /** Takes a new list; an endpoint of the same workload keeps what is known of it. */
  update(endpoints: ClusterEndpoints['endpoints']): void;
  /**
   * The next endpoint; undefined when the list is empty. `hash`: of the request's key. `avoid`: endpoints that were tried;
   * they, and those that are not available, are picked only when there is no other: a guess is better than a sure failure.
   */
  pick(hash?: number, avoid?: readonly BalancedEndpoint[]): BalancedEndpoint | undefined;
  /** Ejected, or failing its health checks; and back. */
  setAvailable(item: BalancedEndpoint, isAvailable: boolean): void;
  /** The probation of an endpoint began or ended: within it, it gets one request at a time. */
  probationChanged(): void;
  /** The endpoint of a workload. */
  find(workload: string): BalancedEndpoint | undefined;
  /** The endpoint of a session, while it may be called. */
  findSession(token: string): BalancedEndpoint | undefined;
  /** Endpoints that the control plane holds for healthy, in order. */
  readonly endpoints: readonly BalancedEndpoint[];
  readonly availableCount: number;
  /** Some level uses endpoints that are not available, because too few are. */
  readonly isPanicking: boolean;
}

export interface BalancerEnvironment {
  readonly random: Random;
  readonly monotonic: () => number;
}

/** `former`: the balancer that this one takes the place of; its endpoints are the same objects in the next list. */
export function createBalancer(
  config: LoadBalancerConfig,
  environment: BalancerEnvironment,
  former?: Balancer,
): Balancer {
  return new EndpointBalancer(config, environment, former?.endpoints ?? []);
}

export function isHashing({ type }: LoadBalancerConfig): boolean {
  return type === 'RingHash' || type === 'Maglev';
}

function pickerOf({ type, tableSize }: LoadBalancerConfig, { random, monotonic }: BalancerEnvironment): Picker {
  switch (type) {
    case 'RoundRobin':
      return new RoundRobinPicker(random);
    case 'LeastRequest':
      return new LeastRequestPicker(random);
    case 'LeastConnection':
      return new LeastConnectionPicker(random);
    case 'Random':
      return new RandomPicker(random);
    case 'RingHash':
      return new RingHashPicker(random);
    case 'Maglev':
      return new MaglevPicker(random, tableSize);
    case 'PeakEwma':
      return new PeakEwmaPicker(random, monotonic);
  }
}

/** Share of a whole one that an endpoint has at the begin of its slow start. */
const SLOW_START_SHARE_MIN = 0.1;
/** Picks that may fall on endpoints whose turn it is not yet; when all are new, one of them must do. */
const SLOW_START_DRAWS_MAX = 4;

class EndpointBalancer implements Balancer {
  readonly #config: LoadBalancerConfig;
  readonly #environment: BalancerEnvironment;
  readonly #slowStartMs: number;
  #endpoints: readonly BalancedEndpoint[] = [];
  #byWorkload = new Map<string, BalancedEndpoint>();
  #levels: readonly Level[] = [];
  #loads: WeightTable | undefined;
  /** Until then some endpoint is in its slow start. */
  #slowUntilMs = Number.NEGATIVE_INFINITY;
  #isComplete = true;
  #isFirst = true;
  /** Of the pick in progress. */
  #avoided: readonly BalancedEndpoint[] | undefined;

  constructor(config: LoadBalancerConfig, environment: BalancerEnvironment, known: readonly BalancedEndpoint[]) {
    this.#byWorkload = new Map(known.map((item) => [item.endpoint.workload, item]));
    this.#config = config;
    this.#environment = environment;
    this.#slowStartMs = isHashing(config) ? 0 : (config.slowStartMs ?? 0);
  }

  get endpoints(): readonly BalancedEndpoint[] {
    return this.#endpoints;
  }

  get availableCount(): number {
    return this.#levels.reduce((sum, { available }) => sum + available, 0);
  }

  get isPanicking(): boolean {
    return this.#levels.some(({ isPanicking }) => isPanicking);
  }

  find(workload: string): BalancedEndpoint | undefined {
    return this.#byWorkload.get(workload);
  }

  findSession(token: string): BalancedEndpoint | undefined {
    for (const item of this.#endpoints) if (item.isAvailable && item.sessionToken === token) return item;
    return undefined;
  }

  update(endpoints: readonly Endpoint[]): void {
    const joinedMs = this.#joinedMs();
    const byWorkload = new Map<string, BalancedEndpoint>();
    for (const endpoint of endpoints) {
      if (!endpoint.healthy || byWorkload.has(endpoint.workload)) continue;
      const known = this.#byWorkload.get(endpoint.workload);
      if (known !== undefined) known.endpoint = endpoint;
      else if (joinedMs > 0) this.#slowUntilMs = joinedMs + this.#slowStartMs;
      byWorkload.set(endpoint.workload, known ?? new BalancedEndpoint(endpoint, joinedMs));
    }
    this.#byWorkload = byWorkload;
    this.#endpoints = [...byWorkload.values()];
    this.#isFirst = false;
    this.#updateLevels();
  }

  setAvailable(item: BalancedEndpoint, isAvailable: boolean): void {
    if (item.isAvailable === isAvailable) return;
    item.isAvailable = isAvailable;
    if (this.#byWorkload.get(item.endpoint.workload) === item) this.#weigh();
  }

  probationChanged(): void {
    this.#weigh();
  }

  pick(hash = NO_HASH, avoid?: readonly BalancedEndpoint[]): BalancedEndpoint | undefined {
    const first = this.#levels[0];
    if (this.#loads === undefined || first === undefined) return undefined;
    const draw = this.#levels.length === 1 ? 0 : this.#loads.at(this.#drawOf(hash));
    const level = this.#levels[draw] ?? first;
    if (avoid === undefined && this.#isComplete) return this.#pickIn(level, hash);
    this.#avoided = avoid;
    let picked = this.#pickIn(level, hash);
    for (let index = 0; picked === undefined && index < this.#levels.length; index++) {
      const other = this.#levels[index];
      if (other !== undefined && other !== level) picked = this.#pickIn(other, hash);
    }
    this.#avoided = undefined;
    // What is left has been tried: once more, then, but still where something is available.
    return picked ?? this.#pickIn(level, hash) ?? level.picker.pick(hash);
  }

  #pickIn(level: Level, hash: number): BalancedEndpoint | undefined {
    const isRestricted = this.#avoided !== undefined || (level.isRestricted && !level.isPanicking);
    const exclude = isRestricted ? (level.isPanicking ? this.#isAvoided : this.#isExcluded) : undefined;
    const picked = level.picker.pick(hash, exclude);
    if (picked === undefined || this.#slowUntilMs === Number.NEGATIVE_INFINITY) return picked;
    return this.#afterSlowStart(level, hash, exclude, picked);
  }

  /** An endpoint in its slow start keeps a pick with the chance that it has by now; else the pick is made again. */
  #afterSlowStart(
    level: Level,
    hash: number,
    exclude: ((item: BalancedEndpoint) => boolean) | undefined,
    first: BalancedEndpoint,
  ): BalancedEndpoint {
    const nowMs = this.#environment.monotonic();
    if (nowMs >= this.#slowUntilMs) {
      this.#slowUntilMs = Number.NEGATIVE_INFINITY;
      return first;
    }
    let picked = first;
    for (let draws = 1; draws < SLOW_START_DRAWS_MAX; draws++) {
      const share = (nowMs - picked.joinedMs) / this.#slowStartMs;
      if (share >= 1 || this.#environment.random() < Math.max(SLOW_START_SHARE_MIN, share)) return picked;
      picked = level.picker.pick(hash, exclude) ?? picked;
    }
    return picked;
  }

  readonly #isAvoided = (item: BalancedEndpoint): boolean => this.#avoided?.includes(item) === true;

  readonly #isExcluded = (item: BalancedEndpoint): boolean =>
    !item.isAvailable || (item.health.isProbing && item.active > 0) || this.#isAvoided(item);

  /** A key keeps its level as long as the loads stay. */
  #drawOf(hash: number): number {
    return hash === NO_HASH ? this.#environment.random() : hash / 2 ** 32;
  }

  /** Endpoints of the first list begin together: none of them is new beside the others. */
  #joinedMs(): number {
    const isSlow = this.#slowStartMs > 0 && !this.#isFirst;
    return isSlow ? this.#environment.monotonic() : Number.NEGATIVE_INFINITY;
  }

  #updateLevels(): void {
    const byPriority = new Map<number, BalancedEndpoint[]>();
    for (const item of this.#endpoints) {
      const { priority = 0 } = item.endpoint;
      const list = byPriority.get(priority);
      if (list === undefined) byPriority.set(priority, [item]);
      else list.push(item);
    }
    this.#levels = [...byPriority.keys()]
      .sort((a, b) => a - b)
      .map((priority) => {
        const known = this.#levels.find((level) => level.priority === priority);
        const level = known ?? new Level(priority, pickerOf(this.#config, this.#environment));
        level.update(byPriority.get(priority) ?? []);
        return level;
      });
    this.#weigh();
  }

  #weigh(): void {
    this.#loads = this.#levels.length === 0 ? undefined : loadsOf(this.#levels, this.#config.panicPercent ?? 0);
    this.#isComplete = this.#levels.every(({ isRestricted }) => !isRestricted);
  }
}
