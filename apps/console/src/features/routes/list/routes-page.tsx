'use client';
// Where does traffic go? Every route and gateway, what each does in one line, when it was changed and by whom.
import { Search, Split } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { Segment } from '#components/ui/choice.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { TextField } from '#components/ui/field.tsx';
import { Empty, SkeletonRows } from '#components/ui/states.tsx';
import { useScope, useViewParameter } from '#features/scope/index.ts';
import { plural } from '#format/number.ts';
import { EDITED_KINDS, type EditedKind, isEditedKind } from '../model/kinds.ts';
import { type RouteItem, useRouteItems } from '../use-route-items.ts';
import { RouteRow } from './route-row.tsx';
import { UnroutedPanel } from './unrouted-panel.tsx';

type KindFilter = EditedKind | 'all';

const FILTER_NAMES: Readonly<Record<EditedKind, string>> = {
  HTTPRoute: 'HTTP',
  GRPCRoute: 'gRPC',
  TCPRoute: 'TCP',
  TLSRoute: 'TLS',
  Gateway: 'Gateways',
};

/** Kinds that are there at all; a mesh of HTTP needs no choice. */
function KindSegment({
  items,
  value,
  onChange,
}: {
  readonly items: readonly RouteItem[];
  readonly value: KindFilter;
  readonly onChange: (kind: KindFilter) => void;
}) {
  const count = (kind: EditedKind) => items.filter((item) => item.kind === kind).length;
  const kinds = EDITED_KINDS.filter((kind) => count(kind) > 0);
  if (kinds.length < 2) return null;
  const option = (kind: KindFilter, name: string, number: number) => ({
    value: kind,
    name,
    label: (
      <>
        {name} <span className="text-t3">{number}</span>
      </>
    ),
  });
  return (
    <Segment<KindFilter>
      label="Kind"
      value={value}
      onChange={onChange}
      options={[
        option('all', 'All', items.length),
        ...kinds.map((kind) => option(kind, FILTER_NAMES[kind], count(kind))),
      ]}
    />
  );
}

function Headline({ items }: { readonly items: readonly RouteItem[] | undefined }) {
  const routes = items?.filter(({ kind }) => kind !== 'Gateway').length;
  const gateways = items?.filter(({ kind }) => kind === 'Gateway').length ?? 0;
  return (
    <h1 className="text-20 font-medium text-t2">
      <b className="font-semi text-t0">
        {routes === undefined ? 'Routes' : plural(routes, 'route')}
        {gateways > 0 && ` and ${plural(gateways, 'gateway')}`}
      </b>
      {routes !== undefined && (routes + gateways === 1 ? ' says' : ' say')}
      {routes !== undefined && ' where traffic goes; a service without a route sends to every healthy instance.'}
    </h1>
  );
}

function Table({ items }: { readonly items: readonly RouteItem[] }) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th>Name</th>
          <th>Kind</th>
          <th>Attached to</th>
          <th>Does</th>
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
  );
}

export function RoutesPage() {
  const scope = useScope();
  const [find, setFind] = useViewParameter('q');
  const [kindText, setKind] = useViewParameter('kind', 'all');
  const kind: KindFilter = isEditedKind(kindText) ? kindText : 'all';
  const routes = useRouteItems();
  if (routes.error !== null && routes.items === undefined)
    return <QueryFailure what="Routes" error={routes.error} onRetry={() => void routes.refetch()} />;
  const all = routes.items?.filter(
    (item) => scope.namespaces.length === 0 || scope.namespaces.includes(item.namespace),
  );
  const items = all
    ?.filter((item) => kind === 'all' || item.kind === kind)
    .filter((item) => `${item.namespace}/${item.name}`.includes(find.toLowerCase()));
  return (
    <div className="px-6 py-3">
      <Headline items={all} />
      <div className="my-3 flex items-center gap-2">
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
        {all !== undefined && <KindSegment items={all} value={kind} onChange={setKind} />}
        {items !== undefined && find !== '' && <Badge>{items.length} found</Badge>}
      </div>
      <div className="panel overflow-hidden">
        {items === undefined ? (
          <SkeletonRows rows={6} columns={[160, 80, 120, 200, 120, 80]} />
        ) : items.length === 0 ? (
          <Empty
            icon={<Split aria-hidden="true" size={18} />}
            title={all?.length === 0 ? 'No routes yet' : 'No route is called so'}
          >
            Requests go to every healthy instance of a service. A route splits, matches or retries them; make one for a
            service below, or apply one with <code className="mono">malha apply</code>.
          </Empty>
        ) : (
          <Table items={items} />
        )}
      </div>
      {all !== undefined && <UnroutedPanel namespaces={scope.namespaces} routed={routedServices(all)} />}
    </div>
  );
}

/** `namespace/service` of those that a route stands before. */
function routedServices(items: readonly RouteItem[]): ReadonlySet<string> {
  return new Set(
    items.flatMap((item) =>
      (item.view?.parents ?? [])
        .filter(({ kind }) => kind === 'Service')
        .map((parent) => `${parent.namespace || item.namespace}/${parent.name}`),
    ),
  );
}
