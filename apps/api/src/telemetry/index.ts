// Composition of telemetry: what proxies send is stored, what the console asks is read.
import type { ServerUnaryCall, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { World } from '@malha/policies';
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import type { Logger } from 'pino';
import { isDatabaseAway } from '../db/away.ts';
import { ReportBatcher } from './ingest/batcher.ts';
import { Ingest } from './ingest/ingest.ts';
import { Maintenance } from './maintenance/maintenance.ts';
import { createMeshView } from './mesh-view.ts';
import {
  createApplicationTracesImplementation,
  createMetricsImplementation,
  createTracesImplementation,
  metricsDefinition,
  type PeerIdentity,
  tracesDefinition,
} from './otlp/services.ts';
import type { RevisionMark } from './problems.ts';
import { TelemetryQueries } from './queries.ts';
import { EdgeDirectory } from './query/edge-directory.ts';
import { SharedReads } from './shared-reads.ts';
import { SpanStore } from './spans/span-store.ts';

export type { Golden } from './golden.ts';
export type { PeerIdentity } from './otlp/services.ts';
export type { RevisionMark } from './problems.ts';
export { TelemetryQueries } from './queries.ts';
export type { EdgeTotal, Totals } from './query/totals.ts';

export interface TelemetryOptions {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Resources and registered workloads of the moment; undefined until they are loaded. */
  readonly world: () => World | undefined;
  /** Changes of the mesh's resources within this time, to name one with a problem. */
  readonly revisionsBetween: (fromMs: number, toMs: number) => Promise<readonly RevisionMark[]>;
  /** Identity of a caller on the member port. May throw a domain error for a certificate that is not taken. */
  readonly identify: (call: ServerUnaryCall<unknown, unknown>) => PeerIdentity | undefined;
  /** Whether this identity may report for the workload; absent = it must be of the workload's namespace and, if the workload is registered, its own identity. */
  readonly mayReport?: (identity: PeerIdentity, workload: { namespace: string; name: string }) => boolean;
}

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
  start(): void;
  stop(): Promise<void>;
}

export function createTelemetry(options: TelemetryOptions): TelemetryHandle {
  const { pool, clock } = options;
  const log = options.logger.child({ module: 'telemetry' });
  const onError = (error: unknown) => log.warn({ err: error }, 'telemetry: a step failed and will be done again');
  const ingest = new Ingest(pool, clock);
  const batcher = new ReportBatcher({ store: (reports) => ingest.store(reports), isOutage: isDatabaseAway });
  const spans = new SpanStore(pool);
  const maintenance = new Maintenance({ pool, clock, onError });
  const reads = new SharedReads({ clock, onError });
  const view = createMeshView(options.world);
  const edges = new EdgeDirectory(pool);
  const deps = {
    identify: options.identify,
    mayReport: options.mayReport ?? mayReportBy(options.world),
    storeReport: batcher.submit.bind(batcher),
    storeSpans: spans.store.bind(spans),
    isOutage: isDatabaseAway,
    log,
  };
  const { revisionsBetween } = options;
  return {
    queries: new TelemetryQueries({ pool, clock, edges, view, revisionsBetween }, reads),
    memberServices: [
      { definition: metricsDefinition, implementation: createMetricsImplementation(deps) },
      { definition: tracesDefinition, implementation: createTracesImplementation(deps) },
    ],
    applicationServices: [
      { definition: tracesDefinition, implementation: createApplicationTracesImplementation(deps) },
    ],
    start: () => maintenance.start(),
    stop: () => maintenance.stop(),
  };
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
