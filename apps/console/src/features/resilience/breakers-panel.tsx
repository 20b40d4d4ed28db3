'use client';
// Which breakers are not closed and which endpoints get no requests, with what happens next.
import type { ReactNode } from 'react';
import { Badge } from '#components/ui/badge.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { StatusShape, type Tone } from '#components/ui/status-shape.tsx';
import { ScopedLink, useScope } from '#features/scope/index.ts';
import { breakerInWords, breakerName, ejectionInWords, useStanding } from '#features/standing/index.ts';
import { plural } from '#format/number.ts';
import { inPlainWords } from '#trpc/errors.ts';
import { guardedOf } from './resilience-words.ts';
import type { ProtectedEdge } from './use-resilience.ts';

interface ItemProps {
  readonly id: string;
  readonly tone: Tone;
  readonly name: string;
  readonly href: string;
  readonly children: ReactNode;
}

function Item({ id, tone, name, href, children }: ItemProps) {
  return (
    <li className="flex gap-3 border-line border-t px-4 py-2.5 text-12" data-testid={id}>
      <StatusShape tone={tone} className="mt-0.5" />
      <div className="min-w-0 flex-1">
        <ScopedLink href={href} className="mono block truncate text-t0 hover:underline">
          {name}
        </ScopedLink>
        <p className="leading-[18px] text-t2">{children}</p>
      </div>
    </li>
  );
}

function Rest({ edges, notClosed }: { readonly edges: readonly ProtectedEdge[]; readonly notClosed: number }) {
  const guarded = guardedOf(edges);
  const closed = Math.max(0, guarded - notClosed);
  if (closed === 0 && notClosed > 0) return null;
  return (
    <li className="flex gap-3 border-line border-t px-4 py-2.5 text-12">
      <StatusShape tone={guarded === 0 ? 'unknown' : 'ok'} label="" className="mt-0.5" />
      <p className="leading-[18px] text-t2">
        {guarded === 0
          ? 'No breaker by success rate: it is off until a TrafficPolicy asks for one (circuitBreaker).'
          : `${plural(closed, `${notClosed > 0 ? 'other ' : ''}breaker`)} closed.`}
      </p>
    </li>
  );
}

export function BreakersPanel({ edges }: { readonly edges: readonly ProtectedEdge[] }) {
  const { namespaces } = useScope();
  const { data, error } = useStanding();
  const isIn = (namespace: string) => namespaces.length === 0 || namespaces.includes(namespace);
  const breakers = (data?.breakers ?? []).filter(({ caller, callee }) =>
    [caller.namespace, callee?.namespace ?? caller.namespace].some(isIn),
  );
  const ejected = (data?.ejected ?? []).filter(({ service }) => isIn(service.namespace));
  const open = breakers.filter(({ state }) => state === 'open');
  const nowMs = data?.nowMs ?? 0;
  return (
    <Panel
      className="overflow-hidden"
      title="Breakers and ejections"
      beside={
        <>
          <Badge tone={ejected.length > 0 ? 'warn' : undefined}>{ejected.length} ejected</Badge>
          <Badge tone={open.length > 0 ? 'err' : undefined}>{open.length} open</Badge>
          {breakers.length > open.length && <Badge tone="warn">{breakers.length - open.length} half-open</Badge>}
        </>
      }
    >
      {data === undefined ? (
        <p className="border-line border-t px-4 py-3 text-12 text-t2">
          {error === null ? 'Asking the proxies' : `Not known: ${inPlainWords(error)}`}
        </p>
      ) : (
        <ul aria-live="polite">
          {breakers.map((breaker) => (
            <Item
              key={`${breakerName(breaker)} ${breaker.rule ?? ''}`}
              id={`breaker-${breaker.caller.name}-${breaker.callee?.name ?? ''}`}
              tone={breaker.state === 'open' ? 'err' : 'warn'}
              name={breakerName(breaker)}
              href={`/services/${(breaker.callee ?? breaker.caller).namespace}/${(breaker.callee ?? breaker.caller).name}`}
            >
              {breakerInWords(breaker, nowMs)}
            </Item>
          ))}
          {ejected.map((ejection) => (
            <Item
              key={ejection.workload}
              id={`ejected-${ejection.workload.replace('/', '-')}`}
              tone="warn"
              name={ejection.workload}
              href={`/services/${ejection.service.namespace}/${ejection.service.name}?tab=workloads`}
            >
              {ejectionInWords(ejection, nowMs)}
            </Item>
          ))}
          <Rest edges={edges} notClosed={breakers.length} />
        </ul>
      )}
    </Panel>
  );
}
