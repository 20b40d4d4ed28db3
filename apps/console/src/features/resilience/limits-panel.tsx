'use client';
// Rate limits, the nearest to its bound first.
import { Badge } from '#components/ui/badge.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { policyHref } from '#features/policies/index.ts';
import { ScopedLink } from '#features/scope/index.ts';
import { inWords, rate } from '#format/number.ts';
import { inPlainWords } from '#trpc/errors.ts';
import { limitInWords, limitTone, usageInWords } from './limit-words.ts';
import { type Limit, useLimits } from './use-limits.ts';
import type { ProtectedEdge } from './use-resilience.ts';

const SHOWN_MAX = 6;

function Item({ limit }: { readonly limit: Limit }) {
  const { namespace, policy, name, target } = limit;
  return (
    <li className="flex gap-3 border-line border-t px-4 py-2.5 text-12" data-testid={`limit-${policy}-${name}`}>
      <StatusShape tone={limitTone(limit)} className="mt-0.5" />
      <div className="min-w-0 flex-1">
        <ScopedLink
          href={policyHref('RateLimit', namespace, policy)}
          className="mono block truncate text-t0 hover:underline"
        >
          {target.name || target.kind.toLowerCase()}, {name}
        </ScopedLink>
        <p className="leading-[18px] text-t2">{limitInWords(limit)}</p>
      </div>
      <span className="live-figure whitespace-nowrap text-t2" title="Of what it lets pass, over the time that is shown">
        {usageInWords(limit)}
      </span>
    </li>
  );
}

export function LimitsPanel({ edges }: { readonly edges: readonly ProtectedEdge[] }) {
  const { limits, error } = useLimits();
  const limited = edges.reduce((sum, { limitedPerSecond }) => sum + limitedPerSecond, 0);
  return (
    <Panel
      className="overflow-hidden"
      title="Rate limits"
      beside={
        <>
          <Badge>{limits?.length ?? '–'}</Badge>
          {limited > 0 && <Badge tone="warn">{inWords(rate(limited))} got 429</Badge>}
        </>
      }
    >
      {limits === undefined || limits.length === 0 ? (
        <p className="border-line border-t px-4 py-3 text-12 text-t2">
          {error !== null && limits === undefined
            ? `Not known: ${inPlainWords(error)}`
            : limits === undefined
              ? 'Reading the limits'
              : 'Nobody is limited. A RateLimit bounds how many requests a service, a route or a workload takes.'}
        </p>
      ) : (
        <ul>
          {limits.slice(0, SHOWN_MAX).map((limit) => (
            <Item key={`${limit.key} ${limit.name}`} limit={limit} />
          ))}
          {limits.length > SHOWN_MAX && (
            <li className="border-line border-t px-4 py-2 text-11 text-t3">and {limits.length - SHOWN_MAX} more</li>
          )}
        </ul>
      )}
    </Panel>
  );
}
