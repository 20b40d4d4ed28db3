'use client';
// The faults that are at work, each with its countdown, and one button that stops them all.
import { Badge } from '#components/ui/badge.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { plural } from '#format/number.ts';
import { clock } from '#format/time.ts';
import { inPlainWords } from '#trpc/errors.ts';
import { FaultCountdown } from './fault-countdown.tsx';
import { StopFaults } from './stop-faults.tsx';
import { type Fault, runningOf, useFaults } from './use-faults.ts';

function Item({ fault, nowMs }: { readonly fault: Fault; readonly nowMs: number }) {
  const { target } = fault;
  return (
    <li className="border-line border-t px-4 py-3 text-12" data-testid={`fault-${fault.namespace}-${fault.name}`}>
      <FaultCountdown fault={fault} nowMs={nowMs} />
      <p className="text-t1">
        <span className="mono text-t0">{fault.name}</span>: of calls to {target.kind}{' '}
        <span className="mono text-t0">{target.name}</span>
        {target.rule !== null && (
          <>
            {' '}
            by rule <span className="mono text-t0">{target.rule}</span>
          </>
        )}{' '}
        {fault.effects.join(', ')}.
      </p>
      <p className="text-11 text-t3">
        since {clock(fault.startedAtMs)}, by {fault.startedBy}
      </p>
    </li>
  );
}

export function FaultsPanel() {
  const { faults, error, nowMs, stopAll, isStopping } = useFaults();
  // Of every namespace, whatever the scope: the button stops all of them.
  const running = runningOf(faults, nowMs);
  return (
    <Panel
      className="overflow-hidden"
      title="Faults"
      beside={<Badge tone={running.length > 0 ? 'info' : undefined}>{running.length} running</Badge>}
      actions={
        running.length > 0 && <StopFaults running={running} nowMs={nowMs} isStopping={isStopping} onStop={stopAll} />
      }
    >
      {running.length > 0 && (
        <ul aria-label={plural(running.length, 'running fault')}>
          {running.map((fault) => (
            <Item key={fault.key} fault={fault} nowMs={nowMs} />
          ))}
        </ul>
      )}
      {running.length === 0 && (
        <p className="border-line border-t px-4 py-3 text-12 text-t2">
          {error !== null && faults === undefined
            ? `Not known: ${inPlainWords(error)}`
            : 'No fault is injected. One that is applied (kind FaultInjection) stands here until it ends by itself.'}
        </p>
      )}
    </Panel>
  );
}
