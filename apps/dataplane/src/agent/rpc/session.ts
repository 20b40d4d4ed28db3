// The agent session on the wire: domain messages in and out of one bidirectional stream.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type * as grpc from '@grpc/grpc-js';
import {
  type AgentMessage,
  AgentMessageSchema,
  type ControlMessage,
} from '@malha/xds/generated/malha/agent/v1/agent_pb';
import { openStream } from '@malha/xds/rpc';
import { agentService } from '@malha/xds/services';
import type { OverloadState } from '../../filters/overload/overloads.ts';
import { AgentError } from '../errors.ts';

export interface Hello {
  readonly workload: string;
  readonly instanceId: string;
  readonly startTimeMs: number;
  readonly model: string;
  readonly softwareVersion: string;
  readonly service: string;
  readonly version: string;
  readonly ports: readonly { readonly port: number; readonly appAddress: string }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly address: string;
  readonly inboundPort: number;
  readonly appHealthy: boolean;
}

export interface Heartbeat {
  readonly servedHash: string;
  readonly rssBytes: number;
  readonly cpuSeconds: number;
  readonly openConnections: number;
  readonly draining: boolean;
  readonly appHealthy: boolean;
  readonly breakers: readonly BreakerState[];
  readonly ejected: readonly EjectedEndpoint[];
  readonly overloads: readonly OverloadState[];
}

/** A breaker that is not closed: of a cluster or of a route, the other is ''. */
export interface BreakerState {
  readonly cluster: string;
  readonly route: string;
  readonly halfOpen: boolean;
  readonly forMs: number;
  readonly passed: number;
  readonly needed: number;
}

/** An endpoint that gets no requests. */
export interface EjectedEndpoint {
  readonly cluster: string;
  readonly workload: string;
  readonly reason: string;
  readonly forMs: number;
}

export interface ResourceError {
  readonly typeUrl: string;
  readonly name: string;
  readonly message: string;
}

export interface SessionEvents {
  onDumpRequest(requestId: string, what: string): void;
  onDrain(): void;
  onTrustChanged(): void;
}

const WELCOME_TIMEOUT_MS = 10_000;
const HEARTBEAT_DEFAULT_MS = 1_000;
const HEARTBEAT_MIN_MS = 100;
/** A control plane that reads nothing: beats are left out rather than queued. */
const QUEUE_MAX_BYTES = 1024 * 1024;

export class AgentSession {
  readonly #stream: grpc.ClientDuplexStream<AgentMessage, ControlMessage>;
  /** Resolves with the interval of heartbeats. Rejects when the session is refused or not answered. */
  readonly welcomed: Promise<number>;
  /** Resolves with the reason when the session is over. */
  readonly ended: Promise<Error | undefined>;

  constructor(client: grpc.Client, hello: Hello, events: SessionEvents) {
    const stream = openStream(client, agentService.Session);
    this.#stream = stream;
    this.ended = new Promise((resolve) => {
      stream.once('error', resolve);
      stream.once('end', () => resolve(undefined));
    });
    this.welcomed = this.#receive(events);
    this.#send({
      case: 'hello',
      value: {
        ...hello,
        startTimeMs: BigInt(Math.round(hello.startTimeMs)),
        ports: [...hello.ports],
        labels: { ...hello.labels },
      },
    });
  }

  heartbeat(beat: Heartbeat): void {
    if (this.#stream.writableLength > QUEUE_MAX_BYTES) return;
    const { rssBytes, breakers, ejected, overloads, ...rest } = beat;
    this.#send({
      case: 'heartbeat',
      value: {
        ...rest,
        rssBytes: BigInt(rssBytes),
        breakers: [...breakers],
        ejected: [...ejected],
        overloads: [...overloads],
      },
    });
  }

  served(hash: string, errors: readonly ResourceError[]): void {
    this.#send({ case: 'served', value: { hash, errors: [...errors] } });
  }

  dump(requestId: string, json: string): void {
    this.#send({ case: 'dump', value: { requestId, json: Buffer.from(json) } });
  }

  goodbye(): void {
    this.#send({ case: 'goodbye', value: {} });
  }

  close(): void {
    this.#stream.cancel();
  }

  #receive(events: SessionEvents): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new AgentError('MALHA4902', `the control plane did not answer within ${WELCOME_TIMEOUT_MS} ms`));
      }, WELCOME_TIMEOUT_MS);
      void this.ended.then((cause) => {
        clearTimeout(timer);
        reject(cause ?? new AgentError('MALHA4902', 'the control plane closed the session at once'));
      });
      this.#stream.on('data', ({ message }: ControlMessage) => {
        if (message.case === 'welcome') {
          clearTimeout(timer);
          resolve(Math.max(HEARTBEAT_MIN_MS, message.value.heartbeatIntervalMs || HEARTBEAT_DEFAULT_MS));
        } else if (message.case === 'dumpRequest') events.onDumpRequest(message.value.requestId, message.value.what);
        else if (message.case === 'drain') events.onDrain();
        else if (message.case === 'trustChanged') events.onTrustChanged();
      });
    });
  }

  #send(message: MessageInitShape<typeof AgentMessageSchema>['message']): void {
    if (!this.#stream.writable) return;
    this.#stream.write(create(AgentMessageSchema, message === undefined ? {} : { message }));
  }
}
