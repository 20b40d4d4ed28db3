// A cluster of the engine side: the balancer and the outlier detection that our proxy has, with a clock that stands still.
import {
  type BalancedEndpoint,
  type Balancer,
  type Cluster,
  type Endpoint,
  OutlierDetector,
  type RequestView,
  requestHash,
} from '@malha/traffic';
import { Breaker } from '@malha/traffic/breaker';
import type { EngineParts } from './engine-parts.ts';

export const NOW_MS = 1_000_000;
export const CALLER_ADDRESS = '127.0.0.1';

export class EngineCluster {
  readonly #cluster: Cluster;
  readonly #balancer: Balancer;
  readonly #detector: OutlierDetector | undefined;
  readonly breaker: Breaker | undefined;

  constructor(cluster: Cluster, endpoints: readonly Endpoint[], parts: EngineParts, random: () => number) {
    this.#cluster = cluster;
    this.#balancer = parts.createBalancer(cluster.loadBalancer, { random, monotonic: () => NOW_MS });
    this.#balancer.update(endpoints);
    const { outlierDetection, breaker } = cluster;
    this.breaker = breaker === undefined ? undefined : new Breaker(breaker);
    this.#detector = outlierDetection === undefined ? undefined : new OutlierDetector(outlierDetection, random);
  }

  pick(request: RequestView, tried: readonly BalancedEndpoint[]): BalancedEndpoint | undefined {
    const { hashKeys } = this.#cluster.loadBalancer;
    const hash = hashKeys === undefined ? undefined : requestHash(hashKeys, request, CALLER_ADDRESS);
    return this.#balancer.pick(hash, tried.length === 0 ? undefined : tried);
  }

  findSession(token: string): BalancedEndpoint | undefined {
    return this.#balancer.findSession(token);
  }

  /** `undefined` = no answer came. */
  ended(item: BalancedEndpoint, status: number | undefined): void {
    const reason = status === undefined ? this.#detector?.failed(item) : this.#detector?.responded(item, status);
    if (reason === undefined || this.#detector?.eject(item, reason, this.#balancer.endpoints, NOW_MS) === undefined)
      return;
    this.#balancer.setAvailable(item, false);
  }
}
