'use client';
// What protects or tries a service at this moment, as badges beside its name: open breakers, ejections, running faults.
import { Badge } from '#components/ui/badge.tsx';
import { runningOf, useFaults } from '#features/experiments/index.ts';
import { ScopedLink } from '#features/scope/index.ts';
import { breakerInWords, breakerName, breakersOn, ejectedOn, useStanding } from '#features/standing/index.ts';
import { plural } from '#format/number.ts';
import { span } from '#format/time.ts';

export interface ServiceNowProps {
  readonly namespace: string;
  readonly name: string;
}

/** The worst state of the breakers of its callers, and each of them in the title. */
function BreakerBadge(place: ServiceNowProps) {
  const standing = useStanding().data;
  const breakers = breakersOn(standing, place);
  if (standing === undefined || breakers.length === 0) return null;
  const isOpen = breakers.some(({ state }) => state === 'open');
  const words = breakers.map((breaker) => `${breakerName(breaker)}: ${breakerInWords(breaker, standing.nowMs)}`);
  return (
    <Badge tone={isOpen ? 'err' : 'warn'} shape title={words.join('\n')}>
      {isOpen ? 'breaker open' : 'breaker half-open'}
    </Badge>
  );
}

function FaultBadges({ namespace, name }: ServiceNowProps) {
  const { faults, nowMs } = useFaults();
  const here = runningOf(faults, nowMs).filter(
    ({ namespace: of, target }) => of === namespace && target.kind === 'Service' && target.name === name,
  );
  return here.map((fault) => (
    <Badge key={fault.key} tone="info" title={`${fault.name}: ${fault.effects.join(', ')}`}>
      fault, <span className="live-figure">{span(fault.endsAtMs - nowMs)}</span> left
    </Badge>
  ));
}

export function ServiceNow(place: ServiceNowProps) {
  const ejected = ejectedOn(useStanding().data, place);
  return (
    <ScopedLink href="/resilience" className="flex gap-1.5 empty:hidden" data-testid="service-now">
      <BreakerBadge {...place} />
      {ejected.length > 0 && (
        <Badge tone="warn" shape title={ejected.map(({ workload }) => workload).join(', ')}>
          {plural(ejected.length, 'instance')} ejected
        </Badge>
      )}
      <FaultBadges {...place} />
    </ScopedLink>
  );
}
