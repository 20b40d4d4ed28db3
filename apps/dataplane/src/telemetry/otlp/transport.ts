// Calls of the OTLP collector services over a connection that somebody else keeps (the agent's mTLS channel).
import { type Client, Metadata, status } from '@grpc/grpc-js';

export type OtlpSignal = 'metrics' | 'traces';

export type ExportOutcome = 'delivered' | 'retry' | 'refused';

const PATHS: Record<OtlpSignal, string> = {
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
};

/** Codes that OTLP calls retryable (OTLP specification, "Failures"), and UNKNOWN, which a broken connection may yield. */
const RETRYABLE: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

export interface OtlpTransport {
  /** Never rejects; `detail` says why it was not delivered. */
  send(
    signal: OtlpSignal,
    request: Uint8Array,
    deadlineMs: number,
  ): Promise<{ outcome: ExportOutcome; detail: string }>;
}

/** `client` gives the connection of the moment, undefined while there is none. */
export function createGrpcTransport(client: () => Client | undefined): OtlpTransport {
  return {
    send(signal, request, deadlineMs) {
      const connection = client();
      if (connection === undefined) return Promise.resolve({ outcome: 'retry', detail: 'not connected' });
      return new Promise((resolve) => {
        const deadline = new Date(Date.now() + deadlineMs);
        try {
          connection.makeUnaryRequest(
            PATHS[signal],
            (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
            (bytes: Buffer) => bytes,
            request,
            new Metadata(),
            { deadline },
            (error) => {
              if (error === null) resolve({ outcome: 'delivered', detail: '' });
              else resolve({ outcome: RETRYABLE.has(error.code) ? 'retry' : 'refused', detail: error.message });
            },
          );
        } catch (error) {
          // A channel that was closed in the meantime throws at once.
          resolve({ outcome: 'retry', detail: error instanceof Error ? error.message : String(error) });
        }
      });
    },
  };
}
