// How long a fault goes on by itself: the time that is left, and how much of the whole is over.
import { clock, countdown } from '#format/time.ts';
import type { Fault } from './use-faults.ts';

export function FaultCountdown({
  fault,
  nowMs,
}: {
  readonly fault: Pick<Fault, 'startedAtMs' | 'endsAtMs'>;
  readonly nowMs: number;
}) {
  const left = Math.max(0, fault.endsAtMs - nowMs);
  const whole = Math.max(1, fault.endsAtMs - fault.startedAtMs);
  return (
    <>
      <p className="flex items-baseline justify-between gap-2">
        <b className="live-figure text-16 font-semi text-t0">{countdown(left)}</b>
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
