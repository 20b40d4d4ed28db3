// The OTLP collector services: definitions over raw bytes, and their implementation for proxies and for applications.
import {
  type handleUnaryCall,
  type MethodDefinition,
  type ServerUnaryCall,
  type ServiceError,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { IdentityError } from '@malha/identity';
import { domainErrorOf } from '../../errors.ts';
import { QueueFull } from '../ingest/batcher.ts';
import type { MetricsReport } from '../report.ts';
import type { StoredSpan } from '../spans/span.ts';
import { LabelCache } from './label-cache.ts';
import { readMetrics } from './metrics-reader.ts';
import { readSpans } from './trace-reader.ts';
import { MalformedOtlp } from './wire.ts';

/** Who is on the other side of a call, from its mTLS certificate. */
export interface PeerIdentity {
  readonly spiffeId: string;
}

export interface OtlpServicesDeps {
  /** Identity of the peer; undefined = it proved none. */
  readonly identify: (call: ServerUnaryCall<unknown, unknown>) => PeerIdentity | undefined;
  /** Whether this identity may report for `<namespace>/<workload>`. */
  readonly mayReport: (identity: PeerIdentity, workload: { namespace: string; name: string }) => boolean;
  readonly storeReport: (report: MetricsReport) => Promise<void>;
  readonly storeSpans: (spans: readonly StoredSpan[]) => Promise<void>;
  /** Whether a failure means that the store is away. */
  readonly isOutage: (error: unknown) => boolean;
  readonly log: { warn(fields: object, message: string): void };
}

type Bytes = MethodDefinition<Buffer, Buffer>;

const METRICS_PATH = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';
const TRACES_PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

export const metricsDefinition = { Export: bytesMethod(METRICS_PATH) };
export const tracesDefinition = { Export: bytesMethod(TRACES_PATH) };

/** Nothing to say: an ExportMetricsServiceResponse or ExportTraceServiceResponse without fields. */
const ACCEPTED = Buffer.alloc(0);

/** What a proxy may send: only as the workload that its certificate stands for. */
export function createMetricsImplementation(deps: OtlpServicesDeps): UntypedServiceImplementation {
  const labels = new LabelCache();
  return implement(deps, async (call) => {
    const reports = readMetrics(call.request, labels);
    for (const report of reports) requireOwn(deps, call, report.source.namespace, report.source.workload);
    for (const report of reports) requireOwnSide(report);
    await Promise.all(reports.map((report) => deps.storeReport(report)));
  });
}

export function createTracesImplementation(deps: OtlpServicesDeps): UntypedServiceImplementation {
  return implement(deps, async (call) => {
    const all = readSpans(call.request);
    for (const { namespace, workload } of all) {
      const [owner = '', name = ''] = workload.split('/');
      if (owner !== namespace) throw new ReportDenied(`spans of workload "${workload}" in namespace "${namespace}"`);
      requireOwn(deps, call, owner, name);
    }
    await deps.storeSpans(all.flatMap(({ spans }) => spans));
  });
}

/** For applications' own spans (ports 4317): stored beside the proxies' spans, never counted in edges. */
export function createApplicationTracesImplementation(
  deps: Pick<OtlpServicesDeps, 'storeSpans' | 'isOutage' | 'log'>,
): UntypedServiceImplementation {
  return implement(deps, async (call) => {
    const spans = readSpans(call.request).flatMap((resource) => resource.spans);
    // An application cannot speak for a proxy, whatever it calls itself.
    await deps.storeSpans(spans.map((span) => ({ ...span, workload: '' })));
  });
}

class ReportDenied extends Error {
  override readonly name = 'ReportDenied';
  readonly code = 'MALHA5071';
  constructor(what: string) {
    super(`MALHA5071: the certificate of this connection does not stand for ${what}`);
  }
}

type BytesCall = ServerUnaryCall<Buffer, Buffer>;

function requireOwn(deps: OtlpServicesDeps, call: BytesCall, namespace: string, name: string): void {
  const identity = deps.identify(call);
  if (identity === undefined || !deps.mayReport(identity, { namespace, name })) {
    throw new ReportDenied(`workload ${namespace}/${name}`);
  }
}

/**
 * The proxy's own side of each edge is its own workload; the other side is what it saw. A request that was refused
 * before its port was known has no destination.
 */
function requireOwnSide({ source: own, edges }: MetricsReport): void {
  for (const { labels } of edges) {
    const side = labels.reporter === 'source' ? labels.source : labels.destination;
    const isNowhere = labels.reporter === 'destination' && side.workload === '';
    const isOwn = side.workload === own.workload && (side.namespace === own.namespace || side.namespace === '');
    if (!isOwn && !isNowhere) throw new ReportDenied(`a report of ${side.namespace}/${side.workload} as its own side`);
  }
}

function implement(
  deps: Pick<OtlpServicesDeps, 'isOutage' | 'log'>,
  run: (call: BytesCall) => Promise<void>,
): UntypedServiceImplementation {
  const handler: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    run(call).then(
      () => callback(null, ACCEPTED),
      (error: unknown) => callback(toServiceError(deps, error)),
    );
  };
  return { Export: handler };
}

function toServiceError(deps: Pick<OtlpServicesDeps, 'isOutage' | 'log'>, error: unknown): Partial<ServiceError> {
  if (error instanceof ReportDenied) return { code: status.PERMISSION_DENIED, details: error.message };
  if (error instanceof MalformedOtlp) {
    return { code: status.INVALID_ARGUMENT, details: `MALHA5070: ${error.message}` };
  }
  if (error instanceof QueueFull) return { code: status.RESOURCE_EXHAUSTED, details: `MALHA5072: ${error.message}` };
  const domain = domainErrorOf(error);
  if (domain?.kind === 'unauthenticated' || domain?.kind === 'forbidden') {
    const code = domain.kind === 'forbidden' ? status.PERMISSION_DENIED : status.UNAUTHENTICATED;
    return { code, details: `${domain.code}: ${domain.message}` };
  }
  if (error instanceof IdentityError) {
    return { code: status.UNAUTHENTICATED, details: `${error.code}: ${error.message}` };
  }
  if (deps.isOutage(error)) return { code: status.UNAVAILABLE, details: 'MALHA5020: Postgres is away' };
  deps.log.warn({ err: error }, 'a telemetry report could not be stored');
  // Retryable on purpose: counts are cumulative, the next report holds these too.
  return { code: status.UNAVAILABLE, details: 'MALHA5073: the report could not be stored' };
}

function bytesMethod(path: string): Bytes {
  const same = (bytes: Buffer) => bytes;
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}
