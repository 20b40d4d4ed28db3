// What protects each call that is made, beside what it had to do: retries and their budget, limits that were reached. Pure.
import type { Topology, TopologyEdge } from '../telemetry/index.ts';
import type { Protection, ServiceName } from './protection.ts';

export type Concern =
  | 'attempts-do-not-fit'
  | 'budget-nearly-spent'
  | 'limit-reached'
  | 'times-out'
  | 'retries-exhausted';

export interface ProtectedEdge {
  /** As in the topology. */
  readonly id: string;
  readonly source: ServiceName;
  readonly target: ServiceName;
  readonly protection: Protection;
  readonly requestsPerSecond: number;
  readonly errorRate: number;
  readonly retriesPerSecond: number;
  /** 0..1 and more: retries as a part of what the budget lets through; null without a budget. */
  readonly budgetUsed: number | null;
  /** Requests a second that a limit of connections, pending or active requests refused (UO). */
  readonly refusedPerSecond: number;
  /** That ended with their timeout (UT). */
  readonly timedOutPerSecond: number;
  /** That failed after all attempts (URX). */
  readonly exhaustedPerSecond: number;
  /** That a rate limit answered with 429 (RL). */
  readonly limitedPerSecond: number;
  /** That the callee shed, having more than it can work on (OM). */
  readonly shedPerSecond: number;
  /** Worst first. */
  readonly concerns: readonly Concern[];
}

/** From here on a budget is nearly spent. */
const BUDGET_WARNING = 0.8;
/** Fewer than this share of requests is no pattern. */
const SHARE_LEAST = 0.001;

export function protectedEdges(
  { nodes, edges }: Pick<Topology, 'nodes' | 'edges'>,
  protectionOf: (source: ServiceName, target: ServiceName) => Protection | undefined,
): readonly ProtectedEdge[] {
  const byId = new Map(nodes.map((node) => [node.id, { namespace: node.namespace, name: node.service }]));
  return edges
    .flatMap((edge) => {
      const source = byId.get(edge.source);
      const target = byId.get(edge.target);
      const protection = source && target && protectionOf(source, target);
      return protection === undefined || source === undefined || target === undefined
        ? []
        : [protectedEdge(edge, { source, target, protection })];
    })
    .sort(
      (a, b) =>
        b.concerns.length - a.concerns.length || b.retriesPerSecond - a.retriesPerSecond || (a.id < b.id ? -1 : 1),
    );
}

function protectedEdge(
  { id, golden, flags }: TopologyEdge,
  ends: { readonly source: ServiceName; readonly target: ServiceName; readonly protection: Protection },
): ProtectedEdge {
  const { requestsPerSecond, errorRate, retriesPerSecond } = golden;
  const perSecond = (name: string) => (flags.find(({ flag }) => flag === name)?.share ?? 0) * requestsPerSecond;
  const percent = ends.protection.rule?.retry.budgetPercent ?? 0;
  const allowed = (requestsPerSecond * percent) / 100;
  const edge = {
    ...{ id, ...ends, requestsPerSecond, errorRate, retriesPerSecond },
    budgetUsed: percent === 0 ? null : allowed === 0 ? 0 : retriesPerSecond / allowed,
    refusedPerSecond: perSecond('UO'),
    timedOutPerSecond: perSecond('UT'),
    exhaustedPerSecond: perSecond('URX'),
    limitedPerSecond: perSecond('RL'),
    shedPerSecond: perSecond('OM'),
  };
  return { ...edge, concerns: concernsOf(edge) };
}

function concernsOf(edge: Omit<ProtectedEdge, 'concerns'>): readonly Concern[] {
  const { requestsPerSecond, protection, budgetUsed } = edge;
  const isFrequent = (perSecond: number) => perSecond > requestsPerSecond * SHARE_LEAST;
  const found: [Concern, boolean][] = [
    ['attempts-do-not-fit', protection.rule !== null && !attemptsFit(protection.rule)],
    ['limit-reached', isFrequent(edge.refusedPerSecond)],
    ['retries-exhausted', isFrequent(edge.exhaustedPerSecond)],
    ['times-out', isFrequent(edge.timedOutPerSecond)],
    ['budget-nearly-spent', budgetUsed !== null && budgetUsed >= BUDGET_WARNING],
  ];
  return found.flatMap(([concern, holds]) => (holds ? [concern] : []));
}

/** All attempts at their longest, and the pauses between them, within the time of the request. */
export function attemptsFit({ requestTimeoutMs, attemptTimeoutMs, retry }: NonNullable<Protection['rule']>): boolean {
  if (requestTimeoutMs === 0 || attemptTimeoutMs === 0 || retry.attempts === 0) return true;
  return attemptTimeoutMs * (retry.attempts + 1) + retry.backoffBaseMs * retry.attempts <= requestTimeoutMs;
}
