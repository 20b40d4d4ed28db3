// The OTLP collector services over gRPC: definitions over raw bytes, and their implementation for proxies and applications.
import type { handleUnaryCall, MethodDefinition, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { MetricsReport } from '../report.ts';
import type { StoredSpan } from '../spans/span.ts';
import { type FailureDeps, failureOf, ReportDenied } from './failure.ts';
import { LabelCache } from './label-cache.ts';
import { readMetrics } from './metrics-reader.ts';
import { readSpans } from './trace-reader.ts';

/** Who is on the other side of a call, from its mTLS certificate. */
export interface PeerIdentity {
  readonly spiffeId: string;
}

export interface OtlpServicesDeps extends FailureDeps {
  /** Identity of the peer; undefined = it proved none. */
  readonly identify: (call: ServerUnaryCall<unknown, unknown>) => PeerIdentity | undefined;
  /** Whether this identity may report for `<namespace>/<workload>`. */
  readonly mayReport: (identity: PeerIdentity, workload: { namespace: string; name: string }) => boolean;
  readonly storeReport: (report: MetricsReport) => Promise<void>;
  readonly storeSpans: (spans: readonly StoredSpan[]) => Promise<void>;
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

/** For applications' own spans (port 4317). `receive` takes an ExportTraceServiceRequest. */
export function createApplicationTracesImplementation(
  deps: FailureDeps & { readonly receive: (request: Buffer) => Promise<void> },
): UntypedServiceImplementation {
  return implement(deps, (call) => deps.receive(call.request));
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

function implement(deps: FailureDeps, run: (call: BytesCall) => Promise<void>): UntypedServiceImplementation {
  const handler: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    run(call).then(
      () => callback(null, ACCEPTED),
      (error: unknown) => callback(failureOf(deps, error)),
    );
  };
  return { Export: handler };
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
