// The two gRPC servers of the control plane: 15012 for members (mutual TLS) and 15013 for those who join (server TLS).
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Server, type ServerOptions, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Clock } from '@malha/traffic/clock';
import { RateLimiter } from '../ca/rate-limiter.ts';
import type { ServerIdentity } from '../ca/server-identity.ts';
import { RotatingCredentials } from './rotating-credentials.ts';

const MEMBER_MESSAGE_MAX_BYTES = 16 * 1024 * 1024;
const JOIN_MESSAGE_MAX_BYTES = 64 * 1024;
const KEEPALIVE_TIME_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;
const STREAMS_MAX = 256;
/** Handshakes cost a few milliseconds of CPU each; the rest of a flood is closed without one. */
const ACCEPT_LIMIT = { burst: 1_000, perSecond: 250 };
const CONNECTIONS_MAX = 20_000;
const BACKLOG = 1_024;
/** After this a joined agent has its answer, and a silent one goes. */
const JOIN_IDLE_MS = 30_000;

export interface GrpcServersOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly memberPort: number;
  readonly joinPort: number;
  readonly identity: ServerIdentity;
  readonly clock: Clock;
  readonly acceptLimit?: { readonly burst: number; readonly perSecond: number };
}

export interface GrpcServers {
  /** On the member port: every caller has a verified certificate of the mesh. */
  addService(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void;
  /** On the join port: callers are unknown. */
  addJoinService(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void;
  start(): Promise<{ memberPort: number; joinPort: number }>;
  /** Accepts nothing more and lets calls finish; what is left at the deadline is cut off. */
  drain(deadlineMs: number): Promise<void>;
  close(): void;
}

/** Two servers, so that nothing but joining can be reached without a certificate. */
export function createGrpcServers(options: GrpcServersOptions): GrpcServers {
  const { identity, host, clock } = options;
  const acceptLimit = options.acceptLimit ?? ACCEPT_LIMIT;
  const member = new Endpoint(new Server(serverOptions(MEMBER_MESSAGE_MAX_BYTES)), true, identity, acceptLimit, clock);
  const joinOptions = { ...serverOptions(JOIN_MESSAGE_MAX_BYTES), 'grpc.max_connection_idle_ms': JOIN_IDLE_MS };
  const join = new Endpoint(new Server(joinOptions), false, identity, acceptLimit, clock);
  return {
    addService: (definition, implementation) => member.grpc.addService(definition, implementation),
    addJoinService: (definition, implementation) => join.grpc.addService(definition, implementation),
    async start() {
      try {
        const memberPort = await member.listen(host, options.memberPort);
        return { memberPort, joinPort: await join.listen(host, options.joinPort) };
      } catch (error) {
        member.close();
        join.close();
        throw error;
      }
    },
    async drain(deadlineMs) {
      await Promise.all([member.drain(deadlineMs), join.drain(deadlineMs)]);
    },
    close() {
      member.close();
      join.close();
    },
  };
}

function serverOptions(messageMaxBytes: number): ServerOptions {
  return {
    'grpc.max_receive_message_length': messageMaxBytes,
    'grpc.max_concurrent_streams': STREAMS_MAX,
    'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.enable_channelz': 0,
  };
}

/** One listening socket; accepted connections are handed to grpc-js after the bounds on their number and rate. */
class Endpoint {
  readonly grpc: Server;
  readonly #listener: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #stopRotation: () => void;

  constructor(
    grpc: Server,
    requestCert: boolean,
    identity: ServerIdentity,
    acceptLimit: { burst: number; perSecond: number },
    clock: Clock,
  ) {
    this.grpc = grpc;
    const credentials = new RotatingCredentials(identity.current(), requestCert);
    this.#stopRotation = identity.onChange((certificate) => credentials.rotate(certificate));
    const injector = grpc.createConnectionInjector(credentials);
    const accepted = new RateLimiter(acceptLimit, clock);
    this.#listener = net.createServer({ noDelay: true, keepAlive: true }, (socket) => {
      socket.on('error', () => undefined);
      if (this.#sockets.size >= CONNECTIONS_MAX || !accepted.tryTake('all')) {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      injector.injectConnection(socket);
    });
  }

  async listen(host: string, port: number): Promise<number> {
    this.#listener.listen({ host, port, backlog: BACKLOG });
    await once(this.#listener, 'listening');
    // `once` took the only error listener away; accepting may fail later (no file descriptors), and goes on by itself.
    this.#listener.on('error', () => undefined);
    return (this.#listener.address() as AddressInfo).port;
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#listener.close();
    const finished = new Promise<void>((resolve) => this.grpc.tryShutdown(() => resolve()));
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    await Promise.race([finished, deadline]);
    clearTimeout(timer);
    this.close();
  }

  close(): void {
    this.#stopRotation();
    this.#listener.close();
    this.grpc.forceShutdown();
    for (const socket of this.#sockets) socket.destroy();
  }
}
