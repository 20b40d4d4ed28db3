'use client';
// How is each service doing? Worst first within its namespace.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Boxes, Search } from 'lucide-react';
import { Segment } from '#components/ui/choice.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { TextField } from '#components/ui/field.tsx';
import { Empty, SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useScope, useViewParameter } from '#features/scope/index.ts';
import { plural } from '#format/number.ts';
import { useTRPC } from '#trpc/client.ts';
import type { ServiceRow } from '#trpc/contract.ts';
import { groupByNamespace } from './group-by-namespace.tsx';
import { ServiceTable } from './service-table.tsx';

const REFRESH_MS = 3_000;
type Filter = 'all' | 'err' | 'warn' | 'ok';
const names = { err: 'Failing', warn: 'To watch', ok: 'Well' } as const;

export function headlineOf(rows: readonly ServiceRow[]): { readonly lead: string; readonly rest: string } {
  const failing = rows.filter((row) => row.health === 'err');
  const toWatch = rows.filter((row) => row.health === 'warn');
  const well = rows.filter((row) => row.health === 'ok');
  const quiet = rows.filter((row) => row.health === 'unknown');
  if (rows.length === 0) return { lead: 'No services yet.', rest: '' };
  const lead =
    well.length === rows.length
      ? `All ${plural(rows.length, 'service')} are well.`
      : `${well.length} of ${plural(rows.length, 'service')} are well.`;
  const parts = [
    failing.length > 0
      ? `${failing
          .map((row) => row.name)
          .slice(0, 3)
          .join(
            ', ',
          )}${failing.length > 3 ? ` and ${failing.length - 3} more` : ''} ${failing.length === 1 ? 'fails' : 'fail'}`
      : '',
    toWatch.length > 0
      ? `${toWatch
          .map((row) => row.name)
          .slice(0, 3)
          .join(', ')} ${toWatch.length === 1 ? 'needs' : 'need'} a look`
      : '',
    quiet.length === 0
      ? ''
      : `${
          quiet.length > 3
            ? plural(quiet.length, 'service')
            : quiet.map((row) => row.name).join(quiet.length === 2 ? ' and ' : ', ')
        } had no requests`,
  ].filter(Boolean);
  const rest = parts.join('; ');
  return { lead, rest: rest === '' ? '' : `${rest}.` };
}

function counted(tone: 'err' | 'warn' | 'ok', rows: readonly ServiceRow[]) {
  const count = rows.filter((row) => row.health === tone).length;
  return {
    value: tone,
    name: `${names[tone]} ${count}`,
    label: (
      <>
        <StatusShape tone={tone} label="" /> {names[tone]} <span className="text-t3">{count}</span>
      </>
    ),
  };
}

export function ServicesPage() {
  const trpc = useTRPC();
  const scope = useScope();
  const [find, setFind] = useViewParameter('q');
  const [filterText, setFilter] = useViewParameter('health', 'all');
  const query = useQuery(
    trpc.services.list.queryOptions(
      { range: scope.range },
      { placeholderData: keepPreviousData, ...(scope.isLive && { refetchInterval: REFRESH_MS }) },
    ),
  );
  if (query.data === undefined && query.isError)
    return <QueryFailure what="Services" error={query.error} onRetry={() => void query.refetch()} />;
  const rows = query.data?.filter((row) => scope.namespaces.length === 0 || scope.namespaces.includes(row.namespace));
  const filter: Filter = filterText === 'err' || filterText === 'warn' || filterText === 'ok' ? filterText : 'all';
  const shown = rows?.filter(
    (row) => (filter === 'all' || row.health === filter) && `${row.namespace}/${row.name}`.includes(find.toLowerCase()),
  );
  const headline = rows === undefined ? { lead: 'Services', rest: '' } : headlineOf(rows);
  return (
    <div className="px-6 py-3">
      <h1 className="text-20 font-medium text-t2">
        <b className="font-semi text-t0">{headline.lead}</b> {headline.rest}
      </h1>
      <div className="my-3 flex gap-2">
        <TextField
          aria-label="Find a service"
          data-page-search=""
          className="w-[260px]"
          icon={<Search aria-hidden="true" strokeWidth={1.75} />}
          end={<kbd className="kbd">/</kbd>}
          placeholder="Name, namespace"
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
              name: `All ${rows?.length ?? 0}`,
              label: (
                <>
                  All <span className="text-t3">{rows?.length ?? ''}</span>
                </>
              ),
            },
            counted('err', rows ?? []),
            counted('warn', rows ?? []),
            counted('ok', rows ?? []),
          ]}
        />
      </div>
      <div className="panel overflow-hidden">
        {shown === undefined ? (
          <SkeletonRows rows={9} columns={[120, 160, 40, 64, 50, 50, 50, 72]} />
        ) : shown.length === 0 ? (
          <Empty
            icon={<Boxes aria-hidden="true" size={18} />}
            title={rows?.length === 0 ? 'No services yet' : 'None fits'}
          >
            {rows?.length === 0
              ? 'A service appears when it is applied, or when a workload joins with its name. Settings makes the command for joining.'
              : 'No service fits the filter and the name; change one of them.'}
          </Empty>
        ) : (
          <ServiceTable rows={shown} columns="full" groupBy={groupByNamespace} />
        )}
      </div>
    </div>
  );
}
