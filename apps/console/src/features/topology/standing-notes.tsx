// What protection does now to what is selected on the graph, and the way to its page.
import { Note } from '#components/ui/states.tsx';
import { ScopedLink } from '#features/scope/index.ts';
import {
  breakerInWords,
  breakersOn,
  type CallStanding,
  ejectedOn,
  ejectionInWords,
  type Standing,
} from '#features/standing/index.ts';
import type { TopologyEdge, TopologyNode } from '#trpc/contract.ts';
import { standingOfEdge } from './marks.ts';

export interface StandingOfCallProps {
  readonly edge: TopologyEdge;
  readonly nodes: ReadonlyMap<string, TopologyNode>;
  readonly standing: Standing | undefined;
}

export function StandingOfCall({ edge, nodes, standing }: StandingOfCallProps) {
  if (standing === undefined) return null;
  const { breaker, ejected, instances }: CallStanding = standingOfEdge(standing, edge, nodes);
  if (breaker === undefined && ejected === 0) return null;
  return (
    <Note tone={breaker?.state === 'open' ? 'err' : 'warn'} className="mb-2">
      {breaker !== undefined && <p>{breakerInWords(breaker, standing.nowMs)}</p>}
      {ejected > 0 && (
        <p>
          {ejected} of {instances} instances get no requests of this caller.
        </p>
      )}
      <ScopedLink href={`/resilience?select=${encodeURIComponent(edge.id)}`} className="link">
        What protects this call
      </ScopedLink>
    </Note>
  );
}

export function StandingOfNode({
  node,
  standing,
}: Pick<StandingOfCallProps, 'standing'> & { readonly node: TopologyNode }) {
  if (standing === undefined) return null;
  const place = { namespace: node.namespace, name: node.service, version: node.version, workload: node.workload };
  const breakers = breakersOn(standing, place);
  const ejected = ejectedOn(standing, place);
  if (breakers.length + ejected.length === 0) return null;
  return (
    <Note tone={breakers.some(({ state }) => state === 'open') ? 'err' : 'warn'} className="mb-2">
      {breakers.map((breaker) => (
        <p key={`${breaker.caller.namespace}/${breaker.caller.name} ${breaker.version} ${breaker.rule ?? ''}`}>
          <span className="mono">{breaker.caller.name}</span>: {breakerInWords(breaker, standing.nowMs)}
        </p>
      ))}
      {ejected.map((ejection) => (
        <p key={ejection.workload}>
          <span className="mono">{ejection.workload.split('/')[1]}</span>: {ejectionInWords(ejection, standing.nowMs)}
        </p>
      ))}
      <ScopedLink href="/resilience" className="link">
        Resilience
      </ScopedLink>
    </Note>
  );
}
