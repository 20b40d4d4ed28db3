'use client';
// A strip above a page while faults are at work: which, how long still, and the button that stops them all.
import { FlaskConical } from 'lucide-react';
import { ScopedLink } from '#features/scope/index.ts';
import { plural } from '#format/number.ts';
import { countdown } from '#format/time.ts';
import { StopFaults } from './stop-faults.tsx';
import { runningOf, useFaults } from './use-faults.ts';

/** More are counted. */
const NAMED_MAX = 3;

export function RunningFaults() {
  const { faults, nowMs, stopAll, isStopping } = useFaults();
  const running = runningOf(faults, nowMs);
  if (running.length === 0) return null;
  const more = running.length - NAMED_MAX;
  return (
    <section
      aria-label="Running faults"
      data-testid="running-faults"
      className="flex shrink-0 items-center gap-3 border-line border-b bg-info-tint px-4 py-1.5 text-12"
    >
      <FlaskConical aria-hidden="true" size={14} strokeWidth={1.75} className="shrink-0 text-info-text" />
      <ScopedLink href="/resilience" className="font-semi text-t0 hover:underline">
        {plural(running.length, 'fault')} running
      </ScopedLink>
      <ul className="flex min-w-0 flex-1 items-center gap-4 overflow-hidden">
        {running.slice(0, NAMED_MAX).map((fault) => (
          <li key={fault.key} className="flex min-w-0 items-baseline gap-1.5 whitespace-nowrap">
            <span className="mono truncate text-t0">{fault.name}</span>
            <span className="text-t2 max-[1359px]:hidden">on {fault.target.name}</span>
            <b className="live-figure font-semi text-t0">{countdown(fault.endsAtMs - nowMs)}</b>
            <span className="text-t3">left</span>
          </li>
        ))}
        {more > 0 && <li className="whitespace-nowrap text-t2">and {more} more</li>}
      </ul>
      <StopFaults running={running} nowMs={nowMs} isStopping={isStopping} onStop={stopAll} />
    </section>
  );
}
