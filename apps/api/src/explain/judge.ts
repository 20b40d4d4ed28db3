// What the proxy of an endpoint would say to a request: its inbound authorization, and the limits of the port.
import type { WorldIndex } from '@malha/policies';
import { compile } from '@malha/policies';
import {
  compileAuthorization,
  type Endpoint,
  type InboundPort,
  limitWords,
  overloadWords,
  type RequestView,
  requestBoundsWords,
} from '@malha/traffic';

export interface ExplainedEndpoint {
  readonly workload: string;
  readonly version: string;
  readonly address: string;
  readonly isHealthy: boolean;
  readonly mtls: boolean;
  readonly authorization: ExplainedAuthorization | null;
  /** What bounds the requests of the port that is called, in words: limits of rates, as many at a time, size and kinds. */
  readonly limits: readonly string[];
}

export interface ExplainedAuthorization {
  readonly isAllowed: boolean;
  /** `namespace/name` of the policy that decided, or null when none had to. */
  readonly policy: string | null;
  readonly shadowDenied: string | null;
  readonly words: string;
}

/** A request on its way to its endpoints. */
export interface CarriedRequest {
  readonly view: RequestView;
  readonly principal: string;
  /** Of the caller. */
  readonly namespace: string;
  readonly sourceIp: string;
}

export class Judge {
  readonly #index: WorldIndex;
  readonly #request: CarriedRequest;

  constructor(index: WorldIndex, request: CarriedRequest) {
    this.#index = index;
    this.#request = request;
  }

  /** `serverName`: by which the cluster of the endpoint selects its port. */
  endpoint(endpoint: Endpoint, serverName: string): ExplainedEndpoint {
    const { workload, version, address, port, healthy, tls } = endpoint;
    const inbound = this.#inboundPort(workload, serverName);
    const authorization = inbound === undefined ? null : this.#authorization(inbound, tls);
    const limits = inbound === undefined ? [] : limitsOf(inbound);
    return { workload, version, address: `${address}:${port}`, isHealthy: healthy, mtls: tls, authorization, limits };
  }

  #inboundPort(workload: string, serverName: string): InboundPort | undefined {
    const [namespace = '', name = ''] = workload.split('/');
    const { ports } = compile(this.#index, { namespace, workload: name }).config.inbound;
    return (
      ports.find(({ serverNames }) => serverNames.includes(serverName)) ??
      inboundPortFor(ports, this.#request.view.authority)
    );
  }

  #authorization(port: InboundPort, mtls: boolean): ExplainedAuthorization {
    const { view, principal, namespace, sourceIp } = this.#request;
    const decision = compileAuthorization(port.authorization).decide({
      ...(mtls ? { principal, namespace } : {}),
      sourceIp,
      method: view.method,
      path: view.path,
      host: view.authority,
      port: port.port,
      header: view.header,
    });
    const policy = decision.policy ?? null;
    const verb = decision.allowed ? 'Allowed' : 'Denied with 403';
    const words = policy === null ? `${verb}: no policy decided.` : `${verb} by ${policy}.`;
    return { isAllowed: decision.allowed, policy, shadowDenied: decision.shadowDenied ?? null, words };
  }
}

function limitsOf({ rateLimits = [], overload, requests }: InboundPort): string[] {
  return [
    ...rateLimits.map(limitWords),
    ...(overload === undefined ? [] : [overloadWords(overload)]),
    ...(requests === undefined ? [] : requestBoundsWords(requests)),
  ];
}

/** The port that a caller's proxy would select by SNI; for explaining, by the host that was called. */
export function inboundPortFor(ports: readonly InboundPort[], authority: string): InboundPort | undefined {
  const [host = ''] = authority.split(':');
  return ports.find(({ hosts }) => hosts.includes(host)) ?? ports[0];
}
