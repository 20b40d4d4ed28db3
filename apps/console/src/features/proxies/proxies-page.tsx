'use client';
// Did my change arrive? Every proxy: what it serves, what it refused, its certificate, what it costs.
import { Box, Cpu, Search, X } from 'lucide-react';
import { Fragment } from 'react';
import { IconButton } from '#components/ui/button.tsx';
import { Segment } from '#components/ui/choice.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { TextField } from '#components/ui/field.tsx';
import { Figure } from '#components/ui/figure.tsx';
import { Empty, Note, SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useSteadyOrder } from '#components/ui/use-steady-order.ts';
import { ScopedLink, useScope, useViewParameter } from '#features/scope/index.ts';
import { bytes, count, inWords, percent, plural } from '#format/number.ts';
import { ago, span } from '#format/time.ts';
import type { ProxyRow } from '#trpc/contract.ts';
import { headlineOf, inMesh, stateOf } from './proxy-words.ts';
import { useProxies } from './use-proxies.ts';

type Filter = 'all' | 'in-sync' | 'behind';
const idOf = (proxy: ProxyRow) => `${proxy.namespace}/${proxy.workload}`;

function certificateLeft(proxy: ProxyRow, nowMs: number): { readonly text: string; readonly isShort: boolean } {
  if (proxy.certificateNotAfterMs === null) return { text: '–', isShort: false };
  const left = proxy.certificateNotAfterMs - nowMs;
  return { text: left <= 0 ? 'ended' : span(left), isShort: left < 3 * 3_600_000 };
}

function Row({
  proxy,
  isSelected,
  nowMs,
  onSelect,
}: {
  readonly proxy: ProxyRow;
  readonly isSelected: boolean;
  readonly nowMs: number;
  readonly onSelect: () => void;
}) {
  const state = stateOf(proxy);
  const certificate = certificateLeft(proxy, nowMs);
  return (
    <tr
      data-href=""
      aria-selected={isSelected}
      data-testid={`proxy-${proxy.namespace}-${proxy.workload}`}
      data-state={proxy.state}
      onClick={onSelect}
    >
      <td>
        <span className="flex items-center gap-2">
          <StatusShape tone={state.tone} label="" />
          <button type="button" className="mono rounded-1 text-t0" onClick={onSelect}>
            {proxy.workload}
          </button>
        </span>
      </td>
      <td className="text-t2">{proxy.model}</td>
      <td className="mono text-t2">{proxy.version}</td>
      <td>
        <span className="mono">{proxy.servedRevision === null ? '–' : `r${proxy.servedRevision}`}</span>
      </td>
      <td
        className={`max-w-80 truncate ${proxy.nack !== null ? 'text-err-text' : 'text-t2'}`}
        title={proxy.nack ?? undefined}
      >
        {state.words}
      </td>
      <td className={`num ${certificate.isShort ? 'font-semi text-warn-text' : ''}`}>{certificate.text}</td>
      <td className="num">{proxy.openConnections === null ? '–' : count(proxy.openConnections)}</td>
      <td className="num">
        <Figure value={percent(proxy.cpuCores, 1)} />
      </td>
      <td className="num">
        <Figure value={bytes(proxy.rssBytes)} />
      </td>
    </tr>
  );
}

function Details({
  proxy,
  nowMs,
  onClose,
}: {
  readonly proxy: ProxyRow;
  readonly nowMs: number;
  readonly onClose: () => void;
}) {
  const state = stateOf(proxy);
  const certificate = certificateLeft(proxy, nowMs);
  const facts: readonly (readonly [string, string])[] = [
    ['Service', `${proxy.namespace}/${proxy.service} ${proxy.version}`],
    ['Address', proxy.address],
    ['Software', proxy.softwareVersion],
    ['Instance', proxy.instanceId],
    ['Session', proxy.connectedAtMs === null ? 'not connected' : span(nowMs - proxy.connectedAtMs)],
    ['Last beat', proxy.lastSeenMs === null ? 'never' : ago(proxy.lastSeenMs, nowMs)],
    ['Certificate', certificate.text === 'ended' ? 'ended' : `${certificate.text} left`],
    ['Memory', inWords(bytes(proxy.rssBytes))],
    ['CPU', inWords(percent(proxy.cpuCores, 1))],
    ['Connections', proxy.openConnections === null ? '–' : count(proxy.openConnections)],
  ];
  return (
    <aside aria-label="Selected proxy" className="flex min-h-0 flex-col border-line border-l bg-panel">
      <div className="flex items-center gap-2 border-line border-b px-4 py-3">
        <StatusShape tone={state.tone} size={14} />
        <h2 className="mono min-w-0 flex-1 truncate text-14 font-semi text-t0">{proxy.workload}</h2>
        <IconButton label="Close" kind="ghost" size="s" onClick={onClose}>
          <X aria-hidden="true" />
        </IconButton>
      </div>
      <div className="grid content-start gap-4 overflow-auto px-4 py-3">
        {proxy.nack !== null && (
          <Note tone="err">
            <b className="font-semi text-t0">It refused an object and keeps what it had.</b> {proxy.nack}
          </Note>
        )}
        <p className="text-12 text-t2">
          <b className="font-medium text-t0">
            {proxy.servedRevision === null ? 'It serves no revision yet' : `It serves r${proxy.servedRevision}`}
          </b>
          , {state.words}.
        </p>
        <dl className="grid grid-cols-[88px_minmax(0,1fr)] gap-x-3 gap-y-1.5 text-12">
          {facts.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-t3">{name}</dt>
              <dd className="mono break-all">{value}</dd>
            </div>
          ))}
        </dl>
        <ScopedLink href={`/services/${proxy.namespace}/${proxy.service}?tab=workloads`} className="link text-12">
          Its service
        </ScopedLink>
      </div>
    </aside>
  );
}

function Table({
  proxies,
  selected,
  nowMs,
  onSelect,
}: {
  readonly proxies: readonly ProxyRow[];
  readonly selected: string;
  readonly nowMs: number;
  readonly onSelect: (id: string) => void;
}) {
  const steady = useSteadyOrder(proxies, idOf);
  const namespaces = [...new Set(steady.rows.map((proxy) => proxy.namespace))];
  return (
    <table className="table" {...steady.hold}>
      <thead className="sticky top-0 z-1 bg-page">
        <tr>
          <th>Proxy</th>
          <th>Kind</th>
          <th>Version</th>
          <th>Serves</th>
          <th>State, in words</th>
          <th className="num">Certificate</th>
          <th className="num">Connections</th>
          <th className="num">CPU</th>
          <th className="num">Memory</th>
        </tr>
      </thead>
      {namespaces.map((namespace) => {
        const own = steady.rows.filter((proxy) => proxy.namespace === namespace);
        return (
          <tbody key={namespace}>
            <tr data-group="">
              <td colSpan={9}>
                <span className="flex items-center gap-2">
                  <Box aria-hidden="true" size={14} strokeWidth={1.75} />
                  <b className="font-semi text-t0">{namespace}</b> {plural(own.length, 'proxy', 'proxies')}
                </span>
              </td>
            </tr>
            {own.map((proxy) => (
              <Fragment key={idOf(proxy)}>
                <Row
                  proxy={proxy}
                  isSelected={idOf(proxy) === selected}
                  nowMs={nowMs}
                  onSelect={() => onSelect(idOf(proxy))}
                />
              </Fragment>
            ))}
          </tbody>
        );
      })}
    </table>
  );
}

export function ProxiesPage() {
  const scope = useScope();
  const query = useProxies();
  const [find, setFind] = useViewParameter('q');
  const [filterText, setFilter] = useViewParameter('state', 'all');
  const [selected, setSelected] = useViewParameter('select');
  const filter: Filter = filterText === 'in-sync' || filterText === 'behind' ? filterText : 'all';
  if (query.data === undefined && query.isError)
    return <QueryFailure what="Proxies" error={query.error} onRetry={() => void query.refetch()} />;
  const nowMs = Date.now();
  const all = query.data?.filter(
    (proxy) => scope.namespaces.length === 0 || scope.namespaces.includes(proxy.namespace),
  );
  const words = find.toLowerCase();
  const shown = all
    ?.filter(
      (proxy) => filter === 'all' || (proxy.state !== 'out' && (proxy.state === 'in-sync') === (filter === 'in-sync')),
    )
    .filter((proxy) =>
      `${idOf(proxy)} ${proxy.service} ${proxy.model} ${proxy.nack ?? ''}`.toLowerCase().includes(words),
    )
    .sort((a, b) => a.namespace.localeCompare(b.namespace) || a.workload.localeCompare(b.workload));
  const headline = all === undefined ? { lead: 'Proxies', rest: '' } : headlineOf(all);
  const chosen = all?.find((proxy) => idOf(proxy) === selected);
  const inSync = all?.filter((proxy) => proxy.state === 'in-sync').length ?? 0;
  const cores = all?.reduce((sum, proxy) => sum + (proxy.cpuCores ?? 0), 0) ?? 0;
  const memory = all?.reduce((sum, proxy) => sum + (proxy.rssBytes ?? 0), 0) ?? 0;
  return (
    <div className={`grid h-full min-h-0 ${chosen === undefined ? 'grid-cols-1' : 'grid-cols-[minmax(0,1fr)_344px]'}`}>
      <div className="flex min-h-0 min-w-0 flex-col">
        <div className="px-4 pt-3">
          <div className="flex items-baseline gap-3">
            <h1 className="text-16 font-medium text-t2">
              <b className="font-semi text-t0">{headline.lead}</b> {headline.rest}
            </h1>
            {all !== undefined && all.length > 0 && (
              <span className="ml-auto text-12 text-t3">
                {cores.toFixed(2)} cores and {inWords(bytes(memory))} in all
              </span>
            )}
          </div>
          <div className="my-3 flex gap-2">
            <TextField
              aria-label="Find a proxy"
              data-page-search=""
              className="w-[220px]"
              icon={<Search aria-hidden="true" strokeWidth={1.75} />}
              placeholder="Name, service, word"
              value={find}
              onChange={(event) => setFind(event.target.value)}
            />
            <Segment<Filter>
              label="Show"
              value={filter}
              onChange={setFilter}
              options={[
                {
                  value: 'all',
                  name: 'All',
                  label: (
                    <>
                      All <span className="text-t3">{all?.length ?? ''}</span>
                    </>
                  ),
                },
                {
                  value: 'in-sync',
                  name: 'In sync',
                  label: (
                    <>
                      In sync <span className="text-t3">{inSync}</span>
                    </>
                  ),
                },
                {
                  value: 'behind',
                  name: 'Not in sync',
                  label: (
                    <>
                      Not in sync <span className="text-t3">{inMesh(all ?? []).length - inSync}</span>
                    </>
                  ),
                },
              ]}
            />
          </div>
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
        <section aria-label="Proxies" tabIndex={0} className="min-h-0 flex-1 overflow-auto border-line border-t">
          {shown === undefined ? (
            <SkeletonRows rows={12} columns={[160, 240, 60, 60, 60]} />
          ) : shown.length === 0 ? (
            <Empty
              icon={<Cpu aria-hidden="true" size={18} />}
              title={all?.length === 0 ? 'No proxy has joined yet' : 'None fits'}
            >
              {all?.length === 0
                ? 'A proxy joins with its workload: Settings makes the command, and its row turns green here.'
                : 'No proxy fits the filter and the words; change one of them.'}
            </Empty>
          ) : (
            <Table proxies={shown} selected={selected} nowMs={nowMs} onSelect={setSelected} />
          )}
        </section>
      </div>
      {chosen !== undefined && <Details proxy={chosen} nowMs={nowMs} onClose={() => setSelected('')} />}
    </div>
  );
}
