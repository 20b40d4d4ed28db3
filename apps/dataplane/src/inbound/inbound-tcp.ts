// Calls of others that are no HTTP: authorization by caller, address and port, then the application, connected at once.
import type { Socket } from 'node:net';
import type { AuthorizationRequest } from '@malha/traffic/authorization';
import { RequestFlags } from '@malha/traffic/flags';
import type { ConnectionFacts } from '../exchange/exchange.ts';
import type { Limits } from '../filters/rate-limit/limits.ts';
import type { Destination } from '../filters/request-recorder.ts';
import type { ServedConnection } from '../listener/server-context.ts';
import type { Opening } from '../tcp/first-speaker.ts';
import { abort } from '../tcp/reset.ts';
import { TcpConnection, type TcpEnvironment, type TcpOwner } from '../tcp/tcp-connection.ts';
import type { TcpRecorder } from '../tcp/tcp-recorder.ts';
import { WantedBytes } from '../tcp/wanted-bytes.ts';
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
    opening: Opening = {},
  ): ServedConnection | undefined {
    const { environment, limits } = this.options;
    const decision = port.connectionAuthorizer.decide(viewOf(facts, port));
    const notes = {
      port,
      facts,
      authorizationPolicy: decision.policy ?? '',
      shadowPolicy: decision.shadowDenied ?? '',
    };
    const { connectionLimits } = port.config;
    if (!decision.allowed) {
      this.refuse(socket, notes, RequestFlags.UAEX, opening);
      return undefined;
    }
    if (connectionLimits !== undefined && !limits.admitConnection(`inbound|${port.config.port}`, connectionLimits)) {
      this.refuse(socket, notes, RequestFlags.RL, opening);
      return undefined;
    }
    const plan = { cluster: port.app, idleTimeoutMs: port.plan.streamIdleTimeoutMs, notes };
    const connection = new TcpConnection(socket, plan, environment, this);
    connection.start(opening);
    return connection;
  }

  report(connection: TcpConnection<Notes>): void {
    const { port } = connection.notes;
    // That of a caller's proxy whose client turned out to speak HTTP: the requests are told of instead.
    if (!port.isRaw && connection.isSilent && (connection.flags & ~RequestFlags.DC) === 0) return;
    this.tell(connection.notes, connection);
  }

  private tell({ port, facts, ...policies }: Notes, outcome: Parameters<TcpRecorder['tell']>[2]): void {
    this.options.recorder.tell(this.options.destinationOf(port, facts), { route: '', ...policies }, outcome);
  }

  private refuse(socket: Socket, notes: Notes, flags: number, { upstream, saidAll }: Opening): void {
    upstream?.socket.destroy();
    const { environment } = this.options;
    const startMs = environment.monotonic();
    const refused = () => {
      abort(socket);
      this.tell(notes, { attempts: 1, startMs, ttfbMs: -1, clientBytes: 0, upstreamBytes: 0, flags });
    };
    if (notes.port.isRaw || saidAll !== undefined) refused();
    else new WantedBytes(socket, environment, refused);
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
