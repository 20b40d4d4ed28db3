'use client';
// A request that is never sent: which rule of the draft takes it and why, and where it would go.
import { Play, Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { Select } from '#components/ui/choice.tsx';
import { Panel } from '#components/ui/panel.tsx';
import type { RequestRouteKind } from '../model/kinds.ts';
import type { RouteView } from '../model/view.ts';
import { useGateways } from '../use-gateways.ts';
import { Answer } from './answer.tsx';
import { type Client, ClientFields, isSoundClient, NOBODY } from './client-fields.tsx';
import { listenersOf, type Origin, originId, originInWords, REQUEST_PROTOCOLS } from './connection-origins.ts';
import type { TracedRequest } from './from-trace.ts';
import { type Header, HeaderChip } from './header-chip.tsx';
import { GrpcTarget, HttpTarget, isSoundPath } from './request-target.tsx';
import { TraceMenu } from './trace-menu.tsx';
import { type Caller, useCallers } from './use-callers.ts';
import type { TestedGateway, TestedRequest } from './use-explanation.ts';

const HEADERS_MAX = 20;

export interface TestRequestProps {
  readonly kind: RequestRouteKind;
  readonly namespace: string;
  readonly route: string;
  readonly view: Pick<RouteView, 'parents' | 'hostnames'>;
  /** The service that the route belongs to, whom the tested request calls; none for a route of gateways only. */
  readonly service: string | undefined;
  /** The draft, while it differs from what is stored. */
  readonly yaml: string | undefined;
}

interface Choice {
  readonly outside: readonly Origin[];
  readonly known: readonly Caller[];
  readonly chosen: string;
}

function callerOptions({ outside, known, chosen }: Choice, namespace: string) {
  // One from a trace may have left the mesh since.
  const isKnown =
    chosen === namespace ||
    outside.some((origin) => originId(origin) === chosen) ||
    known.some((caller) => caller.id === chosen);
  const callers = isKnown ? known : [{ id: chosen }, ...known];
  return [
    ...outside.map((origin) => ({ value: originId(origin), label: originInWords(origin, namespace) })),
    ...callers.map((caller) => ({
      value: caller.id,
      label: caller.id.startsWith(`${namespace}/`) ? caller.id.slice(namespace.length + 1) : caller.id,
    })),
    { value: namespace, label: `anyone in ${namespace}` },
  ];
}

/** Clients outside call by the hostnames of the route, those within by the service. */
function usualHost(service: string | undefined, hostnames: readonly string[]): string {
  return service ?? hostnames[0]?.replace('*', 'www') ?? 'www.example.com';
}

function gatewayOf({ namespace, name, port = 0 }: Origin, client: Client): TestedGateway {
  return { namespace, name, port, ...client };
}

export function TestRequest({ kind, namespace, route, view, service, yaml }: TestRequestProps) {
  const isGrpc = kind === 'GRPCRoute';
  const Target = isGrpc ? GrpcTarget : HttpTarget;
  const callers = useCallers(namespace, service);
  const outside = listenersOf({ ...view, namespace, gateways: useGateways() }, REQUEST_PROTOCOLS);
  const [method, setMethod] = useState(isGrpc ? 'POST' : 'GET');
  const [typedHost, setHost] = useState<string>();
  const [path, setPath] = useState(isGrpc ? '//' : '/');
  const [chosen, setCaller] = useState<string>();
  const [client, setClient] = useState(NOBODY);
  const [headers, setHeaders] = useState<readonly Header[]>([]);
  const [asked, setAsked] = useState<TestedRequest | null>(null);
  const [first] = outside;
  const usual = service === undefined && first !== undefined ? originId(first) : callers[0]?.id;
  const caller = chosen ?? usual ?? namespace;
  const origin = outside.find((candidate) => originId(candidate) === caller);
  const host = typedHost ?? usualHost(origin === undefined ? service : undefined, view.hostnames);
  const isSound = isSoundPath(kind, path) && host.trim() !== '' && (origin === undefined || isSoundClient(client));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isSound) return;
    const from = origin === undefined ? caller : gatewayOf(origin, client);
    setAsked({ method, host: host.trim(), path, headers, from });
  };
  const fill = (traced: TracedRequest) => {
    setMethod(traced.method);
    setHost(traced.host);
    setPath(traced.path);
    setCaller(traced.caller);
    const { caller: from, ...request } = traced;
    setAsked({ ...request, from, headers });
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
            {service !== undefined && <TraceMenu namespace={namespace} service={service} onChoose={fill} />}
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
              options={callerOptions({ outside, known: callers, chosen: caller }, namespace)}
            />
          </div>
          {origin !== undefined && <ClientFields client={client} onChange={setClient} />}
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
