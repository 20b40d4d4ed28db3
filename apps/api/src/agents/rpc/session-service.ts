// The gRPC service malha.agent.v1: decodes messages of the stream, and ends it with the right status.
import { create } from '@bufbuild/protobuf';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import {
  type AgentMessage,
  type ControlMessage,
  ControlMessageSchema,
  type Hello as HelloMessage,
} from '@malha/xds/generated/malha/agent/v1/agent_pb';
import { agentService, type BidiHandlers } from '@malha/xds/services';
import type { Timers } from '@malha/xds/timers';
import type { Hello } from '../../registry/registry.ts';
import { AgentError, certificateExpired } from '../errors.ts';
import type { GrpcFailure } from '../grpc-errors.ts';
import type { AgentStream, FromAgent, ToAgent } from '../messages.ts';
import type { Peer, PeerOf } from '../peer-identity.ts';
import type { AgentSession } from '../session.ts';
import { decodeProtection } from './protection.ts';

const HELLO_TIMEOUT_MS = 10_000;
/** Messages that wait for an agent that does not read; it gets few, so this many means that it is stuck. */
const QUEUE_MAX = 64;
/** Longer timers overflow. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export const agentServiceDefinition = agentService;

export interface SessionServiceDeps {
  readonly peerOf: PeerOf;
  readonly timers: Timers;
  readonly now: () => number;
  readonly open: (peer: Peer, stream: AgentStream) => AgentSession;
  /** The stream is over, for whatever reason. */
  readonly closed: (session: AgentSession) => void;
  /** After each handled message: the session may have become open. */
  readonly advanced: (session: AgentSession) => void;
  readonly toFailure: (error: unknown) => GrpcFailure;
}

type Call = ServerDuplexStream<AgentMessage, ControlMessage>;

export function createAgentHandlers(deps: SessionServiceDeps): BidiHandlers<typeof agentService> {
  return { Session: (call) => run(deps, call) };
}

/** Not a `for await`: leaving that loop would destroy the stream before its status is sent. */
function run(deps: SessionServiceDeps, call: Call): void {
  const stream = new GrpcAgentStream(call, deps.toFailure);
  let peer: Peer;
  let session: AgentSession;
  try {
    peer = deps.peerOf(call);
    session = deps.open(peer, stream);
  } catch (error) {
    stream.end(error);
    return;
  }
  const cancelHello = deps.timers.after(HELLO_TIMEOUT_MS, () => {
    stream.end(new AgentError('invalid', 'MALHA5055', `no Hello within ${HELLO_TIMEOUT_MS} ms`));
  });
  // No stream outlives the certificate that it was opened with, also when its agent sends nothing.
  const cancelExpiry = deps.timers.after(Math.min(Math.max(0, peer.notAfterMs - deps.now()), TIMER_MAX_MS), () => {
    stream.end(certificateExpired());
  });
  const over = () => {
    cancelHello();
    cancelExpiry();
    deps.closed(session);
  };
  stream.onEnd(over);
  call.once('cancelled', over);
  call.once('end', () => stream.end());
  call.on('data', (message: AgentMessage) => {
    // One message at a time: the next one waits in the stream, whose buffer is bounded by flow control.
    call.pause();
    // How long registering takes is our affair.
    cancelHello();
    receive(session, message).then(
      () => {
        if (!call.cancelled && !stream.isEnded) deps.advanced(session);
        call.resume();
      },
      (error: unknown) => stream.end(error),
    );
  });
}

async function receive(session: AgentSession, message: AgentMessage): Promise<void> {
  await session.receive(decode(message));
}

class GrpcAgentStream implements AgentStream {
  readonly #call: Call;
  readonly #toFailure: (error: unknown) => GrpcFailure;
  #isEnded = false;
  #onEnd: (() => void) | undefined;

  constructor(call: Call, toFailure: (error: unknown) => GrpcFailure) {
    this.#call = call;
    this.#toFailure = toFailure;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  onEnd(listener: () => void): void {
    this.#onEnd = listener;
  }

  send(message: ToAgent): void {
    if (this.#isEnded || this.#call.destroyed) return;
    if (this.#call.writableLength >= QUEUE_MAX) {
      this.end(new AgentError('rate-limited', 'MALHA5055', 'the agent does not read'));
      return;
    }
    this.#call.write(encode(message));
  }

  end(failure?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (failure === undefined) this.#call.end();
    else if (!this.#call.cancelled) this.#call.emit('error', this.#toFailure(failure));
    this.#onEnd?.();
  }
}

function encode(message: ToAgent): ControlMessage {
  switch (message.type) {
    case 'welcome': {
      const { heartbeatIntervalMs } = message;
      return create(ControlMessageSchema, { message: { case: 'welcome', value: { heartbeatIntervalMs } } });
    }
    case 'dump-request': {
      const { requestId, what } = message;
      return create(ControlMessageSchema, { message: { case: 'dumpRequest', value: { requestId, what } } });
    }
    case 'drain':
      return create(ControlMessageSchema, { message: { case: 'drain', value: {} } });
    case 'trust-changed':
      return create(ControlMessageSchema, { message: { case: 'trustChanged', value: {} } });
  }
}

function decode({ message }: AgentMessage): FromAgent {
  switch (message.case) {
    case 'hello':
      return { type: 'hello', hello: decodeHello(message.value) };
    case 'heartbeat': {
      const { servedHash, rssBytes, cpuSeconds, openConnections, draining, appHealthy } = message.value;
      const beat = { servedHash, cpuSeconds, openConnections, isDraining: draining, isHealthy: appHealthy };
      const protection = decodeProtection(message.value);
      return { type: 'heartbeat', beat: { ...beat, rssBytes: Number(rssBytes), protection } };
    }
    case 'served': {
      const { hash, errors } = message.value;
      return { type: 'served', hash, errors: errors.slice(0, 100).map(clip) };
    }
    case 'dump':
      return { type: 'dump', requestId: message.value.requestId, json: message.value.json };
    case 'goodbye':
      return { type: 'goodbye' };
    case undefined:
      throw new AgentError('invalid', 'MALHA5055', 'a message without content');
  }
}

function clip({ typeUrl, name, message }: { typeUrl: string; name: string; message: string }) {
  return { typeUrl: typeUrl.slice(0, 256), name: name.slice(0, 256), message: message.slice(0, 500) };
}

function decodeHello(hello: HelloMessage): Hello {
  const { instanceId, softwareVersion, version, model, address, inboundPort, ports, labels } = hello;
  const workload = split(hello.workload, 'workload');
  const service = split(hello.service, 'service');
  if (service.namespace !== workload.namespace) {
    throw new AgentError('invalid', 'MALHA5055', 'a workload serves a service of its own namespace');
  }
  for (const text of [instanceId, softwareVersion]) {
    if (text.length > 128) throw new AgentError('invalid', 'MALHA5055', 'Hello has a text of more than 128 characters');
  }
  return {
    ...workload,
    service: service.name,
    version,
    instanceId,
    softwareVersion,
    model,
    address,
    inboundPort,
    ports: ports.map(({ port, appAddress }) => ({ port, appAddress })),
    labels,
    isHealthy: hello.appHealthy,
  };
}

function split(text: string, what: string): { namespace: string; name: string } {
  const [namespace, name, ...rest] = text.split('/');
  if (!namespace || !name || rest.length > 0 || text.length > 320) {
    throw new AgentError('invalid', 'MALHA5055', `the ${what} of Hello is not "namespace/name"`);
  }
  return { namespace, name };
}
