'use client';
// The services without a route of their own, and the way to give them one.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { ButtonLink } from '#components/ui/button.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink, useScope } from '#features/scope/index.ts';
import { useSession } from '#features/session/index.ts';
import { plural, rateShort } from '#format/number.ts';
import { useTRPC } from '#trpc/client.ts';

const REFRESH_MS = 5_000;

function instancesInWords(ready: number): string {
  if (ready === 0) return 'nobody: no instance is ready';
  return ready === 1 ? 'its one ready instance' : `any of ${plural(ready, 'ready instance')}`;
}

export interface UnroutedPanelProps {
  /** Empty = all. */
  readonly namespaces: readonly string[];
  /** `namespace/service` of those that have a route. */
  readonly routed: ReadonlySet<string>;
}

export function UnroutedPanel({ namespaces, routed }: UnroutedPanelProps) {
  const trpc = useTRPC();
  const scope = useScope();
  const { may } = useSession();
  const services = useQuery(
    trpc.services.list.queryOptions(
      { range: scope.range },
      { placeholderData: keepPreviousData, ...(scope.isLive && { refetchInterval: REFRESH_MS }) },
    ),
  ).data;
  const rows = services
    ?.filter((row) => namespaces.length === 0 || namespaces.includes(row.namespace))
    .filter((row) => !routed.has(`${row.namespace}/${row.name}`));
  if (rows === undefined || rows.length === 0) return null;
  return (
    <div className="mt-3">
      <Panel title="Services without a route" beside={<Badge>{rows.length}</Badge>}>
        <table className="table">
          <thead>
            <tr>
              <th>Service</th>
              <th>Requests go to</th>
              <th>Versions</th>
              <th className="num">Req/s</th>
              <th>
                <span className="sr-only">Make a route</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.namespace}/${row.name}`}>
                <td>
                  <span className="flex items-center gap-2">
                    <StatusShape tone={row.health} />
                    <ScopedLink
                      href={`/services/${row.namespace}/${row.name}`}
                      className="mono rounded-1 text-t0 hover:underline"
                    >
                      <span className="text-t2">{row.namespace}/</span>
                      {row.name}
                    </ScopedLink>
                  </span>
                </td>
                <td className="text-t2">{instancesInWords(row.healthyInstances)}</td>
                <td className="mono text-t2">{row.versions.map((version) => version.name).join(', ') || '–'}</td>
                <td className="num live-figure">{rateShort(row.golden.requestsPerSecond)}</td>
                <td className="num">
                  {may('editor') && (
                    <ButtonLink size="s" href={scope.href(`/routes/${row.namespace}/${row.name}`)}>
                      <Plus aria-hidden="true" strokeWidth={1.75} />
                      Make a route
                    </ButtonLink>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Panel>
    </div>
  );
}
