// The engine side: compiled resources, router, authorizer, mutations and retry decisions, without a socket or a clock.
import {
  type AttemptOutcome,
  type BalancedEndpoint,
  BucketTable,
  type ClusterName,
  type ConditionView,
  type DirectResponseAction,
  type Endpoint,
  FALLBACK_HEADER,
  type Fault,
  FaultClock,
  type FaultRule,
  type ForwardAction,
  INVALID_BACKEND,
  type InboundPort,
  type MeshConfig,
  type Mirror,
  mostSpecific,
  quotaHeaders,
  type RateLimitRule,
  type RedirectAction,
  type RequestBounds,
  type RequestView,
  type Route,
  splitAuthority,
  type TcpRoute,
  type WeightedCluster,
} from '@malha/traffic';
import { forUndeclaredBytes, withoutHttpRules } from '@malha/traffic/authorization-layer4';
import { clientAddress } from '@malha/traffic/client-address';
import { Cors, type CorsRequest } from '@malha/traffic/cors';
import { isHttpListener, isMisdirected } from '@malha/traffic/gateway';
import { parseGrpcTimeout } from '@malha/traffic/grpc-timeout';
import { admits, RouteBreakers } from '@malha/traffic/route-breakers';
import { sessionHeader, tokenOf } from '@malha/traffic/session';
import { answerFrom, BACKEND_HEADERS } from './backends.ts';
import {
  type Answer,
  type AnswerDetails,
  type Caller,
  type CaseRequest,
  type MatrixCase,
  OUTSIDE_COUNTRY,
  UPSTREAM_PORTS,
} from './case.ts';
import { EngineCluster, NOW_MS } from './engine-cluster.ts';
import { fallbackOf } from './engine-fallback.ts';
import { ENGINE, type EngineParts } from './engine-parts.ts';
import { isOfLines, TOLD } from './greeter.ts';
import { grpcCodeOf } from './grpc-status.ts';
import { HeaderList } from './header-list.ts';
import type { Outcome, SeenRequest } from './outcome.ts';
import { type Player, settingOf } from './side.ts';
import { backendName, MEMBERS, type Places, TRUST_DOMAIN, worldOf } from './stage.ts';

const DOWN_PORT = 1;
/** Of the clock of limits. */
const STARTED_MS = 1_000_000;
const RESOURCE_EXHAUSTED = 8;
const PERMISSION_DENIED = 7;
/** What conditions on requests see of a connection of bytes. */
const NO_REQUEST: ConditionView = { principal: undefined, method: '', path: '', header: () => undefined };

/** Addresses and ports that are never dialled: the endpoint's workload says which application it is. */
const PLACES: Places = {
  model: 'sidecar',
  addressOf: (member) => `127.0.0.${MEMBERS.indexOf(member) + 2}`,
  appPort: (name, port) => (name === 'down' ? DOWN_PORT : port),
};

interface Message {
  readonly method: string;
  readonly headers: HeaderList;
  readonly body: string;
  authority: string;
  path: string;
  /** Of a client of the gateway. */
  country?: string;
  readonly isUpgrade?: boolean;
}

interface Peer {
  readonly principal: string | undefined;
  readonly namespace: string | undefined;
}

const NOBODY: Peer = { principal: undefined, namespace: undefined };

interface Carried {
  readonly route: Route;
  readonly action: ForwardAction;
  readonly weighted: WeightedCluster;
  /** Of its session. */
  readonly preferred: BalancedEndpoint | undefined;
}

/** Taken by the proxy of the workload. */
interface Connection {
  readonly workload: string;
  readonly routes: readonly TcpRoute[];
  readonly serverName: string;
}

interface Attempt {
  readonly outcome: AttemptOutcome;
  readonly elapsedMs: number;
  readonly result: Outcome;
}

export class EnginePlayer implements Player {
  readonly side = 'engine';
  readonly #parts: EngineParts;
  readonly #random: () => number;
  #configs = new Map<string, MeshConfig>();
  #setting: string | undefined;
  #turn = 0;
  #clusters = new Map<string, EngineCluster>();
  #routeBreakers = new RouteBreakers();
  #buckets = BucketTable.create(seededRandom(2));

  constructor(parts: EngineParts = ENGINE, random = seededRandom(1)) {
    this.#parts = parts;
    this.#random = random;
  }

  async prepare(matrixCase: MatrixCase): Promise<void> {
    this.#turn = 0;
    if (this.#setting === settingOf(matrixCase)) return;
    const world = worldOf(matrixCase, PLACES);
    this.#configs = new Map(
      MEMBERS.map((member) => {
        const [namespace = '', workload = ''] = member.split('/');
        return [member, this.#parts.compile(world, { namespace, workload }).config];
      }),
    );
    this.#buckets = BucketTable.create(seededRandom(2));
    this.#clusters = new Map();
    this.#routeBreakers = new RouteBreakers();
    this.#setting = settingOf(matrixCase);
  }

  async send(caller: Caller, request: CaseRequest, answers: readonly Answer[]): Promise<Outcome> {
    const isTunnel = request.protocol === 'websocket' || request.protocol === 'h2-websocket';
    const message: Message = {
      method: request.protocol === 'grpc' ? 'POST' : (request.method ?? 'GET'),
      authority: request.host.toLowerCase(),
      path: request.path ?? '/',
      headers: new HeaderList([
        ...(request.protocol === 'grpc' ? ([['content-type', 'application/grpc']] as const) : []),
        ...(request.headers ?? []),
      ]),
      body: isTunnel ? '' : (request.body ?? ''),
      isUpgrade: isTunnel,
    };
    const outcome = this.#outcomeOf(caller, request, message, answers);
    if (isTunnel) return upgraded(outcome, request);
    if (isOfLines(request)) return outcome.status === 200 ? { ...outcome, headers: [], body: TOLD } : outcome;
    if (request.protocol !== 'grpc') return outcome;
    return { ...outcome, grpcStatus: outcome.grpcStatus ?? grpcCodeOf(outcome.status) };
  }

  #outcomeOf(caller: Caller, request: CaseRequest, message: Message, answers: readonly Answer[]): Outcome {
    if (caller.via === 'outbound') {
      const { workload } = caller;
      return this.#routed(workload, this.#config(workload).outbound.routeTable, 'http', message, answers);
    }
    if (caller.via === 'gateway') return this.#gateway(caller, message, answers);
    if (caller.via === 'upstream') return this.#upstream(caller, request, message, answers);
    const seen: SeenRequest[] = [];
    return this.#inbound('shop/vault', portOf(request), peerOf(caller.identity), message, answers, seen).result;
  }

  async close(): Promise<void> {}

  /** The listener of the port, the server of the handshake, what the edge says of the client; then as any other call. */
  #gateway(
    { port, serverName, edge = 'shop/front' }: Extract<Caller, { via: 'gateway' }>,
    message: Message,
    answers: readonly Answer[],
  ): Outcome {
    const listener = this.#config(edge).gateways?.find((each) => each.port === port);
    if (listener === undefined) return answered('closed');
    if (!isHttpListener(listener)) {
      const isTls = listener.protocol === 'TLS';
      if (isTls !== (serverName !== undefined)) return answered('closed');
      return this.#bytes({ workload: edge, routes: listener.routes, serverName: serverName ?? '' }, message, answers);
    }
    const { servers, routeTable, protocol, trustedHops } = listener;
    const scheme = protocol === 'HTTPS' ? 'https' : 'http';
    if (scheme === 'https') {
      const chosen = mostSpecific(servers, serverName ?? '');
      if (chosen === undefined) return answered('closed');
      const { host } = splitAuthority(message.authority);
      if (isMisdirected(servers, host, serverName ?? '')) return answered(421);
    }
    const { headers } = message;
    for (const name of ['forwarded', 'x-forwarded-host', 'x-forwarded-client-cert', 'x-malha-priority'])
      headers.remove(name);
    headers.set('x-forwarded-for', clientAddress(headers.get('x-forwarded-for'), '127.0.0.1', trustedHops));
    const claimed = headers.get('x-forwarded-proto');
    const seen = trustedHops > 0 && (claimed === 'http' || claimed === 'https') ? claimed : scheme;
    headers.set('x-forwarded-proto', seen);
    message.country = OUTSIDE_COUNTRY;
    return this.#routed(edge, routeTable, seen, message, answers);
  }

  #upstream(
    { upstream, serverName = '' }: Extract<Caller, { via: 'upstream' }>,
    request: CaseRequest,
    message: Message,
    answers: readonly Answer[],
  ): Outcome {
    const workload = 'shop/front';
    const listener = this.#config(workload).tcp?.find(({ port }) => port === UPSTREAM_PORTS[upstream]);
    if (listener === undefined) return answered('closed');
    const { routes, protocol, faults, httpRouteTable } = listener;
    // The handshake of a client's TLS is bytes to the proxy, whatever it carries.
    if (httpRouteTable !== undefined && serverName === '' && !isOfLines(request))
      return this.#routed(workload, httpRouteTable, 'http', message, answers);
    if (this.#faultOf(faults, NO_REQUEST)?.isReset === true) return answered('closed');
    return this.#bytes({ workload, routes, serverName: protocol === 'tls' ? serverName : '' }, message, answers);
  }

  /** A connection of bytes: its route by server name, its backend by weight, an endpoint that can be connected to. */
  #bytes({ workload: from, routes, serverName }: Connection, message: Message, answers: readonly Answer[]): Outcome {
    const config = this.#config(from);
    const router = this.#parts.compileTcpRoutes({ routes });
    const cluster = router.route(serverName.toLowerCase(), this.#random)?.backend?.cluster;
    const endpoints = config.endpoints.find((each) => each.cluster === cluster)?.endpoints ?? [];
    const reachable = endpoints.filter(({ workload, port }) => isMember(workload) || port !== DOWN_PORT);
    const endpoint = reachable[this.#turn++ % Math.max(1, reachable.length)];
    const serves = config.clusters.find((each) => each.name === cluster);
    if (endpoint === undefined || serves === undefined) return answered('closed');
    const [, workload = ''] = endpoint.workload.split('/');
    if (!isMember(endpoint.workload)) return applied(backendName(workload, endpoint.port), message, answers, []).result;
    const port = this.#config(endpoint.workload).inbound.ports.find((each) =>
      each.serverNames.includes(serves.tls.serverName),
    );
    if (port === undefined) return answered('closed');
    const [namespace = '', serviceAccount = ''] = from.split('/');
    const caller = peerOf({ namespace, serviceAccount });
    const connection = { ...caller, sourceIp: '127.0.0.1', method: '', path: '', host: '', header: () => undefined };
    const rules = port.takesBytes ? forUndeclaredBytes(port.authorization) : withoutHttpRules(port.authorization);
    const { allowed } = this.#parts.compileAuthorization(rules).decide({ ...connection, port: port.port });
    if (!allowed || this.#isConnectionLimited(port)) return answered('closed');
    return applied(backendName(workload, port.port), message, answers, []).result;
  }

  #isConnectionLimited({ port, connectionLimits = [] }: InboundPort): boolean {
    return connectionLimits.some(
      (rule) => !this.#buckets.take(this.#buckets.hashOf(String(port), rule.id), STARTED_MS, rule).isTaken,
    );
  }

  #routed(
    workload: string,
    routeTable: string,
    scheme: 'http' | 'https',
    message: Message,
    answers: readonly Answer[],
  ): Outcome {
    const config = this.#config(workload);
    const table = config.routeTables.find(({ name }) => name === routeTable);
    if (table === undefined) throw new Error('no route table');
    const decision = this.#parts.compileRouteTable(table).route(viewOf(message), this.#random);
    const { route } = decision;
    if (route === undefined) return answered(404);
    const action = decision.weighted?.answer ?? route.action;
    if (action.type === 'direct') return { ...this.#own(action, new HeaderList([])), body: action.body };
    if (action.type === 'redirect') {
      const { authority, path } = message;
      const location = this.#parts.redirectLocation(action, route.match.path, { scheme, authority, path });
      return this.#own(action, new HeaderList([['location', location]]));
    }
    const policy = decision.weighted?.cors ?? action.cors;
    const cors = policy === undefined ? undefined : new Cors(policy);
    const preflight = cors?.preflight(corsRequestOf(message));
    if (preflight !== undefined)
      return { ...answered(200), headers: preflight.map(({ name, value }) => [name, value]) };
    const session = this.#session(workload, config, message, action);
    const weighted = session?.weighted ?? decision.weighted;
    if (weighted === undefined) return answered(503);
    if (weighted.cluster === INVALID_BACKEND) return answered(500);
    const faulted = this.#faulted(action.faults, message);
    if (faulted !== undefined) return faulted;
    const { refusal, told } = this.#limited(`route|${route.name}`, action.rateLimits, undefined, message);
    if (refusal !== undefined) return refusal;
    this.#change(message, route, action, weighted);
    const added = cors?.response(message.headers.get('origin')) ?? [];
    const copies = this.#copies(config, message, [...(action.mirrors ?? []), ...(weighted.mirrors ?? [])]);
    const carried = { route, action, weighted, preferred: session?.preferred };
    const first = this.#guarded(workload, config, message, carried, answers);
    const outcome = this.#fallenBack(workload, config, message, carried, answers, first);
    return {
      ...outcome,
      seen: [...copies, ...outcome.seen],
      headers: [...outcome.headers, ...told, ...added.map(({ name, value }) => [name, value] as const)],
    };
  }

  #own({ status, responseHeaders }: RedirectAction | DirectResponseAction, headers: HeaderList): Outcome {
    this.#parts.applyHeaderMutation(responseHeaders, headers);
    return { ...answered(status), headers: headers.entries };
  }

  /** What backends of mirrors see; none of them is a member of the mesh. */
  #copies(config: MeshConfig, message: Message, mirrors: readonly Mirror[]): SeenRequest[] {
    const copies: SeenRequest[] = [];
    for (const { cluster, perMillion } of mirrors) {
      const endpoint = config.endpoints.find((each) => each.cluster === cluster)?.endpoints[0];
      const isReached = endpoint !== undefined && endpoint.port !== DOWN_PORT;
      if (!isReached || this.#random() * 1_000_000 >= perMillion) continue;
      const [, name = ''] = endpoint.workload.split('/');
      applied(backendName(name, endpoint.port), message, [], copies);
    }
    return copies;
  }

  #change(message: Message, route: Route, action: ForwardAction, weighted: WeightedCluster): void {
    this.#parts.applyHeaderMutation(action.requestHeaders, message.headers);
    this.#parts.applyHeaderMutation(weighted.requestHeaders, message.headers);
    const { host, path } = weighted.rewrite ?? action.rewrite ?? {};
    if (path !== undefined) message.path = this.#parts.rewritePath(path, route.match.path, message.path);
    if (host !== undefined) message.authority = host;
  }

  #session(workload: string, config: MeshConfig, message: Message, { clusters, session }: ForwardAction) {
    const token = session === undefined ? undefined : tokenOf(session, viewOf(message));
    if (token === undefined) return undefined;
    for (const weighted of clusters) {
      const preferred = this.#cluster(workload, config, weighted.cluster)?.findSession(token);
      if (preferred !== undefined && weighted.weight > 0) return { weighted, preferred };
    }
    return undefined;
  }

  /** Past the breakers of the route and of the cluster, which hear what came of it. */
  #guarded(
    workload: string,
    config: MeshConfig,
    message: Message,
    { route, action, weighted, preferred }: Carried,
    answers: readonly Answer[],
  ): Outcome {
    const breakers = [
      action.breaker === undefined ? undefined : this.#routeBreakers.of(`${workload} ${route.name}`, action.breaker),
      this.#cluster(workload, config, weighted.cluster)?.breaker,
    ] as const;
    if (!admits(...breakers, NOW_MS)) return answered(503);
    const outcome = this.#forward(workload, config, message, { action, weighted, preferred }, answers);
    const ok = typeof outcome.status === 'number' && outcome.status < 500;
    for (const breaker of breakers) breaker?.ended(ok, NOW_MS);
    return outcome;
  }

  /** What the client gets instead of a failure. */
  #fallenBack(
    workload: string,
    config: MeshConfig,
    message: Message,
    { action, weighted }: Carried,
    answers: readonly Answer[],
    failed: Outcome,
  ): Outcome {
    const to = fallbackOf(action, failed);
    if (to === undefined || to.type === 'last-good') return failed;
    const mark = [FALLBACK_HEADER, to.type] as const;
    if (to.type === 'static') {
      const headers = [...to.headers.map(({ name, value }) => [name, value] as const), mark];
      return { ...answered(to.status), headers, body: to.body, seen: failed.seen };
    }
    const { seen } = failed;
    const rest = answers.slice(Math.min(seen.length, answers.length - 1));
    const carried = { action, weighted: { ...weighted, cluster: to.cluster }, preferred: undefined };
    const instead = this.#forward(workload, config, message, carried, rest);
    return { ...instead, seen: [...seen, ...instead.seen], headers: [...instead.headers, mark] };
  }

  #forward(
    workload: string,
    config: MeshConfig,
    message: Message,
    { action, weighted, preferred }: Omit<Carried, 'route'>,
    answers: readonly Answer[],
  ): Outcome {
    const cluster = this.#cluster(workload, config, weighted.cluster);
    const isIdempotent = this.#parts.isIdempotentMethod(message.method);
    const tried: BalancedEndpoint[] = [];
    const deadlineMs = deadlineOf(message);
    const seen: SeenRequest[] = [];
    let elapsedMs = 0;
    if (deadlineMs === 0) return { ...answered(504), grpcStatus: DEADLINE_EXCEEDED };
    for (let attempt = 1; ; attempt += 1) {
      const picked = (attempt === 1 ? preferred : undefined) ?? cluster?.pick(viewOf(message), tried);
      if (picked === undefined) return answered(503);
      const {
        outcome,
        result,
        elapsedMs: ownMs,
      } = limited(
        this.#dial(workload, picked.endpoint, config, weighted, message, answers, seen),
        action.backendRequestTimeoutMs,
      );
      elapsedMs += ownMs;
      cluster?.ended(picked, outcome.type === 'response' ? outcome.status : undefined);
      if (elapsedMs >= Math.min(deadlineMs, boundOf(action)))
        return { ...answered(504), seen, ...(isCall(message) && { grpcStatus: DEADLINE_EXCEEDED }) };
      const { retry } = this.#parts.retryDecision(action.retry, outcome, attempt, isIdempotent, true);
      if (retry) {
        tried.push(picked);
        continue;
      }
      const headers = new HeaderList(result.headers);
      if (outcome.type === 'response') {
        this.#parts.applyHeaderMutation(action.responseHeaders, headers);
        this.#parts.applyHeaderMutation(weighted.responseHeaders, headers);
        if (action.session !== undefined && picked !== preferred) {
          const { name, value } = sessionHeader(action.session, picked.sessionToken);
          headers.add(name, value);
        }
      }
      return { ...result, headers: headers.entries };
    }
  }

  #cluster(workload: string, { clusters, endpoints }: MeshConfig, name: ClusterName): EngineCluster | undefined {
    const key = `${workload} ${name}`;
    const known = this.#clusters.get(key);
    const cluster = clusters.find((each) => each.name === name);
    if (known !== undefined || cluster === undefined) return known;
    const list = endpoints.find((each) => each.cluster === name)?.endpoints ?? [];
    const made = new EngineCluster(cluster, list, this.#parts, this.#random);
    this.#clusters.set(key, made);
    return made;
  }

  /** One attempt: to the application, or to the proxy before it. */
  #dial(
    workload: string,
    endpoint: Endpoint,
    config: MeshConfig,
    weighted: WeightedCluster,
    message: Message,
    answers: readonly Answer[],
    seen: SeenRequest[],
  ): Attempt {
    const cluster = config.clusters.find(({ name }) => name === weighted.cluster);
    const member = MEMBERS.find((candidate) => candidate === endpoint.workload);
    if (member === undefined) {
      const [, name = ''] = endpoint.workload.split('/');
      if (endpoint.port === DOWN_PORT) return failed({ type: 'connect-failure' }, 503, seen);
      return applied(backendName(name, endpoint.port), message, answers, seen);
    }
    const [namespace = '', name = ''] = workload.split('/');
    const peer = endpoint.tls ? peerOf({ namespace, serviceAccount: name }) : NOBODY;
    const serverName = cluster?.tls.serverName ?? '';
    return this.#inbound(member, Number(serverName.split('.')[0]), peer, message, answers, seen);
  }

  /** `servicePort`: as the SNI names it. Plaintext is told apart by its Host. */
  #inbound(
    member: string,
    servicePort: number,
    peer: Peer,
    message: Message,
    answers: readonly Answer[],
    seen: SeenRequest[],
  ): Attempt {
    const { ports } = this.#config(member).inbound;
    const { host, port: hostPort } = splitAuthority(message.authority);
    const port =
      peer.principal === undefined
        ? ports.find(
            ({ hosts, serverNames }) =>
              hosts.includes(host) && serverNames.some((name) => name.startsWith(`${hostPort ?? servicePort}.`)),
          )
        : ports.find(({ serverNames }) => serverNames.some((name) => name.startsWith(`${servicePort}.`)));
    const refused = peer.principal === undefined ? 'STRICT' : 'DISABLE';
    if (port === undefined || port.mode === refused || peer.namespace === FOREIGN)
      return failed({ type: 'reset' }, 'closed', seen);
    const decision = this.#parts.compileAuthorization(port.authorization).decide({
      ...peer,
      sourceIp: '127.0.0.1',
      method: message.method,
      path: message.path,
      host: message.authority,
      port: port.port,
      header: (name) => message.headers.get(name),
    });
    const policies = {
      deniedBy: decision.allowed ? '' : (decision.policy ?? ''),
      shadowDeniedBy: decision.shadowDenied ?? '',
    };
    if (!decision.allowed) {
      const result = { ...answered(403), seen, ...policies };
      return { outcome: { type: 'response', status: 403 }, elapsedMs: 0, result };
    }
    const bounded = this.#bounded(port.requests, message);
    if (bounded !== undefined) return { ...bounded, result: { ...bounded.result, seen, ...policies } };
    const { refusal, told } = this.#limited(`inbound|${port.port}`, port.rateLimits, peer.principal, message);
    if (refusal !== undefined)
      return { outcome: { type: 'response', status: 429 }, elapsedMs: 0, result: { ...refusal, seen, ...policies } };
    const [, name = ''] = member.split('/');
    const attempt = applied(backendName(name, port.port), message, answers, seen);
    const headers = [...attempt.result.headers, ...told];
    return { ...attempt, result: { ...attempt.result, ...policies, headers } };
  }

  /** What a fault makes of the request; delays are not to be seen here. */
  #faulted(rules: readonly FaultRule[] | undefined, { method, path, headers }: Message): Outcome | undefined {
    const fault = this.#faultOf(rules, {
      ...{ principal: undefined, method, path },
      header: (name: string) => headers.get(name),
    });
    if (fault === undefined) return undefined;
    if (fault.isReset) return answered('closed');
    if (fault.abort === undefined) return undefined;
    const { status = 503, grpcStatus } = fault.abort;
    return { ...answered(status), ...(grpcStatus !== undefined && { grpcStatus }) };
  }

  #faultOf(rules: readonly FaultRule[] | undefined, request: ConditionView): Fault | undefined {
    if (rules === undefined) return undefined;
    const now = () => Date.now();
    return new this.#parts.FaultInjector(rules, new FaultClock(now)).draw(request, now(), this.#random);
  }

  /** The answer to a request of a kind or size that the port does not take. */
  #bounded(bounds: RequestBounds | undefined, message: Message): Attempt | undefined {
    if (bounds === undefined) return undefined;
    const kind = message.isUpgrade === true ? 'websocket' : isCall(message) ? 'grpc' : 'http';
    const beyond = this.#parts.beyondBounds(bounds, { kind, bytes: Buffer.byteLength(message.body) });
    if (beyond === undefined) return undefined;
    const status = beyond === 'size' ? 413 : 403;
    const code = beyond === 'size' ? RESOURCE_EXHAUSTED : PERMISSION_DENIED;
    const result = { ...answered(status), ...(kind === 'grpc' && { grpcStatus: code }) };
    return { outcome: { type: 'response', status }, elapsedMs: 0, result };
  }

  /** The answer to a request beyond a limit, or what the answer to one within it tells. No time passes within a case. */
  #limited(
    place: string,
    rules: readonly RateLimitRule[] | undefined,
    principal: string | undefined,
    { method, path, headers }: Message,
  ): { readonly refusal?: Outcome; readonly told: Outcome['headers'] } {
    if (rules === undefined) return { told: [] };
    const header = (name: string) => headers.get(name);
    const request = { principal, sourceIp: '127.0.0.1', method, path, header };
    const decision = new this.#parts.RateLimiter(place, rules, this.#buckets).decide(request, STARTED_MS);
    const told = quotaHeaders(decision).map(({ name, value }) => [name, value] as const);
    if (decision.refusedBy === undefined) return { told };
    return { refusal: { ...answered(429), headers: told, grpcStatus: RESOURCE_EXHAUSTED }, told };
  }

  #config(member: string): MeshConfig {
    const config = this.#configs.get(member);
    if (config === undefined) throw new Error(`${member} is not prepared`);
    return config;
  }
}

/** Namespace that stands for an identity of another trust domain: its certificate proves nothing here. */
const FOREIGN = '<foreign>';

function isMember(workload: string): boolean {
  return MEMBERS.some((member) => member === workload);
}

function peerOf(identity: Extract<Caller, { via: 'inbound' }>['identity']): Peer {
  if (identity === 'plaintext') return NOBODY;
  const { namespace, serviceAccount, trustDomain = TRUST_DOMAIN } = identity;
  const principal = `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
  return { principal, namespace: trustDomain === TRUST_DOMAIN ? namespace : FOREIGN };
}

function portOf({ serverPort = 80 }: CaseRequest): number {
  return serverPort;
}

function viewOf({ method, authority, path, headers, country }: Message): RequestView {
  return { method, authority, path, country, header: (name) => headers.get(name) };
}

function corsRequestOf({ method, headers }: Message): CorsRequest {
  return {
    method,
    origin: headers.get('origin'),
    requestMethod: headers.get('access-control-request-method'),
    requestHeaders: headers.get('access-control-request-headers'),
  };
}

const DEADLINE_EXCEEDED = 4;

function isCall({ headers }: Message): boolean {
  return headers.get('content-type')?.startsWith('application/grpc') === true;
}

/** Of a call of gRPC whose client sent one. */
function deadlineOf(message: Message): number {
  const value = isCall(message) ? message.headers.get('grpc-timeout') : undefined;
  return (value === undefined ? undefined : parseGrpcTimeout(value)) ?? Number.POSITIVE_INFINITY;
}

/** Of all attempts together. */
function boundOf({ requestTimeoutMs, maxDurationMs = 0 }: ForwardAction): number {
  const bounds = [requestTimeoutMs, maxDurationMs].filter((ms) => ms > 0);
  return Math.min(...bounds);
}

function answered(status: number | 'closed'): Outcome {
  return { status, headers: [], seen: [] };
}

/** A backend that would have answered 200 takes the upgrade, and sends back what it gets. */
function upgraded(outcome: Outcome, { body }: CaseRequest): Outcome {
  const isTaken = outcome.status === 200 && outcome.seen.length > 0;
  return isTaken ? { ...outcome, status: 101, body } : { ...outcome, body: '' };
}

function failed(outcome: AttemptOutcome, status: number | 'closed', seen: readonly SeenRequest[]): Attempt {
  return { outcome, elapsedMs: 0, result: { status, headers: [], seen } };
}

/** What the application answers, by the script of the exchange. */
function applied(backend: string, message: Message, answers: readonly Answer[], seen: SeenRequest[]): Attempt {
  const { method, authority, path, headers, body } = message;
  seen.push({ backend, method, path, host: authority, headers: headers.entries, body });
  const answer = answerFrom(backend, answers[seen.length - 1] ?? answers.at(-1) ?? 200);
  if (answer === 'reset') return failed({ type: 'reset' }, 503, seen);
  const details: AnswerDetails = typeof answer === 'number' ? { status: answer } : answer;
  const { status = 200, delayMs = 0, headers: more = {}, grpcStatus } = details;
  const { 'grpc-status': code = '0', ...own } = more;
  const result = {
    status,
    headers: Object.entries({ ...BACKEND_HEADERS, ...own }),
    seen,
    grpcStatus: grpcStatus ?? Number(code),
  };
  const outcome = { type: 'response', status, ...(grpcStatus !== undefined && { grpcStatus }) } as const;
  return { outcome, elapsedMs: delayMs, result };
}

function limited(attempt: Attempt, timeoutMs: number): Attempt {
  if (timeoutMs === 0 || attempt.elapsedMs < timeoutMs) return attempt;
  const { seen } = attempt.result;
  return { outcome: { type: 'timeout' }, elapsedMs: timeoutMs, result: { ...answered(504), seen } };
}

/** Mulberry32: the same numbers in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
