'use client';
// One route or gateway in the table: what it is attached to, what it does in a line, what is wrong with it.
import { useRouter } from 'next/navigation';
import { SplitBar } from '#components/ui/bars.tsx';
import { seriesColour } from '#components/ui/series-colour.ts';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink, useScope } from '#features/scope/index.ts';
import { moment } from '#format/time.ts';
import { kindIcons } from '../kind-icons.ts';
import { summaryOf } from '../model/summary.ts';
import type { RouteView, RuleView } from '../model/view.ts';
import { sharesOf } from '../model/weights.ts';
import { versionOf } from '../model/words.ts';
import type { RouteItem } from '../use-route-items.ts';

export function hrefOf({ kind, namespace, name }: Pick<RouteItem, 'kind' | 'namespace' | 'name'>): string {
  return `/routes/${namespace}/${name}${kind === 'HTTPRoute' ? '' : `?kind=${kind}`}`;
}

function Split({ rule }: { readonly rule: RuleView | undefined }) {
  if (rule === undefined) return <span className="text-t3">no split</span>;
  const shares = sharesOf(rule.backends.map((backend) => backend.weight));
  return (
    <span className="flex items-center gap-2">
      <span className="w-16 shrink-0">
        <SplitBar
          shares={rule.backends.map((backend, index) => ({
            name: versionOf(backend),
            share: (shares[index] ?? 0) / 100,
            colour: seriesColour(index),
          }))}
        />
      </span>
      <span className="mono truncate text-t2">
        {rule.backends.map((backend, index) => `${versionOf(backend)} ${Math.round(shares[index] ?? 0)}`).join(' · ')}
      </span>
    </span>
  );
}

function Attachment({ view }: { readonly view: RouteView | undefined }) {
  if (view === undefined || view.kind === 'Gateway') return <span className="text-t3">–</span>;
  const [first, ...more] = view.parents;
  if (first === undefined) return <span className="text-t3">nothing</span>;
  return (
    <>
      {first.kind === 'Gateway' && <span className="text-t3">gateway </span>}
      <span className="mono">{first.name}</span>
      {first.sectionName !== '' && <span className="text-t3"> · {first.sectionName}</span>}
      {more.length > 0 && <span className="text-t3"> and {more.length} more</span>}
    </>
  );
}

export function RouteRow({ item }: { readonly item: RouteItem }) {
  const router = useRouter();
  const scope = useScope();
  const href = hrefOf(item);
  const { view } = item;
  const Icon = kindIcons[item.kind];
  const worst = item.findings.find((finding) => finding.severity === 'error') ?? item.findings[0];
  const summary = view === undefined ? { lead: 'cannot be read', rest: '' } : summaryOf(view);
  return (
    <tr
      data-href={href}
      data-testid={`route-${item.namespace}-${item.name}`}
      data-kind={item.kind}
      onClick={() => router.push(scope.href(href))}
    >
      <td>
        <span className="flex items-center gap-2">
          <Icon aria-hidden="true" size={14} strokeWidth={1.75} className="shrink-0 text-t3" />
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
      <td className="text-t2">{item.kind}</td>
      <td className="max-w-44 truncate text-t2">
        <Attachment view={view} />
      </td>
      <td className="max-w-72 truncate" title={summary.rest}>
        {summary.lead}
        {summary.rest !== '' && <span className="text-t3"> · {summary.rest}</span>}
      </td>
      <td className="max-w-56">
        {item.kind !== 'Gateway' && <Split rule={view?.rules.find((rule) => rule.backends.length > 1)} />}
      </td>
      <td className="max-w-64 truncate max-[1359px]:max-w-40">
        {worst !== undefined && (
          <span className="flex items-center gap-1.5" title={worst.message}>
            <StatusShape tone={worst.severity === 'error' ? 'err' : 'warn'} />
            <span className="truncate">{worst.message}</span>
          </span>
        )}
      </td>
      <td className="text-t2">
        <span className="max-[1359px]:hidden">{item.updatedBy}, </span>
        {moment(item.updatedAtMs, Date.now())}
      </td>
      <td className="num mono">r{item.revision}</td>
    </tr>
  );
}
