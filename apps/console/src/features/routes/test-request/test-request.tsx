'use client';
// A request that is never sent: which rule of the draft takes it and why, and where it would go.
import { Play, Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { Select } from '#components/ui/choice.tsx';
import { Panel } from '#components/ui/panel.tsx';
import type { RequestRouteKind } from '../model/kinds.ts';
import { Answer } from './answer.tsx';
import type { TracedRequest } from './from-trace.ts';
import { type Header, HeaderChip } from './header-chip.tsx';
import { GrpcTarget, HttpTarget, isSoundPath } from './request-target.tsx';
import { TraceMenu } from './trace-menu.tsx';
import { type Caller, useCallers } from './use-callers.ts';
import type { TestedRequest } from './use-explanation.ts';

const HEADERS_MAX = 20;

export interface TestRequestProps {
  readonly kind: RequestRouteKind;
  readonly namespace: string;
  readonly route: string;
  /** The service that the route belongs to: whom the tested request calls. */
  readonly service: string;
  /** The draft, while it differs from what is stored. */
  readonly yaml: string | undefined;
}

function callerOptions(known: readonly Caller[], namespace: string, chosen: string) {
  // One from a trace may have left the mesh since.
  const isKnown = chosen === namespace || known.some((caller) => caller.id === chosen);
  const callers = isKnown ? known : [{ id: chosen }, ...known];
  return [
    ...callers.map((caller) => ({
      value: caller.id,
      label: caller.id.startsWith(`${namespace}/`) ? caller.id.slice(namespace.length + 1) : caller.id,
    })),
    { value: namespace, label: `anyone in ${namespace}` },
  ];
}

export function TestRequest({ kind, namespace, route, service, yaml }: TestRequestProps) {
  const isGrpc = kind === 'GRPCRoute';
  const Target = isGrpc ? GrpcTarget : HttpTarget;
  const callers = useCallers(namespace, service);
  const [method, setMethod] = useState(isGrpc ? 'POST' : 'GET');
  const [host, setHost] = useState(service);
  const [path, setPath] = useState(isGrpc ? '//' : '/');
  const [chosen, setCaller] = useState<string>();
  const [headers, setHeaders] = useState<readonly Header[]>([]);
  const [asked, setAsked] = useState<TestedRequest | null>(null);
  const caller = chosen ?? callers[0]?.id ?? namespace;
  const isSound = isSoundPath(kind, path) && host.trim() !== '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isSound) setAsked({ method, host: host.trim(), path, headers, caller });
  };
  const fill = (traced: TracedRequest) => {
    setMethod(traced.method);
    setHost(traced.host);
    setPath(traced.path);
    setCaller(traced.caller);
    setAsked({ ...traced, headers });
  };
  const addHeader = () =>
    setHeaders([...headers, { id: Math.max(0, ...headers.map((header) => header.id)) + 1, name: '', value: '' }]);
  return (
    <form onSubmit={submit} data-testid="test-request">
      <Panel
        title="Test a request"
        sub={yaml === undefined ? 'against what is stored, nothing is sent' : 'against this draft, nothing is sent'}
        actions={
          <>
            <TraceMenu namespace={namespace} service={service} onChoose={fill} />
            <Button type="submit" disabled={!isSound}>
              <Play aria-hidden="true" strokeWidth={1.75} />
              Explain
            </Button>
          </>
        }
      >
        <div className="grid gap-2 px-4 py-3">
          <div
            className={`grid gap-2 ${isGrpc ? 'grid-cols-[minmax(72px,2fr)_minmax(96px,3fr)_minmax(80px,2fr)_minmax(112px,3fr)]' : 'grid-cols-[84px_minmax(72px,2fr)_minmax(96px,4fr)_minmax(112px,3fr)]'}`}
          >
            <Target method={method} host={host} path={path} onMethod={setMethod} onHost={setHost} onPath={setPath} />
            <Select
              label="Caller"
              prefix="from"
              value={caller}
              onChange={setCaller}
              options={callerOptions(callers, namespace, caller)}
            />
          </div>
          <div className="flex flex-wrap items-center gap-1.5">
            {headers.map((header) => (
              <HeaderChip
                key={header.id}
                header={header}
                onChange={(next) => setHeaders(headers.map((old) => (old.id === header.id ? next : old)))}
                onRemove={() => setHeaders(headers.filter((old) => old.id !== header.id))}
              />
            ))}
            <button type="button" className="add" disabled={headers.length >= HEADERS_MAX} onClick={addHeader}>
              <Plus aria-hidden="true" />
              header
            </button>
          </div>
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
