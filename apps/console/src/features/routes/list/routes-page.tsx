'use client';
// Where does traffic go? Every route, its rules in one line each, when it was changed and by whom.
import { useQuery } from '@tanstack/react-query';
import { Search, Split } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { Badge } from '#components/ui/badge.tsx';
import { SplitBar } from '#components/ui/bars.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { TextField } from '#components/ui/field.tsx';
import { seriesColour } from '#components/ui/series-colour.ts';
import { Empty, SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink, useScope, useViewParameter } from '#features/scope/index.ts';
import { plural } from '#format/number.ts';
import { moment } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import type { StoredResource } from '#trpc/contract.ts';
import { readRoute } from '../model/view.ts';
import { sharesOf } from '../model/weights.ts';
import { matchInWords, versionOf } from '../model/words.ts';
import { OtherKinds } from './other-kinds.tsx';
import { UnroutedPanel } from './unrouted-panel.tsx';

type Item = Pick<
  StoredResource,
  'key' | 'namespace' | 'name' | 'yaml' | 'revision' | 'updatedAtMs' | 'updatedBy' | 'findings'
>;

function RouteRow({ item }: { readonly item: Item }) {
  const router = useRouter();
  const scope = useScope();
  const href = `/routes/${item.namespace}/${item.name}`;
  const reading = readRoute(item.yaml);
  const rules = reading.ok ? reading.view.rules : [];
  const split = rules.find((rule) => rule.backends.length > 1);
  const shares = sharesOf(split?.backends.map((backend) => backend.weight) ?? []);
  const worst = item.findings.find((finding) => finding.severity === 'error') ?? item.findings[0];
  const matched = rules.filter((rule) => rule.matches.length > 0);
  return (
    <tr
      data-href={href}
      data-testid={`route-${item.namespace}-${item.name}`}
      onClick={() => router.push(scope.href(href))}
    >
      <td>
        <span className="flex items-center gap-2">
          <Split aria-hidden="true" size={14} strokeWidth={1.75} className="text-t3" />
          <ScopedLink
            href={href}
            className="mono rounded-1 text-t0 hover:underline"
            onClick={(event) => event.stopPropagation()}
          >
            <span className="text-t2">{item.namespace}/</span>
            {item.name}
          </ScopedLink>
        </span>
      </td>
      <td className="mono text-t2">{reading.ok ? (reading.view.parentService ?? '–') : '–'}</td>
      <td className="max-w-80 truncate">
        {plural(rules.length, 'rule')}
        {matched.length > 0 && (
          <span className="text-t3"> · {matched.map((rule) => matchInWords(rule)).join(' · ')}</span>
        )}
      </td>
      <td>
        {split === undefined ? (
          <span className="text-t3">no split</span>
        ) : (
          <span className="flex items-center gap-2">
            <span className="w-16">
              <SplitBar
                shares={split.backends.map((backend, index) => ({
                  name: versionOf(backend),
                  share: (shares[index] ?? 0) / 100,
                  colour: seriesColour(index),
                }))}
              />
            </span>
            <span className="mono text-t2">
              {split.backends
                .map((backend, index) => `${versionOf(backend)} ${Math.round(shares[index] ?? 0)}`)
                .join(' · ')}
            </span>
          </span>
        )}
      </td>
      <td className="max-w-64 truncate">
        {worst !== undefined && (
          <span className="flex items-center gap-1.5" title={worst.message}>
            <StatusShape tone={worst.severity === 'error' ? 'err' : 'warn'} />
            {worst.message}
          </span>
        )}
      </td>
      <td className="text-t2">
        {item.updatedBy}, {moment(item.updatedAtMs, Date.now())}
      </td>
      <td className="num mono">r{item.revision}</td>
    </tr>
  );
}

export function RoutesPage() {
  const trpc = useTRPC();
  const scope = useScope();
  const [find, setFind] = useViewParameter('q');
  const query = useQuery(trpc.resources.list.queryOptions({ kind: 'HTTPRoute' }, { refetchInterval: 5_000 }));
  if (query.isError) return <QueryFailure what="Routes" error={query.error} onRetry={() => void query.refetch()} />;
  const all = query.data?.items.filter(
    (item) => scope.namespaces.length === 0 || scope.namespaces.includes(item.namespace),
  );
  const items = all?.filter((item) => `${item.namespace}/${item.name}`.includes(find.toLowerCase()));
  return (
    <div className="px-6 py-3">
      <h1 className="text-20 font-medium text-t2">
        <b className="font-semi text-t0">{all === undefined ? 'Routes' : plural(all.length, 'route')}</b>
        {all !== undefined && (all.length === 1 ? ' says' : ' say')}
        {all !== undefined && ' where requests go; a service without one sends to every healthy instance.'}
      </h1>
      <div className="my-3 flex gap-2">
        <TextField
          aria-label="Find a route"
          data-page-search=""
          className="w-[260px]"
          icon={<Search aria-hidden="true" strokeWidth={1.75} />}
          end={<kbd className="kbd">/</kbd>}
          placeholder="Name"
          value={find}
          onChange={(event) => setFind(event.target.value)}
        />
        {items !== undefined && find !== '' && <Badge>{items.length} found</Badge>}
      </div>
      <div className="panel overflow-hidden">
        {items === undefined ? (
          <SkeletonRows rows={6} columns={[160, 200, 120, 80]} />
        ) : items.length === 0 ? (
          <Empty
            icon={<Split aria-hidden="true" size={18} />}
            title={find === '' ? 'No routes yet' : 'No route is called so'}
          >
            Requests go to every healthy instance of a service. A route splits, matches or retries them; make one for a
            service below, or apply one with <code className="mono">malha apply</code>.
          </Empty>
        ) : (
          <table className="table">
            <thead>
              <tr>
                <th>Route</th>
                <th>Service</th>
                <th>Rules</th>
                <th>Split</th>
                <th>Findings</th>
                <th>Changed</th>
                <th className="num">Revision</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <RouteRow key={item.key} item={item} />
              ))}
            </tbody>
          </table>
        )}
      </div>
      <OtherKinds find={find} />
      {all !== undefined && (
        <UnroutedPanel
          namespaces={scope.namespaces}
          routed={
            new Set(
              all.flatMap((item) => {
                const reading = readRoute(item.yaml);
                return reading.ok ? `${item.namespace}/${reading.view.parentService ?? ''}` : [];
              }),
            )
          }
        />
      )}
    </div>
  );
}
