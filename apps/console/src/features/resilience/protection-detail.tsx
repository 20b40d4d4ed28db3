'use client';
// Everything that protects one call, each with what it does in a sentence, and where it is changed.
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from '#components/ui/button.tsx';
import { Stat } from '#components/ui/figure.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { ScopedLink } from '#features/scope/index.ts';
import { breakerInWords, type Standing, standingOn } from '#features/standing/index.ts';
import { count, inWords, percent, rate } from '#format/number.ts';
import { setting } from '#format/time.ts';
import { nameOf, timeoutInWords } from './resilience-words.ts';
import type { ProtectedEdge } from './use-resilience.ts';

function Line({
  name,
  value,
  children,
}: {
  readonly name: string;
  readonly value: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="border-line border-t px-4 py-2 text-12">
      <dt className="flex justify-between gap-3">
        <span className="text-t2">{name}</span>
        <b className="whitespace-nowrap font-medium text-t0">{value}</b>
      </dt>
      <dd className="text-11 leading-4 text-t3">{children}</dd>
    </div>
  );
}

function Rule({ rule }: { readonly rule: NonNullable<ProtectedEdge['protection']['rule']> }) {
  const { retry } = rule;
  return (
    <>
      <Line name="Request timeout" value={timeoutInWords(rule.requestTimeoutMs)}>
        From its arrival to the end of the answer, all attempts together; then the caller gets 504.
      </Line>
      <Line
        name="Each attempt"
        value={rule.attemptTimeoutMs === 0 ? 'as the request' : timeoutInWords(rule.attemptTimeoutMs)}
      >
        An attempt that takes longer is given up, and may be tried again.
      </Line>
      <Line name="Retries" value={count(retry.attempts)}>
        After a pause of {timeoutInWords(retry.backoffBaseMs)} that grows to {timeoutInWords(retry.backoffMaxMs)}; only
        what cannot do harm twice is repeated.
      </Line>
      <Line name="Budget" value={retry.budgetPercent === 0 ? 'none' : `${count(retry.budgetPercent)} %`}>
        Of active requests may be retries, and always {count(retry.budgetMinConcurrent)}: a struggling service is not
        called more because it struggles.
      </Line>
    </>
  );
}

function Outliers({ edge }: { readonly edge: ProtectedEdge }) {
  const { outlierDetection } = edge.protection;
  if (outlierDetection === null) {
    return (
      <Line name="Ejection" value="off">
        No instance is taken out for its answers; a TrafficPolicy with outlierDetection turns it on.
      </Line>
    );
  }
  return (
    <Line name="Ejection" value={`after ${count(outlierDetection.consecutive5xx)} errors in a row`}>
      For {timeoutInWords(outlierDetection.baseEjectionMs)} at first, longer each time, of at most{' '}
      {count(outlierDetection.maxEjectionPercent)} % of the instances.
    </Line>
  );
}

function BreakerLine({ edge, standing }: Pick<ProtectionDetailProps, 'edge' | 'standing'>) {
  const { breaker, rule } = edge.protection;
  const config = rule?.breaker ?? breaker;
  if (config === null)
    return (
      <Line name="Breaker" value="off">
        A TrafficPolicy with circuitBreaker leaves a service that fails alone for a while.
      </Line>
    );
  const now = standingOn(standing, edge).breaker;
  return (
    <Line name="Breaker" value={`opens below ${inWords(percent(config.successRate, 0))}`}>
      {now !== undefined && standing !== undefined && (
        <span className="text-err-text">{breakerInWords(now, standing.nowMs)} </span>
      )}
      Of requests that succeed within {setting(config.windowMs)}, of {count(config.minRequests)} at least; open for{' '}
      {setting(config.openMs)} at first.
    </Line>
  );
}

export interface ProtectionDetailProps {
  readonly edge: ProtectedEdge;
  readonly standing: Standing | undefined;
  readonly onClose: () => void;
}

export function ProtectionDetail({ edge, standing, onClose }: ProtectionDetailProps) {
  const { protection, target } = edge;
  const { limits, rule } = protection;
  const route = rule?.rule.split('/') ?? [];
  return (
    <Panel
      label={`Protection of ${nameOf(edge)}`}
      title={<span className="mono">{nameOf(edge)}</span>}
      actions={
        <IconButton label="Close" kind="ghost" size="s" onClick={onClose}>
          <X aria-hidden="true" strokeWidth={1.75} />
        </IconButton>
      }
    >
      <dl className="grid grid-cols-3 gap-3 px-4 py-3">
        <Stat label="Requests" value={rate(edge.requestsPerSecond)} />
        <Stat label="Errors" value={percent(edge.errorRate)} tone={edge.errorRate > 0.01 ? 'err' : undefined} />
        <Stat label="Retries" value={rate(edge.retriesPerSecond)} />
      </dl>
      <dl>
        {rule !== null && <Rule rule={rule} />}
        <Line name="Connect timeout" value={timeoutInWords(protection.connectTimeoutMs)}>
          To an instance; then another one is tried.
        </Line>
        <Line name="Limits" value={`${count(limits.maxRequests)} requests`}>
          {count(limits.maxConnections)} connections and {count(limits.maxPending)} waiting requests for each proxy of
          the caller; beyond them a request fails at once with 503 (UO), so that a queue never grows.{' '}
          {edge.refusedPerSecond > 0 && `Now ${inWords(rate(edge.refusedPerSecond))} are refused.`}
        </Line>
        <BreakerLine edge={edge} standing={standing} />
        <Outliers edge={edge} />
      </dl>
      <p className="flex flex-wrap gap-x-4 gap-y-1 border-line border-t px-4 py-3 text-12">
        {route.length === 3 && route[1] !== undefined && (
          <ScopedLink href={`/routes/${route[0]}/${route[1]}`} className="link">
            Rule {route[2]} of {route[1]}
          </ScopedLink>
        )}
        <ScopedLink href={`/services/${target.namespace}/${target.name}`} className="link">
          Service {target.name}
        </ScopedLink>
        <ScopedLink href={`/topology?select=${encodeURIComponent(edge.id)}`} className="link">
          On the graph
        </ScopedLink>
      </p>
    </Panel>
  );
}
