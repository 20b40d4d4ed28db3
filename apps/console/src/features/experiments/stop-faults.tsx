'use client';
// The one button that stops every running fault at once; asks first, and says which they are.
import { CircleX } from 'lucide-react';
import { useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { Dialog } from '#components/ui/dialog.tsx';
import { useSession } from '#features/session/index.ts';
import { plural } from '#format/number.ts';
import { countdown } from '#format/time.ts';
import type { Fault } from './use-faults.ts';

export interface StopFaultsProps {
  readonly running: readonly Fault[];
  readonly nowMs: number;
  readonly isStopping: boolean;
  readonly onStop: () => void;
}

export function StopFaults({ running, nowMs, isStopping, onStop }: StopFaultsProps) {
  const { may } = useSession();
  const [isAsking, setIsAsking] = useState(false);
  const all = running.length === 1 ? 'it' : 'all';
  const stop = () => {
    setIsAsking(false);
    onStop();
  };
  return (
    <>
      <Button
        kind="danger"
        size="s"
        disabled={!may('operator')}
        title={may('operator') ? undefined : 'Stopping faults needs the role operator'}
        busy={isStopping ? 'Stopping' : undefined}
        onClick={() => setIsAsking(true)}
      >
        <CircleX aria-hidden="true" strokeWidth={1.75} />
        Stop {all} now
      </Button>
      <Dialog
        open={isAsking && running.length > 0}
        onClose={() => setIsAsking(false)}
        title={`Stop ${plural(running.length, 'fault')} now?`}
        description="One change ends them in every namespace; proxies drop them as it arrives. An experiment among them is inconclusive then."
        actions={
          <>
            <Button onClick={() => setIsAsking(false)}>Let {running.length === 1 ? 'it' : 'them'} run</Button>
            <Button kind="danger" onClick={stop}>
              Stop {all}
            </Button>
          </>
        }
      >
        <ul className="grid gap-1 px-5 pt-3 text-12 text-t1">
          {running.map((fault) => (
            <li key={fault.key}>
              <span className="mono text-t0">
                {fault.namespace}/{fault.name}
              </span>
              : {fault.effects.join(', ')}; {countdown(fault.endsAtMs - nowMs)} left
            </li>
          ))}
        </ul>
      </Dialog>
    </>
  );
}
