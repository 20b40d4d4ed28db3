// A control plane for tests of agents and proxies: join, renewal, session, configuration fed by hand, OTLP counted.
import { X509Certificate } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import { LEAF_LIFETIME_MS, parseSpiffeIdentity } from '@malha/identity';
import {
  type AgentMessage,
  type ControlMessage,
  ControlMessageSchema,
  type Heartbeat,
  type Hello,
  type Served,
} from '@malha/xds/generated/malha/agent/v1/agent_pb';
import {
  type JoinRequest,
  type JoinResponse,
  JoinResponseSchema,
  type RenewRequest,
  type RenewResponse,
  RenewResponseSchema,
} from '@malha/xds/generated/malha/identity/v1/identity_pb';
import { agentService, discoveryService, identityService } from '@malha/xds/services';
import { UPSERT_ORDER } from '@malha/xds/type-urls';
import { FakeDeltaStream, type FakeResource, type Nack } from './fake-delta-stream.ts';
import { createTestCa, type TestCa } from './test-ca.ts';

export type { FakeResource, Nack } from './fake-delta-stream.ts';

export interface FakeControlPlaneOptions {
  readonly ca?: TestCa;
  readonly leafLifetimeMs?: number;
  /** 0 = any free one; give those of a former one to take its place. */
  readonly joinPort?: number;
  readonly xdsPort?: number;
  readonly heartbeatIntervalMs?: number;
  /** Where the workloads that join are told to listen. */
  readonly workloadAddress?: string;
  readonly resources?: readonly FakeResource[];
}

/** One agent's session, as the control plane sees it. */
export interface FakeSession {
  readonly spiffeId: string;
  readonly hello: Hello;
  readonly heartbeats: Heartbeat[];
  readonly served: Served[];
  readonly dumps: { readonly requestId: string; readonly json: string }[];
  saidGoodbye: boolean;
  isOpen: boolean;
  send(message: NonNullable<Parameters<typeof create<typeof ControlMessageSchema>>[1]>['message']): void;
  end(): void;
}

export interface FakeToken {
  readonly namespace: string;
  readonly serviceAccount: string;
  usesLeft: number;
}

const POLL_MS = 10;

export async function startFakeControlPlane(options: FakeControlPlaneOptions = {}): Promise<FakeControlPlane> {
  const plane = new FakeControlPlane(options);
  await plane.listen();
  return plane;
}

export class FakeControlPlane {
  readonly ca: TestCa;
  readonly tokens = new Map<string, FakeToken>();
  readonly sessions: FakeSession[] = [];
  readonly nacks: Nack[] = [];
  readonly joins: JoinRequest[] = [];
  /** Workloads that are not registered (any more): Hello is refused until they join again. */
  readonly #forgotten = new Set<string>();
  renewals = 0;
  /** Encoded export requests by method path. */
  readonly exports: { readonly path: string; readonly bytes: Buffer }[] = [];
  joinPort: number;
  xdsPort: number;
  #resources: readonly FakeResource[];
  readonly #streams = new Set<FakeDeltaStream>();
  readonly #joinServer = new grpc.Server();
  readonly #xdsServer = new grpc.Server();

  constructor(private readonly options: FakeControlPlaneOptions) {
    this.ca = options.ca ?? createTestCa();
    this.joinPort = options.joinPort ?? 0;
    this.xdsPort = options.xdsPort ?? 0;
    this.#resources = options.resources ?? [];
  }

  get joinAddress(): string {
    return `127.0.0.1:${this.joinPort}`;
  }

  async listen(): Promise<void> {
    const own = this.ca.issueControlPlane();
    const key = Buffer.from(own.privateKeyPem);
    // The join port shows the root too: a client that has only the pin finds it there.
    const chainWithRoot = Buffer.from(own.certificateChainPem + this.ca.trustBundlePem);
    this.#joinServer.addService(identityService, {
      Join: (call: grpc.ServerUnaryCall<JoinRequest, JoinResponse>, done: grpc.sendUnaryData<JoinResponse>) =>
        this.#join(call, done),
      Renew: unimplemented,
    });
    this.joinPort = await bind(
      this.#joinServer,
      this.joinPort,
      grpc.ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: chainWithRoot }]),
    );
    this.#addXdsServices();
    const pair = { private_key: key, cert_chain: Buffer.from(own.certificateChainPem) };
    this.xdsPort = await bind(
      this.#xdsServer,
      this.xdsPort,
      grpc.ServerCredentials.createSsl(Buffer.from(this.ca.trustBundlePem), [pair], true),
    );
  }

  createToken(namespace: string, serviceAccount: string, uses = 1): string {
    const token = `token-${this.tokens.size + 1}`;
    this.tokens.set(token, { namespace, serviceAccount, usesLeft: uses });
    return token;
  }

  setResources(resources: readonly FakeResource[]): void {
    this.#resources = resources;
    for (const stream of this.#streams) stream.push(UPSERT_ORDER);
  }

  /** The newest session of a workload that is open, when it fulfils the condition. */
  waitForSession(
    workload: string,
    condition: (session: FakeSession) => boolean = () => true,
    timeoutMs = 10_000,
  ): Promise<FakeSession> {
    return this.waitFor(
      `a session of ${workload}`,
      () => this.sessions.findLast((each) => each.hello.workload === workload && condition(each)),
      timeoutMs,
    );
  }

  async waitFor<T>(what: string, look: () => T | undefined | false, timeoutMs = 10_000): Promise<T> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > untilMs) throw new Error(`fake control plane: no ${what} within ${timeoutMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** As a registry that was restored from an older state: the session ends, and Hello is refused until a new join. */
  forget(workload: string): void {
    this.#forgotten.add(workload);
    for (const session of this.sessions) if (session.isOpen && session.hello.workload === workload) session.end();
  }

  /** As kill -9 would: connections break, nobody says goodbye. */
  stop(): void {
    this.#joinServer.forceShutdown();
    this.#xdsServer.forceShutdown();
  }

  #addXdsServices(): void {
    this.#xdsServer.addService(identityService, {
      Join: unimplemented,
      Renew: (call: grpc.ServerUnaryCall<RenewRequest, RenewResponse>, done: grpc.sendUnaryData<RenewResponse>) =>
        this.#renew(call, done),
    });
    this.#xdsServer.addService(agentService, {
      Session: (call: grpc.ServerDuplexStream<AgentMessage, ControlMessage>) => this.#session(call),
    });
    this.#xdsServer.addService(discoveryService, {
      StreamAggregatedResources: (call: grpc.ServerDuplexStream<unknown, unknown>) => call.end(),
      DeltaAggregatedResources: (call: ConstructorParameters<typeof FakeDeltaStream>[0]) => {
        const stream = new FakeDeltaStream(
          call,
          () => this.#resources,
          (nack) => this.nacks.push(nack),
        );
        this.#streams.add(stream);
        call.once('close', () => this.#streams.delete(stream));
        call.once('cancelled', () => this.#streams.delete(stream));
      },
    });
    for (const signal of ['metrics', 'trace']) this.#addCollector(signal);
  }

  #addCollector(signal: string): void {
    const service = `${signal[0]?.toUpperCase()}${signal.slice(1)}Service`;
    const path = `/opentelemetry.proto.collector.${signal}.v1.${service}/Export`;
    const raw = (bytes: Buffer) => bytes;
    const method = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: raw,
      requestDeserialize: raw,
      responseSerialize: raw,
      responseDeserialize: raw,
    };
    this.#xdsServer.addService(
      { Export: method },
      {
        Export: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
          this.exports.push({ path, bytes: call.request });
          done(null, Buffer.alloc(0));
        },
      },
    );
  }

  #join(call: grpc.ServerUnaryCall<JoinRequest, JoinResponse>, done: grpc.sendUnaryData<JoinResponse>): void {
    const given = String(call.metadata.get('authorization')[0] ?? '').replace(/^Bearer /, '');
    const { request } = call;
    const token = this.tokens.get(given);
    const refusal = refusalOf(token, request.service);
    if (token === undefined || refusal !== undefined) {
      done(refusal ?? null);
      return;
    }
    token.usesLeft--;
    this.joins.push(request);
    const chain = this.ca.sign(request.csrPem, token.namespace, token.serviceAccount, this.#life());
    const name = request.workloadName || `workload-${this.joins.length}`;
    this.#forgotten.delete(`${token.namespace}/${name}`);
    done(
      null,
      create(JoinResponseSchema, {
        certificateChainPem: [...chain],
        trustBundlePem: this.ca.trustBundlePem,
        workload: `${token.namespace}/${name}`,
        address: this.options.workloadAddress ?? '127.0.0.1',
        trustDomain: this.ca.trustDomain,
        controlPlane: `127.0.0.1:${this.xdsPort}`,
      }),
    );
  }

  #renew(call: grpc.ServerUnaryCall<RenewRequest, RenewResponse>, done: grpc.sendUnaryData<RenewResponse>): void {
    const { namespace, serviceAccount } = parseSpiffeIdentity(peerOf(call));
    this.renewals++;
    const chain = this.ca.sign(call.request.csrPem, namespace, serviceAccount, this.#life());
    const notAfterMs = Date.parse(new X509Certificate(chain[0] ?? '').validTo);
    done(
      null,
      create(RenewResponseSchema, {
        certificateChainPem: [...chain],
        trustBundlePem: this.ca.trustBundlePem,
        notAfterMs: BigInt(notAfterMs),
      }),
    );
  }

  #session(call: grpc.ServerDuplexStream<AgentMessage, ControlMessage>): void {
    let session: FakeSession | undefined;
    const spiffeId = peerOf(call);
    const send: FakeSession['send'] = (message) =>
      call.write(create(ControlMessageSchema, message === undefined ? {} : { message }));
    const over = () => {
      if (session !== undefined) session.isOpen = false;
    };
    call.on('data', ({ message }: AgentMessage) => {
      if (message.case === 'hello') {
        const hello = message.value;
        if (this.#forgotten.has(hello.workload)) {
          call.emit('error', {
            code: grpc.status.NOT_FOUND,
            details: `MALHA5052: ${hello.workload} is not registered`,
          });
          return;
        }
        const end = () => call.end();
        const nothing = { heartbeats: [], served: [], dumps: [], saidGoodbye: false };
        session = { spiffeId, hello, ...nothing, isOpen: true, send, end };
        this.sessions.push(session);
        send({ case: 'welcome', value: { heartbeatIntervalMs: this.options.heartbeatIntervalMs ?? 200 } });
      } else if (message.case === 'heartbeat') session?.heartbeats.push(message.value);
      else if (message.case === 'served') session?.served.push(message.value);
      else if (message.case === 'dump') {
        session?.dumps.push({ requestId: message.value.requestId, json: Buffer.from(message.value.json).toString() });
      } else if (message.case === 'goodbye' && session !== undefined) session.saidGoodbye = true;
    });
    call.on('cancelled', over);
    call.on('error', over);
    call.on('end', () => {
      over();
      call.end();
    });
  }

  #life(): { readonly nowMs: number; readonly lifetimeMs: number } {
    return { nowMs: Date.now(), lifetimeMs: this.options.leafLifetimeMs ?? LEAF_LIFETIME_MS };
  }
}

function bind(server: grpc.Server, port: number, credentials: grpc.ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}

function peerOf(call: { getAuthContext(): { sslPeerCertificate?: { raw: Buffer } } }): string {
  const raw = call.getAuthContext().sslPeerCertificate?.raw;
  const names = raw === undefined ? '' : (new X509Certificate(raw).subjectAltName ?? '');
  return /URI:(spiffe:[^,\s]+)/.exec(names)?.[1] ?? '';
}

function refusalOf(token: FakeToken | undefined, service: string): Partial<grpc.StatusObject> | undefined {
  if (token === undefined) return { code: grpc.status.UNAUTHENTICATED, details: 'the token is unknown' };
  if (token.usesLeft <= 0) return { code: grpc.status.UNAUTHENTICATED, details: 'the token was used already' };
  if (service.split('/')[0] === token.namespace) return undefined;
  return { code: grpc.status.PERMISSION_DENIED, details: `the token is not for ${service}` };
}

function unimplemented<T>(_: unknown, done: grpc.sendUnaryData<T>): void {
  done({ code: grpc.status.UNIMPLEMENTED, details: 'not on this port' });
}
