// What protects the calls from one service to another: timeouts, retries and limits as the caller's proxy has them. Pure.
import { buildIndex, compile, type World, type WorldIndex } from '@malha/policies';
import type {
  BreakerConfig,
  Cluster,
  ClusterLimits,
  ForwardAction,
  MeshConfig,
  OutlierDetectionConfig,
} from '@malha/traffic';

export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

export interface RetryProtection {
  /** After the first. */
  readonly attempts: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** Percent of active requests that may be retries. */
  readonly budgetPercent: number;
  readonly budgetMinConcurrent: number;
}

/** Of the rule that takes what no other takes; others of the same service may say something else. */
export interface RuleProtection {
  readonly rule: string;
  /** 0 = no limit. */
  readonly requestTimeoutMs: number;
  /** Of one attempt; 0 = as the request. */
  readonly attemptTimeoutMs: number;
  readonly retry: RetryProtection;
  /** By success rate, of this rule alone. */
  readonly breaker: BreakerConfig | null;
}

export interface Protection {
  readonly connectTimeoutMs: number;
  readonly limits: ClusterLimits;
  /** Null = no endpoint is ejected for its answers. */
  readonly outlierDetection: OutlierDetectionConfig | null;
  /** By success rate, of everything that goes to the service; null = none. */
  readonly breaker: BreakerConfig | null;
  /** Null for bytes, where there are no requests. */
  readonly rule: RuleProtection | null;
  /** Rules of the service whose timeouts or retries differ from these. */
  readonly differing: number;
}

/** Answers for one world; what a caller's proxy has is compiled once. */
export class Protections {
  readonly #index: WorldIndex;
  readonly #configs = new Map<string, MeshConfig>();

  constructor(world: World) {
    this.#index = buildIndex(world);
  }

  /** Undefined where the mesh does not carry the call: its caller or its callee is not in it. */
  of(caller: ServiceName, callee: ServiceName): Protection | undefined {
    const config = this.#configOf(caller);
    const cluster = config?.clusters.find(({ name }) => isOf(name, callee));
    if (config === undefined || cluster === undefined) return undefined;
    const rules = rulesOf(config, callee);
    const main = rules.at(-1);
    return {
      ...protectionOf(cluster),
      rule: main ?? null,
      differing: rules.filter((rule) => main !== undefined && !isSame(rule, main)).length,
    };
  }

  /** Whose calls a rule (`<namespace>/<route>/<rule>`) of the caller's table carries. */
  calleeOf(caller: ServiceName, rule: string): ServiceName | undefined {
    const config = this.#configOf(caller);
    const table = config?.routeTables.find(({ name }) => name === config.outbound.routeTable);
    const host = table?.virtualHosts.find(({ routes }) => routes.some(({ name }) => name === rule));
    const [service = ''] = host?.name.split(':') ?? [];
    const dot = service.lastIndexOf('.');
    return dot <= 0 ? undefined : { namespace: service.slice(dot + 1), name: service.slice(0, dot) };
  }

  #configOf(caller: ServiceName): MeshConfig | undefined {
    const key = `${caller.namespace}/${caller.name}`;
    const known = this.#configs.get(key);
    if (known !== undefined) return known;
    const service = this.#index.services.find((candidate) => candidate.key === key);
    const workload = service?.workloads[0] ?? this.#index.linked.workloadsByKey.get(key);
    if (workload === undefined) return undefined;
    const { config } = compile(this.#index, { namespace: workload.namespace, workload: workload.name });
    this.#configs.set(key, config);
    return config;
  }
}

function isOf(cluster: string, { namespace, name }: ServiceName): boolean {
  return cluster.endsWith(`|${name}.${namespace}`);
}

function protectionOf({ connectTimeoutMs, limits, outlierDetection, breaker }: Cluster) {
  return { connectTimeoutMs, limits, outlierDetection: outlierDetection ?? null, breaker: breaker ?? null };
}

/** In order of precedence: the last is the one for everything else. */
function rulesOf({ routeTables, outbound }: MeshConfig, { namespace, name }: ServiceName): readonly RuleProtection[] {
  const table = routeTables.find((candidate) => candidate.name === outbound.routeTable);
  const hosts = table?.virtualHosts.filter((host) => host.name.startsWith(`${name}.${namespace}:`)) ?? [];
  return hosts.flatMap(({ routes }) =>
    routes.flatMap(({ name: rule, action }) => (action.type === 'forward' ? [ruleOf(rule, action)] : [])),
  );
}

function ruleOf(rule: string, action: ForwardAction): RuleProtection {
  const { attempts, backoffBaseMs, backoffMaxMs, budget } = action.retry;
  return {
    rule,
    requestTimeoutMs: action.requestTimeoutMs,
    attemptTimeoutMs: action.backendRequestTimeoutMs,
    breaker: action.breaker ?? null,
    retry: {
      attempts,
      backoffBaseMs,
      backoffMaxMs,
      budgetPercent: budget.percent,
      budgetMinConcurrent: budget.minConcurrent,
    },
  };
}

function isSame(a: RuleProtection, b: RuleProtection): boolean {
  return JSON.stringify({ ...a, rule: '' }) === JSON.stringify({ ...b, rule: '' });
}
