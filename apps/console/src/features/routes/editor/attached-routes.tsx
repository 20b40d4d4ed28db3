'use client';
// The routes of a Gateway: which they are, and which listener each one names.
import { Badge } from '#components/ui/badge.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink } from '#features/scope/index.ts';
import { kindIcons } from '../kind-icons.ts';
import { parentsOfGateway, useRouteItems } from '../use-route-items.ts';

export function AttachedRoutes({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const { items } = useRouteItems();
  const attached = (items ?? []).flatMap((item) => {
    const parents = parentsOfGateway(item, { namespace, name });
    return parents.length === 0 ? [] : [{ item, listeners: parents.flatMap(({ sectionName }) => sectionName || []) }];
  });
  return (
    <section aria-label="Routes of this gateway" className="border-line border-t pb-4">
      <h2 className="flex h-10 items-center gap-2 px-4 font-semi text-t0">
        Routes <Badge>{attached.length}</Badge>
      </h2>
      {items !== undefined && attached.length === 0 && (
        <p className="px-4 text-12 text-t2">
          None yet: open a route and attach it to this gateway, or nothing answers at its listeners but 404.
        </p>
      )}
      <ul className="text-12">
        {attached.map(({ item, listeners }) => {
          const Icon = kindIcons[item.kind];
          const worst = item.findings.find(({ severity }) => severity === 'error') ?? item.findings[0];
          return (
            <li key={item.key} className="flex items-center gap-2 px-4 py-1">
              <Icon role="img" aria-label={item.kind} size={14} strokeWidth={1.75} className="shrink-0 text-t3" />
              <ScopedLink
                href={`/routes/${item.namespace}/${item.name}?kind=${item.kind}`}
                className="mono min-w-0 truncate rounded-1 text-t0 hover:underline"
              >
                {item.namespace !== namespace && <span className="text-t2">{item.namespace}/</span>}
                {item.name}
              </ScopedLink>
              {worst !== undefined && (
                <span title={worst.message} className="flex">
                  <StatusShape tone={worst.severity === 'error' ? 'err' : 'warn'} />
                </span>
              )}
              <span className="ml-auto shrink-0 text-t3">{listeners.join(', ') || 'all listeners'}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
