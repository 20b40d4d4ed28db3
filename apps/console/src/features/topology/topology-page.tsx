'use client';
// What talks to what, and where does it hurt? The graph, or the same as a table, with what is selected beside it.
import { Download, EyeOff, Search, Table2, Workflow } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { LazyGraphCanvas } from '#components/graph/lazy-graph-canvas.tsx';
import { Button, IconButton } from '#components/ui/button.tsx';
import { Segment } from '#components/ui/choice.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Menu, MenuCheck, MenuLabel } from '#components/ui/menu.tsx';
import { Empty } from '#components/ui/states.tsx';
import { useScope, useViewParameter } from '#features/scope/index.ts';
import { type Standing, useStanding } from '#features/standing/index.ts';
import { count, plural } from '#format/number.ts';
import type { Topology, TopologyView } from '#trpc/contract.ts';
import { graphDataOf, type LabelPart } from './graph-content.tsx';
import { Legend } from './legend.tsx';
import { type Marks, marksOf, NO_MARKS } from './marks.ts';
import { QueryField } from './query-field.tsx';
import { type SearchResult, searchTopology, unconnected } from './search.ts';
import { SidePanel } from './side-panel.tsx';
import { TimelineBar } from './timeline-bar.tsx';
import { TopologyTable } from './topology-table.tsx';
import { useTimeline } from './use-timeline.ts';
import { useTopology } from './use-topology.ts';

const VIEWS: readonly { readonly value: TopologyView; readonly label: string }[] = [
  { value: 'service', label: 'Services' },
  { value: 'version', label: 'Versions' },
  { value: 'workload', label: 'Workloads' },
];

const PARTS: readonly { readonly value: LabelPart; readonly label: string }[] = [
  { value: 'protocol', label: 'protocol' },
  { value: 'rate', label: 'rate' },
  { value: 'p50', label: 'p50' },
  { value: 'p95', label: 'p95' },
  { value: 'p99', label: 'p99' },
  { value: 'errors', label: 'errors' },
  { value: 'share', label: '% of the split' },
];
const DEFAULT_PARTS = 'protocol,rate,p95,errors';

function readView(text: string): TopologyView {
  return VIEWS.find((view) => view.value === text)?.value ?? 'service';
}

function LabelMenu({
  parts,
  onChange,
}: {
  readonly parts: ReadonlySet<LabelPart>;
  readonly onChange: (parts: string) => void;
}) {
  const shown = PARTS.filter((part) => parts.has(part.value));
  return (
    <Menu
      align="start"
      trigger={
        <Button>
          <span className="text-t3">Labels</span>
          {shown.length === 0 ? 'none' : shown.map((part) => part.label).join(', ')}
        </Button>
      }
    >
      <MenuLabel>On each call</MenuLabel>
      {PARTS.map((part) => (
        <MenuCheck
          key={part.value}
          checked={parts.has(part.value)}
          onChange={(isOn) =>
            onChange(
              PARTS.filter(({ value }) => (value === part.value ? isOn : parts.has(value)))
                .map(({ value }) => value)
                .join(',') || 'none',
            )
          }
        >
          {part.label}
        </MenuCheck>
      ))}
    </Menu>
  );
}

function saveAsJson(topology: Topology): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(topology, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'topology.json';
  link.click();
  URL.revokeObjectURL(url);
}

function inTwoWords(counts: { readonly nodes: number; readonly edges: number }): string {
  if (counts.edges === 0 && counts.nodes > 0) return plural(counts.nodes, 'node');
  return plural(counts.edges, 'edge');
}

/** The parts of it that mark the graph stay the same objects while nothing opens or closes: times in it do not count. */
function useMarks(topology: Topology | undefined, standing: Standing | undefined): Marks {
  const breakers = standing?.breakers;
  const ejected = standing?.ejected;
  return useMemo(() => {
    if (topology === undefined) return NO_MARKS;
    return marksOf(topology, breakers === undefined || ejected === undefined ? undefined : { breakers, ejected });
  }, [topology, breakers, ejected]);
}

function useSearch(topology: Topology | undefined, marks: Marks) {
  const [find, setFind] = useViewParameter('find');
  const [hide, setHide] = useViewParameter('hide');
  const result = useMemo(
    (): SearchResult | undefined =>
      topology === undefined ? undefined : searchTopology(topology, { find, hide, marks }),
    [topology, find, hide, marks],
  );
  return { find, setFind, hide, setHide, result };
}

export function TopologyPage() {
  const scope = useScope();
  const [viewText, setView] = useViewParameter('view', 'service');
  const [shape, setShape] = useViewParameter('as', 'graph');
  const [selected, setSelected] = useViewParameter('select');
  const [partsText, setParts] = useViewParameter('labels', DEFAULT_PARTS);
  const [hovered, setHovered] = useState<string | null>(null);
  const view = readView(viewText);
  const timeline = useTimeline();
  const query = useTopology(view, timeline.slice);
  const isNow = scope.isLive && timeline.slice === undefined;
  const standing = useStanding(isNow).data;
  const marks = useMarks(query.data, isNow ? standing : undefined);
  const { find, setFind, hide, setHide, result } = useSearch(query.data, marks);
  const parts = useMemo(
    () => new Set(PARTS.flatMap(({ value }) => (partsText.split(',').includes(value) ? [value] : []))),
    [partsText],
  );
  const data = useMemo(
    () => (result === undefined ? undefined : graphDataOf(result.topology, parts, marks)),
    [result, parts, marks],
  );
  const dimmed = useMemo(() => {
    if (result === undefined) return undefined;
    return hovered === null ? result.dimmed : unconnected(result.topology, hovered);
  }, [result, hovered]);
  const select = useCallback((id: string | null) => setSelected(id ?? ''), [setSelected]);
  const total = query.data;

  return (
    <div className="flex h-full min-h-0 flex-col">
      <h1 className="sr-only">Topology</h1>
      <div className="flex h-11 shrink-0 items-center gap-2 border-line border-b bg-panel px-4">
        <QueryField
          label="Find"
          icon={<Search aria-hidden="true" strokeWidth={1.75} />}
          placeholder="errors > 1%"
          value={find}
          error={result?.findError}
          result={result?.found === undefined ? undefined : inTwoWords(result.found)}
          tone={undefined}
          isPageSearch
          onChange={setFind}
        />
        <QueryField
          label="Hide"
          icon={<EyeOff aria-hidden="true" strokeWidth={1.75} />}
          placeholder="rps < 1"
          value={hide}
          error={result?.hideError}
          result={hide === '' || result === undefined ? undefined : inTwoWords(result.hidden)}
          tone={undefined}
          onChange={setHide}
        />
        <Segment label="What a node stands for" value={view} options={VIEWS} onChange={setView} />
        <LabelMenu parts={parts} onChange={setParts} />
        <span className="flex-1" />
        {result !== undefined && total !== undefined && (
          <span className="whitespace-nowrap text-12 text-t2 max-[1359px]:hidden">
            {plural(result.topology.nodes.length, 'node')} ·{' '}
            {result.hidden.edges > 0
              ? `${count(result.topology.edges.length)} of ${plural(total.edges.length, 'edge')}`
              : plural(total.edges.length, 'edge')}
          </span>
        )}
        <Segment
          label="Show as"
          value={shape}
          onChange={setShape}
          options={[
            {
              value: 'graph',
              name: 'Graph',
              label: (
                <>
                  <Workflow aria-hidden="true" strokeWidth={1.75} /> Graph
                </>
              ),
            },
            {
              value: 'table',
              name: 'Table',
              label: (
                <>
                  <Table2 aria-hidden="true" strokeWidth={1.75} /> Table
                </>
              ),
            },
          ]}
        />
        <IconButton
          label="Save as JSON"
          disabled={result === undefined}
          onClick={() => result && saveAsJson(result.topology)}
        >
          <Download aria-hidden="true" strokeWidth={1.75} />
        </IconButton>
      </div>
      <div
        className={`grid min-h-0 flex-1 ${selected === '' ? 'grid-cols-1' : 'grid-cols-[minmax(0,1fr)_344px] max-[1359px]:grid-cols-[minmax(0,1fr)_316px]'}`}
      >
        <div className="relative min-h-0 min-w-0">
          {query.data === undefined && query.isError && (
            <QueryFailure what="The topology" error={query.error} onRetry={() => void query.refetch()} />
          )}
          {data !== undefined && data.nodes.length === 0 && (
            <div className="graph-stage grid size-full place-items-center">
              <Empty
                icon={<Workflow aria-hidden="true" size={18} />}
                title={hide === '' ? 'Nothing talks here yet' : 'Everything is hidden'}
              >
                {hide === ''
                  ? 'As soon as a service in these namespaces is called, it stands here. Look at a longer time, or at all namespaces.'
                  : 'Hide takes away every node; clear it to see them again.'}
              </Empty>
            </div>
          )}
          {data === undefined && !query.isError && (
            <div role="status" className="graph-stage grid size-full place-items-center text-12 text-t3">
              Asking who talks to whom
            </div>
          )}
          {data !== undefined &&
            result !== undefined &&
            data.nodes.length > 0 &&
            (shape === 'table' ? (
              <TopologyTable
                topology={result.topology}
                selected={selected || null}
                dimmed={result.dimmed}
                onSelect={select}
              />
            ) : (
              <>
                <LazyGraphCanvas
                  label="Graph of calls"
                  data={data}
                  viewKey={`${view}|${scope.namespaces.join()}|${hide}`}
                  selected={selected || null}
                  dimmed={dimmed}
                  onSelect={select}
                  onHover={setHovered}
                />
                <Legend />
              </>
            ))}
        </div>
        {selected !== '' && result !== undefined && (
          <SidePanel
            topology={result.topology}
            standing={isNow ? standing : undefined}
            selected={selected}
            onClose={() => select(null)}
          />
        )}
      </div>
      <TimelineBar timeline={timeline} />
    </div>
  );
}
