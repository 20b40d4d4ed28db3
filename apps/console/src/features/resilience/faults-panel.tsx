'use client';
// The faults that are at work, each with its countdown, and one button that stops them all.
import { CircleX } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { Button } from '#components/ui/button.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { useSession } from '#features/session/index.ts';
import { plural } from '#format/number.ts';
import { clock, span } from '#format/time.ts';
import { inPlainWords } from '#trpc/errors.ts';
import { type Fault, useFaults } from './use-faults.ts';

function Countdown({ fault, nowMs }: { readonly fault: Fault; readonly nowMs: number }) {
  const left = Math.max(0, fault.endsAtMs - nowMs);
  const whole = Math.max(1, fault.endsAtMs - fault.startedAtMs);
  return (
    <>
      <p className="flex items-baseline justify-between gap-2">
        <b className="live-figure text-16 font-semi text-t0">{span(left)}</b>
        <span className="text-11 text-t3">left, ends by itself at {clock(fault.endsAtMs)}</span>
      </p>
      <span aria-hidden="true" className="my-1 block h-1 overflow-hidden rounded-full bg-track">
        <span
          className="block h-full rounded-full bg-(--accent)"
          style={{ width: `${Math.min(100, ((whole - left) / whole) * 100)}%` }}
        />
      </span>
    </>
  );
}

function Item({ fault, nowMs }: { readonly fault: Fault; readonly nowMs: number }) {
  const { target } = fault;
  return (
    <li className="border-line border-t px-4 py-3 text-12" data-testid={`fault-${fault.namespace}-${fault.name}`}>
      <Countdown fault={fault} nowMs={nowMs} />
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
  const { may } = useSession();
  const { faults, error, nowMs, stopAll, isStopping } = useFaults();
  // Of every namespace, whatever the scope: the button stops all of them.
  const running = (faults ?? []).filter((fault) => fault.isRunning && fault.endsAtMs > nowMs);
  return (
    <Panel
      className="overflow-hidden"
      title="Faults"
      beside={<Badge tone={running.length > 0 ? 'info' : undefined}>{running.length} running</Badge>}
      actions={
        running.length > 0 && (
          <Button
            kind="danger"
            size="s"
            disabled={!may('operator')}
            title={may('operator') ? undefined : 'Stopping faults needs the role operator'}
            busy={isStopping ? 'Stopping' : undefined}
            onClick={stopAll}
          >
            <CircleX aria-hidden="true" strokeWidth={1.75} />
            Stop {running.length === 1 ? 'it' : 'all'} now
          </Button>
        )
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
