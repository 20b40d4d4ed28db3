// Composition of the agent side: gRPC services of identity and agent sessions on the two servers.
import type { Clock } from '@malha/traffic/clock';
import { processTimers, type Timers } from '@malha/xds/timers';
import type pg from 'pg';
import type { Logger } from 'pino';
import { Enrolment, type IssuedFor } from '../ca/enrolment.ts';
import type { CaHandle } from '../ca/index.ts';
import { createIdentityHandlers, joinServiceDefinition, renewServiceDefinition } from '../ca/rpc/identity-service.ts';
import type { NotificationFeed } from '../db/listener.ts';
import type { Registry } from '../registry/registry.ts';
import { Agents } from './agents.ts';
import { Exchange } from './exchange.ts';
import { type GrpcFailure, toGrpcFailure } from './grpc-errors.ts';
import { createGrpcServers, type GrpcServers } from './grpc-server.ts';
import { agentServiceDefinition, createAgentHandlers } from './rpc/session-service.ts';
import { AgentSession } from './session.ts';

export type { Agents } from './agents.ts';
export type { ServedReport } from './messages.ts';

export interface AgentsOptions {
  readonly pool: pg.Pool;
  readonly feed: NotificationFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly replica: string;
  readonly ca: CaHandle;
  readonly registry: Registry;
  readonly host: string;
  readonly memberPort: number;
  readonly joinPort: number;
  /** Name or address by which agents reach the member port; the port is added. */
  readonly publicHost: string;
  readonly timers?: Timers;
  /** A workload got a certificate. */
  readonly onIssued?: (reason: IssuedFor) => void;
}

export interface AgentsHandle {
  readonly agents: Agents;
  /** Add further services for members, then start. */
  readonly servers: GrpcServers;
  readonly toFailure: (error: unknown) => GrpcFailure;
  /** Ports in use once started. */
  start(): Promise<{ memberPort: number; joinPort: number }>;
  stop(drainMs: number): Promise<void>;
}

export function createAgents(options: AgentsOptions): AgentsHandle {
  const { pool, feed, clock, replica, ca, registry } = options;
  const logger = options.logger.child({ module: 'agents' });
  const onError = (error: unknown) => logger.warn({ err: error }, 'agents: a step failed');
  const toFailure = (error: unknown) =>
    toGrpcFailure(error, (unexpected) => logger.error({ err: unexpected }, 'agents: unexpected failure of a call'));
  const exchange = new Exchange(pool);
  const agents = new Agents({
    pool,
    replica,
    exchange,
    monotonic: () => clock.monotonic(),
    checkDenied: ({ peer }) => ca.denials.check(peer.identity, peer.serial),
    reloadDenials: () => ca.denials.reload(),
    onError,
  });
  const servers = createGrpcServers({ ...options, identity: ca.serverIdentity });
  const ports = { memberPort: options.memberPort, joinPort: options.joinPort };
  const enrolment = new Enrolment({
    pool,
    authority: ca.authority,
    tokens: ca.tokens,
    denials: ca.denials,
    clock,
    reserve: (client, wanted) => registry.reserve(client, wanted),
    controlPlaneAddress: () => `${options.publicHost}:${ports.memberPort}`,
    onIssued: options.onIssued,
  });
  const { Join, Renew } = createIdentityHandlers({ enrolment, peerOf: ca.peerOf, toFailure });
  servers.addJoinService(joinServiceDefinition, { Join });
  servers.addService(renewServiceDefinition, { Renew });
  const sessionDeps = {
    registry,
    clock,
    onServed: (report: Parameters<Agents['served']>[0]) => agents.served(report),
    onDump: (requestId: string, json: Uint8Array) => agents.dumped(requestId, json),
  };
  const handlers = createAgentHandlers({
    peerOf: ca.peerOf,
    timers: options.timers ?? processTimers,
    now: () => clock.now(),
    open: (peer, stream) => new AgentSession(sessionDeps, peer, stream),
    closed: (session) => agents.closed(session),
    advanced: (session) => agents.opened(session),
    toFailure,
  });
  servers.addService(agentServiceDefinition, { Session: handlers.Session });
  const stops = [
    exchange.listen(feed, (message) => agents.handle(message)),
    ca.denials.onChange(() => agents.judgeAgain()),
    ca.onTrustChange(() => agents.trustChanged()),
  ];
  return {
    agents,
    servers,
    toFailure,
    async start() {
      Object.assign(ports, await servers.start());
      return { ...ports };
    },
    async stop(drainMs) {
      for (const stop of stops) stop();
      agents.stop();
      await servers.drain(drainMs);
    },
  };
}
