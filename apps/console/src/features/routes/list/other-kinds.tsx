'use client';
// What else decides where traffic goes: routes of other protocols and gateways, which are edited as YAML.
import { useQueries } from '@tanstack/react-query';
import { Badge } from '#components/ui/badge.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink, useScope } from '#features/scope/index.ts';
import { plural } from '#format/number.ts';
import { moment } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import { YAML_KINDS } from '../model/kinds.ts';

const REFRESH_MS = 15_000;

export function OtherKinds({ find }: { readonly find: string }) {
  const trpc = useTRPC();
  const scope = useScope();
  const results = useQueries({
    queries: YAML_KINDS.map((kind) => trpc.resources.list.queryOptions({ kind }, { refetchInterval: REFRESH_MS })),
  });
  const items = results
    .flatMap((result) => result.data?.items ?? [])
    .filter(({ namespace }) => scope.namespaces.length === 0 || scope.namespaces.includes(namespace))
    .filter(({ namespace, name }) => `${namespace}/${name}`.includes(find.toLowerCase()));
  if (items.length === 0) return null;
  return (
    <Panel className="mt-3" title="Other routes and gateways" beside={<Badge>{items.length}</Badge>}>
      <table className="table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Kind</th>
            <th>Findings</th>
            <th>Changed</th>
            <th className="num">Revision</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => {
            const isBroken = item.findings.some(({ severity }) => severity === 'error');
            return (
              <tr key={item.key}>
                <td>
                  <ScopedLink
                    href={`/routes/${item.namespace}/${item.name}?kind=${item.kind}`}
                    className="mono rounded-1 text-t0 hover:underline"
                  >
                    <span className="text-t2">{item.namespace}/</span>
                    {item.name}
                  </ScopedLink>
                </td>
                <td>{item.kind}</td>
                <td className="max-w-80 truncate">
                  {item.findings.length > 0 && (
                    <span className="flex items-center gap-1.5" title={item.findings[0]?.message}>
                      <StatusShape tone={isBroken ? 'err' : 'warn'} />
                      {plural(item.findings.length, 'finding')}
                    </span>
                  )}
                </td>
                <td className="text-t2">
                  {item.updatedBy}, {moment(item.updatedAtMs, Date.now())}
                </td>
                <td className="num mono">r{item.revision}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Panel>
  );
}
