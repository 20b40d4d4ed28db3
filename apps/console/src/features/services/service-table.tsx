'use client';
// Services as rows: status, golden signals, errors over time, identity; on the overview and grouped in the list.
import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { Spark } from '#components/charts/spark.tsx';
import { SplitBar } from '#components/ui/bars.tsx';
import { Figure } from '#components/ui/figure.tsx';
import { seriesColour } from '#components/ui/series-colour.ts';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useSteadyOrder } from '#components/ui/use-steady-order.ts';
import { ScopedLink, useScope } from '#features/scope/index.ts';
import { duration, percent, rateShort } from '#format/number.ts';
import type { ServiceRow } from '#trpc/contract.ts';
import { Identity } from './identity.tsx';
import { ServiceState } from './service-state.tsx';

const ERRORS_LEAST = 0.01;

function toneOfErrors({ health, golden }: ServiceRow): string {
  if (golden.errorRate === 0 || health === 'ok' || health === 'unknown') return '';
  return health === 'err' ? 'font-semi text-err-text' : 'text-warn-text';
}

function sparkColour(health: ServiceRow['health']): string {
  return health === 'err' ? 'var(--err)' : health === 'warn' ? 'var(--warn)' : 'var(--s-1)';
}

export type ServiceColumns = 'short' | 'full';

function Head({ columns }: { readonly columns: ServiceColumns }) {
  const { window } = useScope();
  const overTime = window?.label ?? 'Over time';
  return (
    <thead>
      <tr>
        <th>Service</th>
        <th className={columns === 'short' ? 'max-[1359px]:hidden' : ''}>State</th>
        <th className="num">Req/s</th>
        {columns === 'full' && (
          <th>
            <span className="sr-only">Requests over time</span>
          </th>
        )}
        <th className="num">p95</th>
        <th className="num">p99</th>
        <th className="num">Errors</th>
        <th>{overTime}</th>
        {columns === 'full' && <th>Versions, measured</th>}
        {columns === 'full' && <th className="num">Ready</th>}
        <th>Identity</th>
      </tr>
    </thead>
  );
}

function Row({ row, columns }: { readonly row: ServiceRow; readonly columns: ServiceColumns }) {
  const router = useRouter();
  const scope = useScope();
  const href = `/services/${row.namespace}/${row.name}`;
  const { golden } = row;
  return (
    <tr
      data-href={href}
      data-testid={`service-${row.namespace}-${row.name}`}
      onClick={() => router.push(scope.href(href))}
    >
      <td>
        <span className="flex items-center gap-2">
          <StatusShape tone={row.health} />
          <ScopedLink
            href={href}
            className="mono rounded-1 text-t0 hover:underline"
            onClick={(event) => event.stopPropagation()}
          >
            {columns === 'short' && <span className="text-t2">{row.namespace}/</span>}
            {row.name}
          </ScopedLink>
        </span>
      </td>
      <td className={`max-w-[220px] truncate ${columns === 'short' ? 'max-[1359px]:hidden' : ''}`}>
        <ServiceState row={row} />
      </td>
      <td className="num live-figure">{rateShort(golden.requestsPerSecond)}</td>
      {columns === 'full' && (
        <td>
          <Spark values={row.sparkRps} colour="var(--s-rest)" label={`Requests to ${row.name} over time`} width={64} />
        </td>
      )}
      <td className="num">
        <Figure value={duration(golden.p95Ms)} />
      </td>
      <td className="num">
        <Figure value={duration(golden.p99Ms)} />
      </td>
      <td className={`num ${toneOfErrors(row)}`}>
        <Figure value={percent(golden.requestsPerSecond === 0 ? null : golden.errorRate)} />
      </td>
      <td>
        <Spark
          values={row.spark}
          colour={sparkColour(row.health)}
          least={ERRORS_LEAST}
          label={`Errors of ${row.name} over time`}
        />
      </td>
      {columns === 'full' && (
        <td>
          <span className="flex items-center gap-2">
            <span className="w-14">
              <SplitBar shares={row.versions.map((version, index) => ({ ...version, colour: seriesColour(index) }))} />
            </span>
            <span className="mono text-t2">{row.versions.map((version) => version.name).join(', ')}</span>
          </span>
        </td>
      )}
      {columns === 'full' && (
        <td className="num">
          <span className={row.healthyInstances < row.instances ? 'font-semi text-warn-text' : ''}>
            {row.healthyInstances}
          </span>
          <span className="text-t3"> of {row.instances}</span>
        </td>
      )}
      <td>
        <Identity mtls={row.mtls} />
      </td>
    </tr>
  );
}

export interface ServiceGroup {
  readonly name: string;
  readonly head: ReactNode;
  readonly rows: readonly ServiceRow[];
}

export interface ServiceTableProps {
  readonly rows: readonly ServiceRow[];
  readonly columns: ServiceColumns;
  /** Rows under heads, in this order; absent = one list. */
  readonly groupBy?: (rows: readonly ServiceRow[]) => readonly ServiceGroup[];
}

const idOf = (row: ServiceRow) => `${row.namespace}/${row.name}`;
const columnCount = { short: 8, full: 11 };

export function ServiceTable({ rows, columns, groupBy }: ServiceTableProps) {
  const steady = useSteadyOrder(rows, idOf);
  return (
    <table className="table" {...steady.hold}>
      <Head columns={columns} />
      {groupBy === undefined ? (
        <tbody>
          {steady.rows.map((row) => (
            <Row key={idOf(row)} row={row} columns={columns} />
          ))}
        </tbody>
      ) : (
        groupBy(steady.rows).map((group) => (
          <tbody key={group.name}>
            <tr data-group="">
              <td colSpan={columnCount[columns]}>{group.head}</td>
            </tr>
            {group.rows.map((row) => (
              <Row key={idOf(row)} row={row} columns={columns} />
            ))}
          </tbody>
        ))
      )}
    </table>
  );
}
