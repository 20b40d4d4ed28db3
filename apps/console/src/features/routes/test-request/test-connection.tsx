'use client';
// A connection that is never made: which rule of the draft takes it and why, and where its bytes would go.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { Select } from '#components/ui/choice.tsx';
import { TextField } from '#components/ui/field.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { useTRPC } from '#trpc/client.ts';
import { findingsOf, inPlainWords } from '#trpc/errors.ts';
import type { RouteView } from '../model/view.ts';
import { useGateways } from '../use-gateways.ts';
import { AnswerFailure, Verdicts } from './answer.tsx';
import { type Origin, originId, originInWords, originsOf } from './connection-origins.ts';
import { useCallers } from './use-callers.ts';

const PORT_MAX = 65_535;
const NAME_MAX = 253;

export interface TestConnectionProps {
  readonly view: RouteView;
  readonly namespace: string;
  readonly route: string;
  /** The draft, while it differs from what is stored. */
  readonly yaml: string | undefined;
}

interface TestedConnection {
  readonly from: Pick<Origin, 'type' | 'namespace' | 'name'>;
  readonly port: number;
  readonly serverName: string;
}

function Answer({ asked, yaml, own }: { asked: TestedConnection; yaml: string | undefined; own: string }) {
  const trpc = useTRPC();
  const input = { ...asked, ...(yaml !== undefined && { yaml }) };
  const { data, error } = useQuery(
    trpc.explain.connection.queryOptions(input, { placeholderData: keepPreviousData, staleTime: 2_000, retry: false }),
  );
  if (error !== null) return <AnswerFailure words={findingsOf(error)[0]?.message ?? inPlainWords(error)} />;
  if (data === undefined) return <p className="text-12 text-t2">Asking the engine</p>;
  if (data === null) return <AnswerFailure words={`There is no ${asked.from.type} ${asked.from.name} in the mesh.`} />;
  return <Verdicts explanation={data} own={own} />;
}

export function TestConnection({ view, namespace, route, yaml }: TestConnectionProps) {
  const gateways = useGateways();
  const workloads = useCallers(namespace, view.parentService).map(({ id }) => id);
  const origins = originsOf({ parents: view.parents, namespace, gateways, workloads });
  const [chosen, setChosen] = useState<string>();
  const [portText, setPortText] = useState('');
  const [serverName, setServerName] = useState<string>();
  const [asked, setAsked] = useState<TestedConnection | null>(null);
  const origin = origins.find((each) => originId(each) === chosen) ?? origins[0];
  const port = origin?.port ?? (/^\d{1,5}$/.test(portText) ? Number(portText) : 0);
  const isSound = origin !== undefined && port > 0 && port <= PORT_MAX;
  const isTls = view.kind === 'TLSRoute';
  const name = isTls ? (serverName ?? view.hostnames[0]?.replace('*', 'www') ?? '') : '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isSound) return;
    const { type, namespace: of, name: who } = origin;
    setAsked({ from: { type, namespace: of, name: who }, port, serverName: name.trim().toLowerCase() });
  };
  return (
    <form onSubmit={submit} data-testid="test-connection">
      <Panel
        title="Test a connection"
        sub={yaml === undefined ? 'against what is stored, nothing is sent' : 'against this draft, nothing is sent'}
        actions={
          <Button type="submit" disabled={!isSound}>
            <Play aria-hidden="true" strokeWidth={1.75} />
            Explain
          </Button>
        }
      >
        <div className="grid gap-2 px-4 py-3">
          <div className="grid grid-cols-[minmax(140px,3fr)_88px_minmax(120px,3fr)] gap-2">
            <Select
              label="Where the connection comes from"
              prefix="from"
              value={origin === undefined ? '' : originId(origin)}
              onChange={setChosen}
              options={origins.map((each) => ({ value: originId(each), label: originInWords(each, namespace) }))}
            />
            <TextField
              aria-label="Port that the proxy listens on"
              placeholder="port"
              inputMode="numeric"
              mono
              maxLength={5}
              value={origin?.port === undefined ? portText : String(origin.port)}
              readOnly={origin?.port !== undefined}
              onChange={(event) => setPortText(event.target.value.trim())}
            />
            {isTls && (
              <TextField
                aria-label="Server name that the client asks for"
                placeholder="server name"
                mono
                maxLength={NAME_MAX}
                value={name}
                onChange={(event) => setServerName(event.target.value)}
              />
            )}
          </div>
          {origins.length === 0 && (
            <p className="text-12 text-t2">
              No listener for bytes and no workload: attach the route to a gateway first.
            </p>
          )}
          {asked !== null && (
            <div className="mt-1 border-line border-t pt-3">
              <Answer asked={asked} yaml={yaml} own={`${namespace}/${route}`} />
            </div>
          )}
        </div>
      </Panel>
    </form>
  );
}
