// Calls of others that are no HTTP: authorization by caller, address and port, then the application, connected at once.
import type { Socket } from 'node:net';
import type { AuthorizationRequest } from '@malha/traffic/authorization';
import { RequestFlags } from '@malha/traffic/flags';
import type { ConnectionFacts } from '../exchange/exchange.ts';
import type { Limits } from '../filters/rate-limit/limits.ts';
import type { Destination } from '../filters/request-recorder.ts';
import type { ServedConnection } from '../listener/server-context.ts';
import type { Connected } from '../tcp/first-speaker.ts';
import { abort } from '../tcp/reset.ts';
import { TcpConnection, type TcpEnvironment, type TcpOwner } from '../tcp/tcp-connection.ts';
import type { TcpRecorder } from '../tcp/tcp-recorder.ts';
import type { InboundPortRuntime } from './inbound-port.ts';

export interface InboundTcpOptions {
  readonly environment: TcpEnvironment;
  readonly recorder: TcpRecorder;
  destinationOf(port: InboundPortRuntime, connection: ConnectionFacts): Destination;
  readonly limits: Limits;
}

interface Notes {
  readonly port: InboundPortRuntime;
  readonly facts: ConnectionFacts;
  readonly authorizationPolicy: string;
  readonly shadowPolicy: string;
}

export class InboundTcp implements TcpOwner<Notes> {
  private readonly options: InboundTcpOptions;

  constructor(options: InboundTcpOptions) {
    this.options = options;
  }

  /** Undefined: the caller was refused, and its connection closed without a byte. */
  accept(
    socket: Socket,
    facts: ConnectionFacts,
    port: InboundPortRuntime,
    upstream?: Connected,
  ): ServedConnection | undefined {
    const { environment, recorder } = this.options;
    const decision = port.connectionAuthorizer.decide(viewOf(facts, port));
    const policies = { authorizationPolicy: decision.policy ?? '', shadowPolicy: decision.shadowDenied ?? '' };
    const { connectionLimits } = port.config;
    const isLimited =
      decision.allowed &&
      connectionLimits !== undefined &&
      !this.options.limits.admitConnection(`inbound|${port.config.port}`, connectionLimits);
    if (!decision.allowed || isLimited) {
      abort(socket);
      upstream?.socket.destroy();
      const startMs = environment.monotonic();
      const none = { attempts: 1, startMs, ttfbMs: -1, clientBytes: 0, upstreamBytes: 0 };
      const destination = this.options.destinationOf(port, facts);
      recorder.tell(
        destination,
        { route: '', ...policies },
        { ...none, flags: isLimited ? RequestFlags.RL : RequestFlags.UAEX },
      );
      return undefined;
    }
    const plan = {
      cluster: port.app,
      idleTimeoutMs: port.plan.streamIdleTimeoutMs,
      notes: { port, facts, ...policies },
    };
    const connection = new TcpConnection(socket, plan, environment, this);
    connection.start(upstream);
    return connection;
  }

  report(connection: TcpConnection<Notes>): void {
    const { port, facts, authorizationPolicy, shadowPolicy } = connection.notes;
    const decision = { route: '', authorizationPolicy, shadowPolicy };
    this.options.recorder.tell(this.options.destinationOf(port, facts), decision, connection);
  }
}

/** What can be known of a connection; rules that ask for more are not among those of the port's authorizer. */
function viewOf({ peer, remoteAddress }: ConnectionFacts, { config }: InboundPortRuntime): AuthorizationRequest {
  return {
    principal: peer?.spiffeId,
    namespace: peer?.namespace,
    sourceIp: remoteAddress,
    method: '',
    path: '',
    host: '',
    port: config.port,
    header: () => undefined,
  };
}
