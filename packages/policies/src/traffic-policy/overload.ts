// What the policies of a service say of the requests that a port takes: adaptive concurrency, size, kinds.
import { type AllowedProtocol, durationMs, overloadDefaults, type TrafficPolicySpec } from '@malha/model';
import type { InboundPort, OverloadConfig, RequestBounds, RequestKind } from '@malha/traffic';

type Spec = NonNullable<TrafficPolicySpec['overload']>;

const KINDS = { HTTP: 'http', gRPC: 'grpc', WebSocket: 'websocket' } as const satisfies Record<
  AllowedProtocol,
  RequestKind
>;
/** What probes by the protocol of gRPC ask, whatever the service. */
const GRPC_HEALTH_PATH = '/grpc.health.v1.Health/Check';

/** `specs` from the most specific level on; `service` is `<namespace>/<name>`. */
export function boundsOfPort(
  specs: readonly TrafficPolicySpec[],
  service: string,
): Pick<InboundPort, 'overload' | 'requests'> {
  const overload = overloadOf(specs, service);
  const requests = requestBoundsOf(specs);
  return { ...(overload !== undefined && { overload }), ...(requests !== undefined && { requests }) };
}

/** Undefined when no level asks for it, or the most specific one that speaks of it says `Off`. */
function overloadOf(specs: readonly TrafficPolicySpec[], service: string): OverloadConfig | undefined {
  const given = specs.flatMap(({ overload }) => overload ?? []);
  const first = <K extends keyof Spec>(name: K): Spec[K] => given.find((spec) => spec[name] !== undefined)?.[name];
  if (given.length === 0 || first('mode') === 'Off') return undefined;
  const base = overloadDefaults;
  const maxConcurrency = first('maxConcurrency') ?? base.maxConcurrency;
  const queueTimeout = first('queueTimeout');
  return {
    id: service,
    // Levels that do not know of each other may cross: what bounds from above is what protects.
    minConcurrency: Math.min(first('minConcurrency') ?? base.minConcurrency, maxConcurrency),
    maxConcurrency,
    maxQueue: first('maxQueue') ?? base.maxQueue,
    queueTimeoutMs: queueTimeout === undefined ? base.queueTimeoutMs : durationMs(queueTimeout),
    probePaths: [...new Set([GRPC_HEALTH_PATH, ...specs.flatMap(({ healthCheck }) => healthCheck?.http?.path ?? [])])],
  };
}

function requestBoundsOf(specs: readonly TrafficPolicySpec[]): RequestBounds | undefined {
  const given = specs.flatMap(({ requests }) => requests ?? []);
  const maxBytes = given.find((spec) => spec.maxBytes !== undefined)?.maxBytes;
  const protocols = given.find((spec) => spec.allowedProtocols !== undefined)?.allowedProtocols;
  if (maxBytes === undefined && protocols === undefined) return undefined;
  return {
    ...(maxBytes !== undefined && { maxBytes }),
    ...(protocols !== undefined && { kinds: protocols.map((protocol) => KINDS[protocol]) }),
  };
}
