// How a service and a call look on the graph: the topology as data for the graph component.
import {
  Box,
  CircleMinus,
  Copy,
  Gauge,
  Globe,
  GlobeLock,
  Lock,
  LockOpen,
  type LucideIcon,
  Split,
  Zap,
  ZapOff,
} from 'lucide-react';
import type { GraphData, GraphEdge, GraphNode } from '#components/graph/model.ts';
import { seriesColour } from '#components/ui/series-colour.ts';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { duration, inWords, percent, rateShort } from '#format/number.ts';
import type { NodeBadge, Topology, TopologyEdge, TopologyNode } from '#trpc/contract.ts';
import { isFailing, nameOf, nodesById, protocolInWords, protocolName } from './facts.ts';
import type { Mark, Marks } from './marks.ts';

export type LabelPart = 'protocol' | 'rate' | 'p50' | 'p95' | 'p99' | 'errors' | 'share';

const HEAD = 44;
const VERSION_ROW = 24;
const WIDTH = { plain: 148, versions: 208 };
const CHARACTER = 7.6;
/** Border and padding of a label, left and right. */
const LABEL_EDGE = 14;

/** Width of the icon of a mark in a label, with its gap. */
const MARK = 16;

interface BadgeLook {
  readonly icon: LucideIcon;
  readonly name: string;
}

const badgeIcons: Record<Exclude<NodeBadge, 'canary'>, BadgeLook> = {
  route: { icon: Split, name: 'route rules' },
  fault: { icon: Zap, name: 'a fault is injected' },
  mirror: { icon: Copy, name: 'traffic is mirrored' },
};

/** What protection does now stands out from what is configured. */
const markLooks: Record<Mark, BadgeLook & { readonly className: string }> = {
  breaker: { icon: ZapOff, name: 'a breaker is open', className: 'text-err-text' },
  'half-open': { icon: ZapOff, name: 'a breaker is half-open', className: 'text-warn-text' },
  ejected: { icon: CircleMinus, name: 'instances are ejected', className: 'text-warn-text' },
  limited: { icon: Gauge, name: 'requests are limited', className: 'text-warn-text' },
};

export const legendBadges: readonly BadgeLook[] = [
  ...Object.values(badgeIcons),
  markLooks.breaker,
  markLooks.ejected,
  markLooks.limited,
];

function Versions({ node }: { readonly node: TopologyNode }) {
  return (
    <div className="border-line border-t py-[3px]">
      {node.versions.map((version, index) => (
        <div
          key={version.name}
          className="grid h-6 grid-cols-[26px_minmax(0,1fr)_46px_38px] items-center gap-x-1.5 px-3 text-11"
        >
          <span className="mono truncate text-t1">{version.name}</span>
          <span className="h-1.5 overflow-hidden rounded-full bg-(--bg-pressed)">
            <span
              className="block h-full rounded-full"
              style={{
                width: `${version.share * 100}%`,
                background: seriesColour(index),
                transition: 'width var(--m-settle) var(--ease-settle)',
              }}
            />
          </span>
          <span className="live-figure text-right text-t1">{inWords(percent(version.share, 1))}</span>
          <span className="live-figure text-right text-t3">{rateShort(version.requestsPerSecond)}/s</span>
        </div>
      ))}
    </div>
  );
}

interface BadgesProps {
  readonly badges: readonly NodeBadge[];
  readonly marks: readonly Mark[];
}

function Badges({ badges, marks }: BadgesProps) {
  const configured = badges.flatMap((badge) =>
    badge === 'canary' ? [] : [{ ...badgeIcons[badge], className: 'text-t2' }],
  );
  const shown = [...marks.map((mark) => markLooks[mark]), ...configured];
  if (shown.length === 0) return null;
  return (
    <span className="absolute -top-2.5 right-2 flex gap-1">
      {shown.map(({ icon: Icon, name, className }) => (
        <span
          key={name}
          title={name}
          className={`grid h-[18px] w-5 place-items-center rounded-[5px] border border-control bg-panel ${className}`}
        >
          <Icon aria-hidden="true" size={12} strokeWidth={2} />
        </span>
      ))}
    </span>
  );
}

function isSplit(node: TopologyNode): boolean {
  return node.versions.length > 1;
}

function underName(node: TopologyNode): string {
  if (node.kind === 'external') return `external · ${inWords(percent(node.errorRate))} errors`;
  if (node.kind === 'unmeshed') return 'not in the mesh';
  if (node.requestsPerSecond === 0) return 'no requests';
  return `${rateShort(node.requestsPerSecond)}/s · ${inWords(percent(node.errorRate))}`;
}

function NodeContent({ node, marks }: { readonly node: TopologyNode; readonly marks: readonly Mark[] }) {
  return (
    <>
      <Badges badges={node.badges} marks={marks} />
      <span
        className={`grid grid-cols-[12px_minmax(0,1fr)] items-center gap-x-2 px-3 ${isSplit(node) ? 'h-9' : 'h-full content-center'}`}
      >
        <StatusShape tone={node.health} label="" />
        <span className="mono truncate text-[12.5px] font-medium text-t0">{nameOf(node)}</span>
        {!isSplit(node) && <span className="live-figure col-start-2 truncate text-11 text-t2">{underName(node)}</span>}
      </span>
      {isSplit(node) && <Versions node={node} />}
    </>
  );
}

/** For the spoken name: `, a breaker is open`. */
function inSpokenWords(marks: readonly Mark[]): string {
  return marks.map((mark) => `, ${markLooks[mark].name}`).join('');
}

function graphNode(node: TopologyNode, marks: readonly Mark[]): GraphNode {
  const name = nameOf(node);
  const split = isSplit(node);
  const least = split ? WIDTH.versions : WIDTH.plain;
  return {
    id: node.id,
    group: node.kind === 'external' || node.namespace === '' ? null : node.namespace,
    width: Math.max(least, Math.min(280, Math.ceil(name.length * CHARACTER) + 48)),
    height: split ? 37 + 7 + node.versions.length * VERSION_ROW : HEAD,
    name: `${node.namespace === '' ? '' : `${node.namespace}/`}${name}, ${node.health === 'ok' ? 'healthy' : node.health === 'warn' ? 'degraded' : node.health === 'err' ? 'failing' : 'state unknown'}, ${underName(node)}${inSpokenWords(marks)}`,
    content: <NodeContent node={node} marks={marks} />,
    tone: node.health === 'err' ? 'err' : node.health === 'warn' ? 'warn' : 'neutral',
    isDashed: node.kind !== 'service',
  };
}

/** 1.5 px at a request a second, 3 at a hundred, 5 from four hundred on. */
export function strokeOf(requestsPerSecond: number): number {
  if (requestsPerSecond <= 1) return 1.5;
  return Math.min(5, 1.5 + Math.log10(requestsPerSecond) * 0.85 + Math.max(0, requestsPerSecond - 100) / 300);
}

export function LockMark({
  edge,
  isExternal,
  size = 10,
}: {
  readonly edge: TopologyEdge;
  readonly isExternal: boolean;
  readonly size?: number;
}) {
  if (isExternal) {
    const Icon = edge.protocol.toLowerCase().includes('tls') ? GlobeLock : Globe;
    return <Icon role="img" aria-label="outside the mesh" size={size} strokeWidth={2} />;
  }
  if (edge.mtls) return <Lock role="img" aria-label="mutual TLS" size={size} strokeWidth={2} />;
  return <LockOpen role="img" aria-label="plain text" size={size} strokeWidth={2} className="text-warn-text" />;
}

interface EdgeContentProps {
  readonly edge: TopologyEdge;
  readonly isExternal: boolean;
  readonly parts: ReadonlySet<LabelPart>;
  readonly marks: readonly Mark[];
}

function EdgeContent({ edge, isExternal, parts, marks }: EdgeContentProps) {
  const { golden } = edge;
  const failing = isFailing(edge);
  const latencies = (['p50', 'p95', 'p99'] as const).filter((part) => parts.has(part));
  const values = { p50: golden.p50Ms, p95: golden.p95Ms, p99: golden.p99Ms };
  return (
    <>
      <span className="flex items-center justify-center gap-1 whitespace-nowrap text-t2">
        <LockMark edge={edge} isExternal={isExternal} />
        {marks.map((mark) => {
          const { icon: Icon, name, className } = markLooks[mark];
          return <Icon key={mark} role="img" aria-label={name} size={12} strokeWidth={2} className={className} />;
        })}
        {parts.has('rate') && (
          <b className="live-figure text-12 leading-[14px] font-semi text-t0">
            {rateShort(golden.requestsPerSecond)}/s
          </b>
        )}
        {parts.has('share') && edge.share !== null && (
          <span className="text-11 leading-[14px] text-t2">{inWords(percent(edge.share, 1))}</span>
        )}
        {parts.has('protocol') && (
          <span className="text-11 leading-[14px] text-t3">
            {protocolName(edge.protocol)}
            {edge.protocols.length > 1 && ` +${edge.protocols.length - 1}`}
          </span>
        )}
      </span>
      {(latencies.length > 0 || parts.has('errors')) && (
        <span className="live-figure flex items-center justify-center gap-1 whitespace-nowrap text-11 leading-[14px] text-t2">
          {failing && <StatusShape tone="err" size={9} label="" />}
          {latencies.map((part) => inWords(duration(values[part]))).join(' · ')}
          {latencies.length > 0 && parts.has('errors') && ' · '}
          {parts.has('errors') && (
            <span className={failing ? 'font-semi text-err-text' : ''}>{inWords(percent(golden.errorRate))}</span>
          )}
        </span>
      )}
    </>
  );
}

export function edgeInWords(edge: TopologyEdge, nodes: ReadonlyMap<string, TopologyNode>): string {
  const source = nodes.get(edge.source);
  const target = nodes.get(edge.target);
  const names = `${source === undefined ? edge.source : nameOf(source)} to ${target === undefined ? edge.target : nameOf(target)}`;
  const { golden } = edge;
  return `${names}: ${rateShort(golden.requestsPerSecond)} requests a second over ${protocolInWords(edge)}, p95 ${inWords(duration(golden.p95Ms))}, ${inWords(percent(golden.errorRate))} errors`;
}

function graphEdge(
  edge: TopologyEdge,
  nodes: ReadonlyMap<string, TopologyNode>,
  { parts, marks }: { readonly parts: ReadonlySet<LabelPart>; readonly marks: readonly Mark[] },
): GraphEdge {
  const rate = edge.golden.requestsPerSecond;
  const isExternal = nodes.get(edge.target)?.kind === 'external';
  const latencies = (['p50', 'p95', 'p99'] as const).filter((part) => parts.has(part)).length;
  const failing = isFailing(edge);
  const hasSecondLine = latencies > 0 || parts.has('errors');
  const first =
    14 +
    marks.length * MARK +
    (parts.has('rate') ? 40 : 0) +
    (parts.has('share') ? 46 : 0) +
    (parts.has('protocol') ? 46 : 0);
  const second = latencies * 44 + (parts.has('errors') ? 40 : 0) + (failing ? 13 : 0);
  return {
    id: edge.id,
    source: edge.source,
    target: edge.target,
    name: `${edgeInWords(edge, nodes)}${inSpokenWords(marks)}`,
    width: strokeOf(rate),
    isFailing: failing,
    label: <EdgeContent edge={edge} isExternal={isExternal} parts={parts} marks={marks} />,
    labelWidth: LABEL_EDGE + Math.max(first, second),
    labelHeight: hasSecondLine ? 32 : 18,
    dots: rate === 0 ? 0 : Math.min(5, 1 + Math.floor(Math.log10(Math.max(1, rate)) * 1.6)),
    speed: Math.min(0.7, 0.16 + Math.log10(Math.max(1, rate)) * 0.12),
  };
}

export function graphDataOf(topology: Topology, parts: ReadonlySet<LabelPart>, marks: Marks): GraphData {
  const nodes = nodesById(topology);
  const namespaces = [
    ...new Set(
      topology.nodes.flatMap((node) => (node.kind === 'external' || node.namespace === '' ? [] : [node.namespace])),
    ),
  ];
  return {
    nodes: topology.nodes.map((node) => graphNode(node, marks.ofNode(node.id))),
    edges: topology.edges.map((edge) => graphEdge(edge, nodes, { parts, marks: marks.ofEdge(edge.id) })),
    groups: namespaces.map((namespace) => ({
      id: namespace,
      content: (
        <span className="flex items-center gap-1.5 px-3 py-2.5 text-12 font-semi text-t1">
          <Box aria-hidden="true" size={14} strokeWidth={1.75} className="text-t2" />
          {namespace}
        </span>
      ),
    })),
  };
}
