// Composition of telemetry: what proxies send is stored, what the console asks is read.
import type { ServerUnaryCall, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { World } from '@malha/policies';
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import type { Logger } from 'pino';
import { isDatabaseAway } from '../db/away.ts';
import { ReportBatcher } from './ingest/batcher.ts';
import { Ingest } from './ingest/ingest.ts';
import { RecentCallers } from './ingest/recent-callers.ts';
import { Maintenance } from './maintenance/maintenance.ts';
import { createMeshView } from './mesh-view.ts';
import { type FailureDeps, failureOf, type OtlpFailure } from './otlp/failure.ts';
import {
  createApplicationTracesImplementation,
  createMetricsImplementation,
  createTracesImplementation,
  metricsDefinition,
  type PeerIdentity,
  tracesDefinition,
} from './otlp/services.ts';
import { readJsonSpans } from './otlp/trace-json-reader.ts';
import { readSpans } from './otlp/trace-reader.ts';
import type { Problem, RevisionMark } from './problems.ts';
import { TelemetryQueries } from './queries.ts';
import { EdgeDirectory } from './query/edge-directory.ts';
import type { MetricsReport } from './report.ts';
import { SharedReads } from './shared-reads.ts';
import type { StoredSpan } from './spans/span.ts';
import { SpanStore } from './spans/span-store.ts';

export type { Golden } from './golden.ts';
export type { OtlpFailure } from './otlp/failure.ts';
export type { PeerIdentity } from './otlp/services.ts';
export type { Problem, RevisionMark } from './problems.ts';
export { TelemetryQueries } from './queries.ts';
export type { EdgeTotal, Totals } from './query/totals.ts';
export type { ServiceTraffic, TracedCall, TrafficRow } from './services/service-traffic.ts';
export type { Topology, TopologyEdge, TopologyNode } from './topology/graph.ts';

export interface TelemetryOptions {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Resources and registered workloads of the moment; undefined until they are loaded. */
  readonly world: () => World | undefined;
  /** Changes of the mesh's resources within this time, to name one with a problem. */
  readonly revisionsBetween: (fromMs: number, toMs: number) => Promise<readonly RevisionMark[]>;
  /** Problems of other parts of the control plane, for the overview. */
  readonly otherProblems?: () => readonly Problem[];
  /** Identity of a caller on the member port. May throw a domain error for a certificate that is not taken. */
  readonly identify: (call: ServerUnaryCall<unknown, unknown>) => PeerIdentity | undefined;
  /** Whether this identity may report for the workload; absent = it must be of the workload's namespace and, if the workload is registered, its own identity. */
  readonly mayReport?: (identity: PeerIdentity, workload: { namespace: string; name: string }) => boolean;
  readonly observer?: TelemetryObserver;
}

export type SpanOrigin = 'proxy' | 'application';
export type IngestOutcome = 'stored' | 'refused';

/** Hears what is worth counting. */
export interface TelemetryObserver {
  report(outcome: IngestOutcome): void;
  spans(origin: SpanOrigin, count: number, outcome: IngestOutcome): void;
}

/** Takes an ExportTraceServiceRequest of an application; undefined = stored. */
export type ReceiveTraces = (request: Buffer, encoding: 'protobuf' | 'json') => Promise<OtlpFailure | undefined>;

export interface GrpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface TelemetryHandle {
  readonly queries: TelemetryQueries;
  /** For the member port (mutual TLS). */
  readonly memberServices: readonly GrpcService[];
  /** For port 4317: spans of applications; they never feed edge totals. */
  readonly applicationServices: readonly GrpcService[];
  /** The same for port 4318. */
  readonly receiveTraces: ReceiveTraces;
  /** Workloads that called one of these services of late, as this replica has heard. Both as `<namespace>/<name>`. */
  recentCallersOf(services: Iterable<string>): ReadonlySet<string>;
  start(): void;
  stop(): Promise<void>;
}

export function createTelemetry(options: TelemetryOptions): TelemetryHandle {
  const { pool, clock } = options;
  const log = options.logger.child({ module: 'telemetry' });
  const onError = (error: unknown) => log.warn({ err: error }, 'telemetry: a step failed and will be done again');
  const callers = new RecentCallers();
  const ingest = new Ingest(pool, clock, callers);
  const batcher = new ReportBatcher({ store: (reports) => ingest.store(reports), isOutage: isDatabaseAway });
  const spans = new SpanStore(pool);
  const maintenance = new Maintenance({ pool, clock, onError });
  const reads = new SharedReads({ clock, onError });
  const view = createMeshView(options.world);
  const edges = new EdgeDirectory(pool);
  const { observer } = options;
  const storeSpans = (origin: SpanOrigin) => (list: readonly StoredSpan[]) =>
    counted(spans.store(list), (outcome) => observer?.spans(origin, list.length, outcome));
  const failures: FailureDeps = { isOutage: isDatabaseAway, log };
  const deps = {
    ...failures,
    identify: options.identify,
    mayReport: options.mayReport ?? mayReportBy(options.world),
    storeReport: (report: MetricsReport) => counted(batcher.submit(report), (outcome) => observer?.report(outcome)),
    storeSpans: storeSpans('proxy'),
  };
  const storeApplicationSpans = storeSpans('application');
  const receive = async (request: Buffer, encoding: 'protobuf' | 'json' = 'protobuf') => {
    const resources = encoding === 'json' ? readJsonSpans(request) : readSpans(request);
    const list = resources.flatMap((resource) => resource.spans);
    // An application cannot speak for a proxy, whatever it calls itself.
    await storeApplicationSpans(list.map((span) => ({ ...span, workload: '' })));
  };
  const { revisionsBetween, otherProblems } = options;
  return {
    queries: new TelemetryQueries({ pool, clock, edges, view, revisionsBetween, otherProblems }, reads),
    memberServices: [
      { definition: metricsDefinition, implementation: createMetricsImplementation(deps) },
      { definition: tracesDefinition, implementation: createTracesImplementation(deps) },
    ],
    applicationServices: [
      {
        definition: tracesDefinition,
        implementation: createApplicationTracesImplementation({ ...failures, receive }),
      },
    ],
    receiveTraces: (request, encoding) =>
      receive(request, encoding).then(
        () => undefined,
        (error: unknown) => failureOf(failures, error),
      ),
    recentCallersOf: (services) => callers.of(services, clock.now()),
    start: () => maintenance.start(),
    stop: () => maintenance.stop(),
  };
}

async function counted(work: Promise<void>, count: (outcome: IngestOutcome) => void): Promise<void> {
  try {
    await work;
    count('stored');
  } catch (error) {
    count('refused');
    throw error;
  }
}

/**
 * The namespace must be the certificate's; of a registered workload also the service account. A workload that is gone
 * may still deliver what it counted.
 */
function mayReportBy(world: () => World | undefined): NonNullable<TelemetryOptions['mayReport']> {
  return (identity, { namespace, name }) => {
    const [owner, account] = /\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity.spiffeId)?.slice(1) ?? [];
    if (owner !== namespace) return false;
    const workload = world()?.workloads.find(
      ({ metadata }) => metadata.name === name && (metadata.namespace ?? 'default') === namespace,
    );
    const expected = workload?.spec.serviceAccount;
    return expected === undefined || expected === account;
  };
}
