// What protects each call of the story of the fixtures: ledger's two attempts do not fit, the rest has the defaults.
import type { TopologyEdge, TopologyNode } from '../../src/trpc/contract.ts';

const DEFAULTS = { attempts: 2, backoffBaseMs: 25, backoffMaxMs: 250, budgetPercent: 20, budgetMinConcurrent: 3 };
const LIMITS = { maxConnections: 1_024, maxPending: 1_024, maxRequests: 1_024 };

export interface Graph {
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
}

export function protectedEdges({ nodes, edges }: Graph) {
  const byId = new Map(nodes.map((node) => [node.id, { namespace: node.namespace, name: node.service }]));
  return edges.flatMap(({ id, source: from, target: to, golden }) => {
    const [source, target] = [byId.get(from), byId.get(to)];
    if (source === undefined || target === undefined) return [];
    const isTight = source.name === 'ledger' && golden.errorRate > 0.01;
    const { requestsPerSecond, errorRate, retriesPerSecond } = golden;
    return {
      ...{ id, source, target, requestsPerSecond, errorRate, retriesPerSecond },
      protection: {
        connectTimeoutMs: isTight ? 1_000 : 5_000,
        limits: LIMITS,
        outlierDetection: null,
        rule: {
          rule: `${target.namespace}/${target.name}/default`,
          requestTimeoutMs: isTight ? 2_000 : 15_000,
          attemptTimeoutMs: isTight ? 1_000 : 0,
          retry: isTight ? { ...DEFAULTS, attempts: 1 } : DEFAULTS,
        },
        differing: 0,
      },
      budgetUsed: requestsPerSecond === 0 ? 0 : retriesPerSecond / (requestsPerSecond * 0.2),
      ...{ refusedPerSecond: 0, exhaustedPerSecond: 0, limitedPerSecond: 0, shedPerSecond: 0 },
      timedOutPerSecond: isTight ? golden.failedPerSecond : 0,
      concerns: isTight ? ['attempts-do-not-fit', 'times-out'] : [],
    };
  });
}

/** The canary of the story: a part of v1's calls to v2. */
export function impact() {
  return {
    ...{ seconds: 300, requests: 55_200, samples: 400, movedShare: 0.031, movedPerMinute: 342 },
    ...{ deniedPerMinute: 0, unmatchedPerMinute: 0, unjudgedShare: 0 },
    targets: [
      { name: 'v1', now: 0.603, after: 0.577 },
      { name: 'v2', now: 0.298, after: 0.329 },
      { name: 'v3', now: 0.099, after: 0.094 },
    ],
    callers: [{ namespace: 'bookstore', name: 'frontend', perMinute: 11_040, movedPerMinute: 342 }],
  };
}
