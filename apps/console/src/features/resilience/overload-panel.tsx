'use client';
// What services with adaptive concurrency let in now, those whose requests wait first. Nothing where no service has it.
import { Badge } from '#components/ui/badge.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink, useScope } from '#features/scope/index.ts';
import { type Standing, useStanding } from '#features/standing/index.ts';
import { count, inWords, rate } from '#format/number.ts';
import { overloadInWords, overloadTone, shedOf } from './overload-words.ts';
import type { ProtectedEdge } from './use-resilience.ts';

const SHOWN_MAX = 6;

interface ItemProps {
  readonly overload: Standing['overloads'][number];
  readonly edges: readonly ProtectedEdge[];
}

function Item({ overload, edges }: ItemProps) {
  const { service, port, inFlight, limit } = overload;
  const shed = shedOf(edges, overload);
  return (
    <li className="flex gap-3 border-line border-t px-4 py-2.5 text-12" data-testid={`overload-${service.name}`}>
      <StatusShape tone={overloadTone(overload, shed)} className="mt-0.5" />
      <div className="min-w-0 flex-1">
        <ScopedLink
          href={`/services/${service.namespace}/${service.name}`}
          className="mono block truncate text-t0 hover:underline"
        >
          {service.name}, port {port}
        </ScopedLink>
        <p className="leading-[18px] text-t2">{overloadInWords(overload, shed)}</p>
      </div>
      <span
        className="live-figure whitespace-nowrap text-t2"
        title="Requests that it works on, of as many as it may now"
      >
        {count(inFlight)} of {count(limit)}
      </span>
    </li>
  );
}

export function OverloadPanel({ edges }: { readonly edges: readonly ProtectedEdge[] }) {
  const { namespaces } = useScope();
  const overloads = (useStanding().data?.overloads ?? []).filter(
    ({ service }) => namespaces.length === 0 || namespaces.includes(service.namespace),
  );
  if (overloads.length === 0) return null;
  const shed = overloads.reduce((sum, overload) => sum + shedOf(edges, overload), 0);
  return (
    <Panel
      className="overflow-hidden"
      title="Adaptive concurrency"
      sub="requests at a time, as the proxy of each service has learned it"
      beside={
        <>
          <Badge>{overloads.length}</Badge>
          {shed > 0 && <Badge tone="err">{inWords(rate(shed))} shed</Badge>}
        </>
      }
    >
      <ul>
        {overloads.slice(0, SHOWN_MAX).map((overload) => (
          <Item
            key={`${overload.service.namespace}/${overload.service.name} ${overload.port}`}
            overload={overload}
            edges={edges}
          />
        ))}
        {overloads.length > SHOWN_MAX && (
          <li className="border-line border-t px-4 py-2 text-11 text-t3">and {overloads.length - SHOWN_MAX} more</li>
        )}
      </ul>
    </Panel>
  );
}
