// `malha ratelimit`: a gRPC server in front of the counts, and what tells operators how it is.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { rateLimitService } from '@malha/xds/services';
import { type HttpEndpoint, openHttpEndpoint, text } from '../admin/http-endpoint.ts';
import { PROMETHEUS_CONTENT_TYPE } from '../telemetry/prometheus.ts';
import type { LimitStore } from './limit-store.ts';
import { type ServiceCounts, shouldRateLimit } from './rpc/rate-limit-service.ts';

const MESSAGE_MAX_BYTES = 64 * 1024;
const STREAMS_MAX = 1_000;
const KEEPALIVE_TIME_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;

export interface RateLimitServerOptions {
  readonly store: LimitStore;
  readonly bindAddress: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly operationsPort: number | undefined;
}

export interface RateLimitServer {
  readonly port: number;
  readonly operationsPort: number | undefined;
  /** Answers what was asked, and nothing more. */
  close(deadlineMs: number): Promise<void>;
}

const OUTCOMES = ['allowed', 'limited', 'failed', 'invalid'] as const;

class Counts implements ServiceCounts {
  readonly #counts = new Map<(typeof OUTCOMES)[number], number>(OUTCOMES.map((outcome) => [outcome, 0]));

  note(outcome: (typeof OUTCOMES)[number]): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }

  text(isStoreHere: boolean): string {
    const lines = [
      '# HELP malha_ratelimit_decisions_total Requests for a decision, by what came of them.',
      '# TYPE malha_ratelimit_decisions_total counter',
      ...[...this.#counts].map(([outcome, count]) => `malha_ratelimit_decisions_total{outcome="${outcome}"} ${count}`),
      '# HELP malha_ratelimit_store_up Whether the counts can be reached; callers let everything pass while they cannot.',
      '# TYPE malha_ratelimit_store_up gauge',
      `malha_ratelimit_store_up ${isStoreHere ? 1 : 0}`,
    ];
    return `${lines.join('\n')}\n`;
  }
}

export async function startRateLimitServer(options: RateLimitServerOptions): Promise<RateLimitServer> {
  const { store, bindAddress } = options;
  const counts = new Counts();
  const grpc = new Server({
    'grpc.max_receive_message_length': MESSAGE_MAX_BYTES,
    'grpc.max_concurrent_streams': STREAMS_MAX,
    'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.enable_channelz': 0,
  });
  grpc.addService(rateLimitService, { ShouldRateLimit: shouldRateLimit(store, counts) });
  const port = await bind(grpc, bindAddress, options.port);
  let operations: HttpEndpoint | undefined;
  try {
    operations = await openOperations(options, counts);
  } catch (error) {
    grpc.forceShutdown();
    throw error;
  }
  return {
    port,
    operationsPort: operations?.port,
    close: (deadlineMs) => {
      operations?.close();
      return shutDown(grpc, deadlineMs);
    },
  };
}

function openOperations({ store, bindAddress, operationsPort }: RateLimitServerOptions, counts: Counts) {
  if (operationsPort === undefined) return undefined;
  return openHttpEndpoint(bindAddress, operationsPort, {
    '/ready': {
      method: 'GET',
      help: '200 while Redis counts',
      handle: () => (store.isHere ? text('ready\n') : text('the counts cannot be reached\n', 503)),
    },
    '/metrics': {
      method: 'GET',
      help: 'metrics in the text format of Prometheus',
      handle: () => ({ status: 200, contentType: PROMETHEUS_CONTENT_TYPE, body: counts.text(store.isHere) }),
    },
  });
}

function bind(grpc: Server, address: string, port: number): Promise<number> {
  const host = address.includes(':') ? `[${address}]` : address;
  return new Promise((resolve, reject) => {
    grpc.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}

function shutDown(grpc: Server, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      grpc.forceShutdown();
      resolve();
    }, deadlineMs);
    grpc.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
