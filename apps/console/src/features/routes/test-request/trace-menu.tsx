'use client';
// Fills the tested request from a call that was traced: the newest ones of the service.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Waypoints } from 'lucide-react';
import { useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { Menu, MenuItem, MenuLabel } from '#components/ui/menu.tsx';
import { notify } from '#components/ui/toast.tsx';
import { duration, inWords } from '#format/number.ts';
import { useTRPC } from '#trpc/client.ts';
import { inPlainWords } from '#trpc/errors.ts';
import { requestOfTrace, type TracedRequest } from './from-trace.ts';

const RECENT = { liveSeconds: 900 };
const SHOWN = 8;

export interface TraceMenuProps {
  readonly namespace: string;
  readonly service: string;
  readonly onChoose: (request: TracedRequest) => void;
}

export function TraceMenu({ namespace, service, onChoose }: TraceMenuProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Menu
      onOpenChange={setOpen}
      trigger={
        <Button kind="ghost">
          <Waypoints aria-hidden="true" strokeWidth={1.75} />
          From a trace
        </Button>
      }
    >
      {isOpen && <Recent namespace={namespace} service={service} onChoose={onChoose} />}
    </Menu>
  );
}

function Recent({ namespace, service, onChoose }: TraceMenuProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const traces = useQuery(trpc.traces.search.queryOptions({ namespace, service, range: RECENT, limit: SHOWN }));
  const choose = async (traceId: string) => {
    try {
      const { spans } = await queryClient.fetchQuery(trpc.traces.get.queryOptions({ traceId }));
      const request = requestOfTrace(spans, `${namespace}/${service}`);
      if (request === undefined)
        notify({ tone: 'warn', title: `That trace has no call of ${service}`, id: 'from-trace' });
      else onChoose(request);
    } catch (error) {
      notify({ tone: 'err', title: 'The trace cannot be read', detail: inPlainWords(error), id: 'from-trace' });
    }
  };
  if (traces.data === undefined) return <MenuLabel>{traces.isError ? 'Traces cannot be read' : 'Reading'}</MenuLabel>;
  if (traces.data.length === 0) return <MenuLabel>No trace of {service} in 15 minutes</MenuLabel>;
  return (
    <>
      <MenuLabel>Without query and headers: traces keep neither</MenuLabel>
      {traces.data.map((trace) => (
        <MenuItem
          key={trace.traceId}
          hint={`${trace.status} · ${inWords(duration(trace.durationMs))}`}
          onSelect={() => void choose(trace.traceId)}
        >
          <span className="mono">{trace.traceId.slice(0, 8)}</span> {trace.rootOperation}
        </MenuItem>
      ))}
    </>
  );
}
