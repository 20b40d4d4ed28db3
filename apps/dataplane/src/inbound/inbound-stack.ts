// The inbound stack, top to bottom: port, authorization, client certificate, trace, bounds of requests, rate
// limits, overload, application; and the record at the end.
import type { InboundListener } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import type { RateLimitRule } from '@malha/traffic/rate-limit/rule';
import type { ClusterEnvironment } from '../cluster/cluster-runtime.ts';
import { respondWithError } from '../exchange/error-response.ts';
import type { ConnectionFacts, Exchange, ExchangeHandler } from '../exchange/exchange.ts';
import { HOST } from '../exchange/known-headers.ts';
import { ProxyError } from '../exchange/proxy-error.ts';
import { authorize } from '../filters/authorization.ts';
import { dropClientCertificate, setClientCertificate } from '../filters/client-certificate.ts';
import { dropIntroduction } from '../filters/introduction.ts';
import { answersAsLast } from '../filters/max-forwards.ts';
import type { Overloads } from '../filters/overload/overloads.ts';
import type { Limits } from '../filters/rate-limit/limits.ts';
import { boundBody, refusalOf } from '../filters/request-bounds.ts';
import { NO_DESTINATION, type RequestRecorder } from '../filters/request-recorder.ts';
import { type ForwardEnvironment, Forwarder, type ForwardObserver } from '../filters/router/forwarder.ts';
import { identifyRequest, type TraceSource, traceRequest } from '../filters/tracing.ts';
import type { TcpEnvironment } from '../tcp/tcp-connection.ts';
import type { TcpRecorder } from '../tcp/tcp-recorder.ts';
import { type ConnectionLimit, countRejection, type RejectionReason, type Telemetry } from '../telemetry/record.ts';
import { Callers } from './callers.ts';
import { type InboundPortRuntime, servicePortOf } from './inbound-port.ts';
import { InboundPorts } from './inbound-ports.ts';
import { InboundTcp } from './inbound-tcp.ts';

export interface InboundDependencies {
  readonly workload: { readonly name: string; readonly version: string };
  readonly clusters: ClusterEnvironment;
  readonly forwarding: ForwardEnvironment;
  readonly tracing: TraceSource;
  readonly recorder: RequestRecorder;
  readonly tcp: TcpEnvironment;
  readonly tcpRecorder: TcpRecorder;
  readonly telemetry: Telemetry;
  readonly limits: Limits;
  readonly overloads: Overloads;
}

export class InboundStack implements ExchangeHandler, ForwardObserver {
  readonly ports: InboundPorts;
  private readonly dependencies: InboundDependencies;
  readonly tcp: InboundTcp;
  private readonly callers: Callers;
  private samplePercent = 0;

  constructor(dependencies: InboundDependencies) {
    this.dependencies = dependencies;
    this.callers = new Callers(dependencies.workload);
    this.ports = new InboundPorts(dependencies.clusters);
    this.tcp = new InboundTcp({
      environment: dependencies.tcp,
      recorder: dependencies.tcpRecorder,
      limits: dependencies.limits,
      destinationOf: (port, connection) => this.destinationOf(port, connection),
    });
  }

  /** Throws with nothing changed; the function that it returns brings the configuration into force. */
  prepare(listener: InboundListener): () => void {
    const commitPorts = this.ports.prepare(listener.ports);
    return () => {
      commitPorts();
      this.dependencies.overloads.follow(listener.ports);
      this.samplePercent = listener.tracing.samplePercent;
    };
  }

  requestStarted(exchange: Exchange): void {
    const { connection, request, notes } = exchange;
    const { peer } = connection;
    const port =
      peer === undefined ? this.ports.ofAuthority(request.authority) : this.ports.ofServerName(peer.serverName);
    if (peer === undefined && (port === undefined || port.config.mode === 'STRICT')) {
      // STRICT refuses plaintext by closing without a byte.
      this.dependencies.telemetry.counter('plaintext-refused');
      exchange.abortResponse();
      return;
    }
    if (port?.isRaw) {
      this.answer(exchange, port, new ProxyError('unsupportedProtocol', `port ${port.config.port} is not for HTTP`));
      return;
    }
    if (port === undefined) {
      this.answer(exchange, undefined, new ProxyError('noRoute', `no port has the name ${peer?.serverName}`));
      return;
    }
    const { headers } = request;
    this.callers.meet(exchange.connection, headers);
    dropIntroduction(headers);
    notes.requestId = identifyRequest(headers, this.dependencies.tracing.ids);
    const decision = authorize(exchange, port.authorizer, port.config.port);
    notes.trace = traceRequest(headers, this.samplePercent, this.dependencies.tracing);
    if (!decision.allowed) {
      this.answer(exchange, port, new ProxyError('denied', decision.policy ?? ''));
      return;
    }
    if ((headers.known & HOST) === 0) headers.set('host', port.config.appAddress);
    dropClientCertificate(headers);
    const ownSpiffeId = this.dependencies.clusters.identity()?.spiffeId;
    if (peer !== undefined && ownSpiffeId !== undefined)
      setClientCertificate(headers, this.callers.certificateText(ownSpiffeId, peer));
    const { rateLimits, requests } = port.config;
    const refusal = requests === undefined ? undefined : refusalOf(exchange, requests, this.dependencies.telemetry);
    if (refusal !== undefined) this.answer(exchange, port, refusal);
    else if (answersAsLast(exchange)) {
      const destination = this.destinationOf(port, exchange.connection);
      this.dependencies.recorder.tell(exchange, destination, { flags: 0, attempts: 1, ttfbMs: -1 });
    } else if (rateLimits === undefined) this.admitted(exchange, port, 0);
    else this.limited(exchange, port, rateLimits);
  }

  requestRefused(reason: RejectionReason): void {
    countRejection(this.dependencies.telemetry, reason);
  }

  limitMet(event: ConnectionLimit): void {
    this.dependencies.telemetry.counter(event);
  }

  report(forwarder: Forwarder): void {
    const { exchange } = forwarder;
    const port = this.ports.ofApp(forwarder.cluster);
    this.dependencies.recorder.tell(exchange, this.destinationOf(port, exchange.connection), forwarder);
    if (!forwarder.isProgress) exchange.watcher?.requestOver(forwarder.flags);
  }

  private limited(exchange: Exchange, port: InboundPortRuntime, rules: readonly RateLimitRule[]): void {
    this.dependencies.limits.admit(exchange, port.app.cluster.name, rules, (refusal, flags) => {
      if (refusal === undefined) this.admitted(exchange, port, flags);
      else this.answer(exchange, port, refusal);
    });
  }

  private admitted(exchange: Exchange, port: InboundPortRuntime, flags: number): void {
    const { overload } = port.config;
    if (overload === undefined) {
      this.forward(exchange, port, flags);
      return;
    }
    this.dependencies.overloads.admit(exchange, port.config.port, overload, (refusal) => {
      if (refusal === undefined) this.forward(exchange, port, flags);
      else this.answer(exchange, port, refusal);
    });
  }

  private forward(exchange: Exchange, port: InboundPortRuntime, flags: number): void {
    const forwarder = new Forwarder(exchange, port.app, port.plan, this.dependencies.forwarding, this);
    forwarder.flags = flags;
    forwarder.start();
    const maxBytes = port.config.requests?.maxBytes;
    if (maxBytes !== undefined) boundBody(exchange, maxBytes, this.dependencies.telemetry);
  }

  private answer(exchange: Exchange, port: InboundPortRuntime | undefined, error: ProxyError): void {
    respondWithError(exchange, error);
    const flags = error.flag === '' ? 0 : RequestFlags[error.flag];
    const destination = this.destinationOf(port, exchange.connection);
    this.dependencies.recorder.tell(exchange, destination, { flags, attempts: 1, ttfbMs: -1 });
  }

  private destinationOf(port: InboundPortRuntime | undefined, connection: ConnectionFacts) {
    if (port === undefined) return NO_DESTINATION;
    const [firstPort = port.config.port] = port.servicePorts;
    const { peer } = connection;
    const servicePort = peer === undefined ? firstPort : servicePortOf(peer.serverName);
    return this.callers.destinationOf(port, connection, servicePort);
  }
}
