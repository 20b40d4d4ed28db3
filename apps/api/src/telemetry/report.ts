// What one proxy reports: cumulative counts by edge, from the start of one process. Domain types of ingestion.

export type Reporter = 'source' | 'destination';
/** `http` where the proxy did not say which version its connection spoke, or had none. */
export type EdgeProtocol = 'http' | 'http1' | 'http2' | 'grpc' | 'tcp';

export interface EdgeEnd {
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly workload: string;
}

export interface EdgeLabels {
  readonly reporter: Reporter;
  readonly source: EdgeEnd;
  readonly destination: EdgeEnd & { readonly port: number };
  /** SPIFFE ID that the other side proved; empty for plaintext. */
  readonly peerPrincipal: string;
  readonly protocol: EdgeProtocol;
  readonly route: string;
  readonly mtls: boolean;
}

/** A call that reached nobody was over nothing: it counts only where there is no other. */
export function isMutual(labels: readonly EdgeLabels[]): boolean {
  const reached = labels.filter(({ destination }) => destination.workload !== '');
  return (reached.length > 0 ? reached : labels).every(({ mtls }) => mtls);
}

/** Identity of a label set, the same in every report. */
export type EdgeKey = string & { readonly __brand: 'EdgeKey' };

/** Who reports: one process of one workload's proxy. */
export interface ReportSource {
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly workload: string;
  readonly instanceId: string;
  readonly startTimeMs: number;
}

export interface OutcomeCount {
  readonly status: number;
  /** Bits of packages/traffic's RequestFlags. */
  readonly flags: number;
  requests: number;
  retries: number;
}

export interface EdgeReport {
  readonly key: EdgeKey;
  readonly labels: EdgeLabels;
  readonly outcomes: OutcomeCount[];
  requestBytes: number;
  responseBytes: number;
  /** Counts by bucket; undefined when this report has none. */
  duration: Float64Array | undefined;
  ttfb: Float64Array | undefined;
}

/** All values are cumulative since `source.startTimeMs`. An edge that is absent has not changed. */
export interface MetricsReport {
  readonly source: ReportSource;
  /** When the proxy read its counters, by its own clock. */
  readonly timeMs: number;
  readonly edges: readonly EdgeReport[];
}

export function edgeKeyOf(labels: EdgeLabels): EdgeKey {
  const { source, destination } = labels;
  const parts = [
    labels.reporter,
    source.namespace,
    source.service,
    source.version,
    source.workload,
    destination.namespace,
    destination.service,
    destination.version,
    destination.workload,
    destination.port,
    labels.peerPrincipal,
    labels.protocol,
    labels.route,
    labels.mtls,
  ];
  return JSON.stringify(parts) as EdgeKey;
}

/**
 * Whether this side's report counts for the edge: the caller's if the caller is in the mesh, else the callee's.
 * A caller is known to be in the mesh when it proved an identity, or when its proxy named its workload in plaintext.
 */
export function isCounted(labels: EdgeLabels): boolean {
  return labels.reporter === 'source' || (labels.peerPrincipal === '' && labels.source.workload === '');
}
