'use client';
// The same calls as the graph, as rows, with the same selection.
import { Figure } from '#components/ui/figure.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useSteadyOrder } from '#components/ui/use-steady-order.ts';
import { duration, percent, rateShort } from '#format/number.ts';
import type { Topology, TopologyNode } from '#trpc/contract.ts';
import { isFailing, nameOf, nodesById, protocolInWords } from './facts.ts';
import { LockMark } from './graph-content.tsx';

export interface TopologyTableProps {
  readonly topology: Topology;
  readonly selected: string | null;
  readonly dimmed: ReadonlySet<string> | undefined;
  readonly onSelect: (id: string) => void;
}

function NodeName({ node, id }: { readonly node: TopologyNode | undefined; readonly id: string }) {
  if (node === undefined) return <span className="mono">{id}</span>;
  return (
    <span className="mono">
      {node.namespace !== '' && <span className="text-t2">{node.namespace}/</span>}
      {nameOf(node)}
    </span>
  );
}

export function TopologyTable({ topology, selected, dimmed, onSelect }: TopologyTableProps) {
  const nodes = nodesById(topology);
  const edges = [...topology.edges].sort(
    (a, b) => b.golden.errorRate - a.golden.errorRate || b.golden.requestsPerSecond - a.golden.requestsPerSecond,
  );
  const steady = useSteadyOrder(edges, (edge) => edge.id);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section aria-label="Calls" tabIndex={0} className="size-full overflow-auto bg-panel">
      <table className="table" {...steady.hold}>
        <thead className="sticky top-0 bg-panel">
          <tr>
            <th>Caller</th>
            <th>Called</th>
            <th>Secured</th>
            <th>Protocol</th>
            <th className="num">Req/s</th>
            <th className="num">p50</th>
            <th className="num">p95</th>
            <th className="num">p99</th>
            <th className="num">Errors</th>
            <th className="num">Retries/s</th>
            <th>Flags</th>
          </tr>
        </thead>
        <tbody>
          {steady.rows.map((edge) => {
            const failing = isFailing(edge);
            return (
              <tr
                key={edge.id}
                data-href={edge.id}
                aria-selected={edge.id === selected}
                className={dimmed?.has(edge.id) ? 'opacity-40' : ''}
                onClick={() => onSelect(edge.id)}
              >
                <td>
                  <span className="flex items-center gap-2">
                    <StatusShape tone={failing ? 'err' : 'ok'} label={failing ? 'failing' : 'well'} />
                    <button type="button" className="rounded-1" onClick={() => onSelect(edge.id)}>
                      <NodeName node={nodes.get(edge.source)} id={edge.source} />
                    </button>
                  </span>
                </td>
                <td>
                  <NodeName node={nodes.get(edge.target)} id={edge.target} />
                </td>
                <td className="text-t2">
                  <LockMark edge={edge} isExternal={nodes.get(edge.target)?.kind === 'external'} size={12} />
                </td>
                <td className="text-t2">{protocolInWords(edge)}</td>
                <td className="num">{rateShort(edge.golden.requestsPerSecond)}</td>
                <td className="num">
                  <Figure value={duration(edge.golden.p50Ms)} />
                </td>
                <td className="num">
                  <Figure value={duration(edge.golden.p95Ms)} />
                </td>
                <td className="num">
                  <Figure value={duration(edge.golden.p99Ms)} />
                </td>
                <td className={`num ${failing ? 'font-semi text-err-text' : ''}`}>
                  <Figure value={percent(edge.golden.errorRate)} />
                </td>
                <td className="num">{rateShort(edge.golden.retriesPerSecond)}</td>
                <td className="mono text-t2">{edge.flags.map(({ flag }) => flag).join(' ')}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
