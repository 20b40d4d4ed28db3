// The shapes that the console reads from the control plane, as it names them.

export type Health = 'ok' | 'warn' | 'err' | 'unknown';
export type Role = 'viewer' | 'editor' | 'operator' | 'admin';
export type TimeRange = { readonly fromMs: number; readonly toMs: number } | { readonly liveSeconds: number };

/** Golden signals of one thing over the asked time. Latencies are null where nothing was measured. */
export interface Golden {
  readonly requestsPerSecond: number;
  /** 0..1 */
  readonly errorRate: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly failedPerSecond: number;
  readonly retriesPerSecond: number;
}

export interface Series {
  readonly stepMs: number;
  readonly startMs: number;
  readonly requestsPerSecond: readonly number[];
  readonly errorRate: readonly number[];
  readonly p50Ms: readonly (number | null)[];
  readonly p95Ms: readonly (number | null)[];
  readonly p99Ms: readonly (number | null)[];
}

export interface Me {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
}

export interface MeshStatus {
  readonly meshName: string;
  readonly revision: number;
  readonly proxies: {
    readonly total: number;
    readonly active: number;
    readonly stale: number;
    readonly nacked: number;
  };
  readonly database: 'ok' | 'away';
  readonly canWrite: boolean;
  readonly trustDomain: string;
}

export interface Finding {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly object?: string | undefined;
  readonly path: string;
  readonly message: string;
  readonly remedy?: string | undefined;
  readonly line?: number | undefined;
}

export interface StoredResource {
  readonly key: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly yaml: string;
  readonly revision: number;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
  readonly findings: readonly Finding[];
}

export interface VersionShare {
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly share: number;
}

export interface ServiceRow {
  readonly namespace: string;
  readonly name: string;
  readonly health: Health;
  readonly golden: Golden;
  readonly versions: readonly (VersionShare & { readonly instances: number })[];
  readonly instances: number;
  readonly healthyInstances: number;
  readonly mtls: 'strict' | 'permissive' | 'disabled';
  /** Error rate over the range. */
  readonly spark: readonly number[];
  readonly sparkRps: readonly number[];
  readonly note: string | null;
}

export interface Problem {
  readonly severity: Health;
  readonly title: string;
  readonly detail: string;
  readonly link: string;
  readonly sinceMs?: number | undefined;
  readonly revision?: number | undefined;
}

export interface Overview {
  readonly golden: Golden;
  readonly series: Series;
  readonly services: readonly ServiceRow[];
  readonly problems: readonly Problem[];
}

export interface Peer {
  readonly namespace: string;
  readonly name: string;
  readonly golden: Golden;
  readonly mtls: boolean;
}

export interface ServiceDetail {
  readonly row: ServiceRow;
  readonly series: Series;
  readonly byVersion: readonly { readonly name: string; readonly golden: Golden; readonly series: Series }[];
  readonly callers: readonly Peer[];
  readonly callees: readonly Peer[];
  readonly codes: readonly { readonly status: number; readonly perSecond: number }[];
  readonly workloads: readonly {
    readonly name: string;
    readonly version: string;
    readonly healthy: boolean;
    readonly golden: Golden;
  }[];
  readonly policies: readonly { readonly key: string; readonly why: string }[];
}

export type TopologyView = 'service' | 'version' | 'workload';
export type NodeBadge = 'route' | 'fault' | 'mirror' | 'canary';

export interface TopologyNode {
  readonly id: string;
  readonly namespace: string;
  readonly service: string;
  readonly version?: string | undefined;
  readonly workload?: string | undefined;
  readonly kind: 'service' | 'external' | 'unmeshed';
  readonly health: Health;
  readonly requestsPerSecond: number;
  readonly errorRate: number;
  readonly p95Ms: number | null;
  readonly versions: readonly VersionShare[];
  readonly badges: readonly NodeBadge[];
}

export interface TopologyEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly protocol: string;
  readonly protocols: readonly { readonly protocol: string; readonly share: number }[];
  readonly mtls: boolean;
  readonly golden: Golden;
  readonly share: number | null;
  readonly versions: readonly VersionShare[];
  readonly flags: readonly { readonly flag: string; readonly share: number }[];
}

export interface Topology {
  readonly atMs: number;
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
  readonly totals: { readonly requests: number; readonly retries: number; readonly failures: number };
}

export interface MeasuredSplit {
  readonly sinceMs: number;
  readonly total: number;
  readonly backends: readonly { readonly version: string; readonly requests: number; readonly share: number }[];
}

export interface TraceSummary {
  readonly traceId: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly rootService: string;
  readonly rootOperation: string;
  readonly services: readonly string[];
  readonly spans: number;
  readonly errors: number;
  readonly status: number;
}

export interface Span {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly service: string;
  readonly namespace: string;
  readonly workload: string;
  readonly kind: 'client' | 'server';
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly status: number;
  readonly isError: boolean;
  readonly flags: readonly string[];
  readonly flagWords: readonly string[];
  readonly route: string;
  readonly policy: string;
  readonly attempts: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

export interface ProxyPropagation {
  readonly workload: string;
  readonly model: string;
  readonly state: 'active' | 'pending' | 'nacked' | 'disconnected' | 'acked';
  readonly latencyMs: number | null;
  readonly error: string | null;
}

export interface Propagation {
  readonly revision: number;
  readonly startedAtMs: number;
  readonly proxies: readonly ProxyPropagation[];
  readonly active: number;
  readonly total: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface ProxyRow {
  readonly workload: string;
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly model: string;
  readonly instanceId: string;
  readonly state: 'in-sync' | 'stale' | 'disconnected' | 'nacked' | 'out';
  readonly servedRevision: number | null;
  readonly address: string;
  readonly softwareVersion: string;
  readonly connectedAtMs: number | null;
  readonly lastSeenMs: number | null;
  readonly rssBytes: number | null;
  readonly cpuCores: number | null;
  readonly openConnections: number | null;
  readonly certificateNotAfterMs: number | null;
  readonly nack: string | null;
}

export type ChangeOp = 'create' | 'update' | 'delete' | 'same';

export interface ChangeSummary {
  readonly revision: number;
  readonly author: string;
  readonly message: string;
  readonly createdAtMs: number;
  readonly kind: 'apply' | 'revert';
  readonly revertOf?: number | null | undefined;
  readonly objects: readonly { readonly key: string; readonly op: ChangeOp }[];
  readonly propagation: {
    readonly total: number;
    readonly active: number;
    readonly p50Ms: number | null;
    readonly p99Ms: number | null;
  } | null;
}

export interface ObjectDiff {
  readonly key: string;
  readonly op: ChangeOp;
  readonly before: string | null;
  readonly after: string | null;
}

export interface ChangeDetail extends ChangeSummary {
  readonly diff: readonly ObjectDiff[];
  readonly before: Golden | null;
  readonly after: Golden | null;
}

/** What the store says when an object was changed since the draft began. */
export interface Conflict {
  readonly key: string;
  readonly currentRevision: number;
  readonly currentAuthor: string;
  readonly currentYaml: string | null;
  readonly baseYaml: string | null;
}

/** What a gateway shows to clients outside. */
export interface GatewayCertificate {
  readonly namespace: string;
  readonly name: string;
  readonly subject: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** `EC P-256` */
  readonly key: string;
  readonly notAfterMs: number;
  readonly usedBy: readonly string[];
}

export interface Certificate {
  readonly subject: string;
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly spkiSha256: string;
}
