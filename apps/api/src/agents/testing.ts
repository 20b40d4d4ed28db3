// For tests: api replicas with real gRPC servers on one database, and agents that join and hold sessions over real TLS.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import { createCsr, generateKeyPair, type KeyPair, privateKeyPem } from '@malha/identity';
import type { Clock } from '@malha/traffic/clock';
import {
  type AgentMessage,
  AgentMessageSchema,
  type ControlMessage,
  type Hello,
  HelloSchema,
} from '@malha/xds/generated/malha/agent/v1/agent_pb';
import {
  JoinRequestSchema,
  type JoinResponse,
  RenewRequestSchema,
  type RenewResponse,
} from '@malha/xds/generated/malha/identity/v1/identity_pb';
import { callUnary, openStream } from '@malha/xds/rpc';
import { agentService, identityService } from '@malha/xds/services';
import type { Timers } from '@malha/xds/timers';
import type pg from 'pg';
import { pino } from 'pino';
import { type CaHandle, createCa } from '../ca/index.ts';
import { NotificationFeed } from '../db/listener.ts';
import { createPool } from '../db/postgres.ts';
import { createRegistry, type Registry } from '../registry/index.ts';
import { type Agents, type AgentsHandle, createAgents } from './index.ts';

const DEADLINE_MS = 10_000;

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

export interface TestReplica extends JoinTarget {
  readonly id: string;
  readonly pool: pg.Pool;
  readonly ca: CaHandle;
  readonly registry: Registry;
  readonly agents: Agents;
  readonly handle: AgentsHandle;
  readonly memberPort: number;
  /** As a process that is told to stop. */
  stop(): Promise<void>;
  /** As a process that dies: nothing is said to anybody. */
  kill(): Promise<void>;
}

export interface TestReplicaOptions {
  readonly url: string;
  readonly sealKey: string;
  readonly clock?: Clock;
  readonly trustDomain?: string;
  readonly timers?: Timers;
}

export async function startTestReplica(options: TestReplicaOptions): Promise<TestReplica> {
  const { url, clock = systemClock, trustDomain = 'mesh.local' } = options;
  const logger = pino({ level: 'silent' });
  const stateDir = mkdtempSync(join(tmpdir(), 'malha-api-'));
  const pool = createPool(url);
  const feed = new NotificationFeed({ url, random: Math.random });
  await feed.start();
  const shared = { pool, feed, clock, logger, random: Math.random };
  const ca = await createCa({ ...shared, trustDomain, sealKey: options.sealKey, stateDir });
  const id = randomUUID();
  const ranges = { workloadCidr: '127.64.0.0/16', serviceCidr: '127.96.0.0/16' };
  const registry = await createRegistry({ ...shared, ...ranges, replica: id });
  const handle = createAgents({
    ...shared,
    ca,
    registry: registry.registry,
    replica: id,
    host: '127.0.0.1',
    memberPort: 0,
    joinPort: 0,
    publicHost: '127.0.0.1',
    ...(options.timers === undefined ? {} : { timers: options.timers }),
  });
  const ports = await handle.start();
  const release = async () => {
    ca.stop();
    await feed.stop();
    await pool.end();
    rmSync(stateDir, { recursive: true });
  };
  return {
    id,
    pool,
    ca,
    registry: registry.registry,
    agents: handle.agents,
    handle,
    ...ports,
    trustBundlePem: ca.authority.trustBundle.pem,
    async stop() {
      await handle.stop(500);
      await registry.stop();
      await release();
    },
    async kill() {
      handle.servers.close();
      registry.halt();
      await release();
    },
  };
}

export interface JoinedAgent {
  readonly response: JoinResponse;
  readonly keys: KeyPair;
}

export interface JoinWish {
  readonly service?: string;
  readonly version?: string;
  readonly workloadName?: string;
  readonly csrPem?: string;
  readonly labels?: Record<string, string>;
  readonly sameHost?: boolean;
  readonly currentAddress?: string;
}

/** Where to join, and what to trust there. */
export interface JoinTarget {
  readonly joinPort: number;
  readonly trustBundlePem: string;
}

export async function joinMesh(target: JoinTarget, token: string, wish: JoinWish = {}): Promise<JoinedAgent> {
  const trusted = grpc.credentials.createSsl(Buffer.from(target.trustBundlePem));
  const client = new grpc.Client(`127.0.0.1:${target.joinPort}`, trusted);
  const keys = generateKeyPair();
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const request = create(JoinRequestSchema, {
    csrPem: createCsr(keys),
    service: 'bookstore/reviews',
    version: 'v1',
    ports: [{ port: 9080, appAddress: '127.0.0.1:40123' }],
    workloadName: '',
    hostname: 'host',
    model: 'sidecar',
    sameHost: true,
    ...wish,
  });
  try {
    const options = { deadlineMs: DEADLINE_MS, metadata };
    return { response: await callUnary(client, identityService.Join, request, options), keys };
  } finally {
    client.close();
  }
}

/** Mints a token and joins with it. */
export async function joinAs(replica: TestReplica, service: string, wish: JoinWish = {}): Promise<JoinedAgent> {
  const [namespace = '', name = ''] = service.split('/');
  const { token } = await replica.ca.tokens.mint({ namespace, service: name }, 'test');
  return joinMesh(replica, token, { ...wish, service });
}

export interface ClientIdentity {
  readonly certificateChainPem: string;
  readonly privateKeyPem: string;
  readonly trustBundlePem: string;
}

export function identityOf({ response, keys }: JoinedAgent): ClientIdentity {
  return {
    certificateChainPem: response.certificateChainPem.join(''),
    privateKeyPem: privateKeyPem(keys),
    trustBundlePem: response.trustBundlePem,
  };
}

/** A client of the member port; the caller closes it. */
export function memberClient(port: number, identity: ClientIdentity): grpc.Client {
  const credentials = grpc.credentials.createSsl(
    Buffer.from(identity.trustBundlePem),
    Buffer.from(identity.privateKeyPem),
    Buffer.from(identity.certificateChainPem),
  );
  return new grpc.Client(`127.0.0.1:${port}`, credentials, { 'grpc.use_local_subchannel_pool': 1 });
}

export function renewWith(client: grpc.Client, csrPem: string): Promise<RenewResponse> {
  const request = create(RenewRequestSchema, { csrPem });
  return callUnary(client, identityService.Renew, request, { deadlineMs: DEADLINE_MS });
}

type HelloInit = Exclude<MessageInitShape<typeof HelloSchema>, Hello>;

/** A simulated agent: beats by itself until it is told to fall silent. */
export class TestAgent {
  readonly received: ControlMessage[] = [];
  readonly ended: Promise<grpc.ServiceError | undefined>;
  readonly #client: grpc.Client;
  readonly #stream: grpc.ClientDuplexStream<AgentMessage, ControlMessage>;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  beat = { servedHash: '', draining: false, appHealthy: true };

  private constructor(client: grpc.Client) {
    this.#client = client;
    this.#stream = openStream(client, agentService.Session);
    this.ended = new Promise((resolve) => {
      this.#stream.once('error', (error: grpc.ServiceError) => resolve(error));
      this.#stream.once('end', () => resolve(undefined));
    });
    this.#stream.on('data', (message: ControlMessage) => {
      this.received.push(message);
      for (const wake of this.#waiting) wake();
    });
  }

  /** Resolves after Welcome; rejects with what ended the session before. */
  static async start(port: number, joined: JoinedAgent, hello: Partial<HelloInit> = {}): Promise<TestAgent> {
    const agent = new TestAgent(memberClient(port, identityOf(joined)));
    agent.send({ case: 'hello', value: create(HelloSchema, { ...defaultHello(joined), ...hello }) });
    const outcome = await Promise.race([agent.ended, agent.next('welcome')]);
    if (outcome === undefined || outcome instanceof Error) {
      agent.silence();
      throw outcome ?? new Error('ended before Welcome');
    }
    agent.#timer = setInterval(() => agent.sendBeat(), 500);
    return agent;
  }

  send(message: NonNullable<MessageInitShape<typeof AgentMessageSchema>['message']>): void {
    this.#stream.write(create(AgentMessageSchema, { message }));
  }

  sendBeat(): void {
    const value = { ...this.beat, rssBytes: 50_000_000n, cpuSeconds: performance.now() / 4_000, openConnections: 7 };
    this.send({ case: 'heartbeat', value });
  }

  /** The next message of a kind, also one that came already. */
  async next(kind: NonNullable<ControlMessage['message']['case']>): Promise<ControlMessage> {
    for (;;) {
      const index = this.received.findIndex(({ message }) => message.case === kind);
      const [found] = index < 0 ? [] : this.received.splice(index, 1);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  goodbye(): void {
    clearInterval(this.#timer);
    this.send({ case: 'goodbye', value: {} });
  }

  /** No beat any more; the connection stays. */
  mute(): void {
    clearInterval(this.#timer);
  }

  /** As a process that is killed. */
  silence(): void {
    clearInterval(this.#timer);
    this.#stream.cancel();
    this.#client.close();
  }
}

function defaultHello({ response }: JoinedAgent): HelloInit {
  return {
    workload: response.workload,
    instanceId: randomUUID(),
    startTimeMs: BigInt(Date.now()),
    model: 'sidecar',
    softwareVersion: 'test',
    service: 'bookstore/reviews',
    version: 'v1',
    ports: [{ port: 9080, appAddress: '127.0.0.1:40123' }],
    labels: {},
    address: response.address,
    inboundPort: 15_006,
    appHealthy: true,
  };
}

/** Asks until it holds. */
export async function eventually(holds: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<number> {
  const startedMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedMs > withinMs) throw new Error(`did not hold within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - startedMs;
}
