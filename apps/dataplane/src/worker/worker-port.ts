// The interface between the agent and what carries traffic; the same for a worker in this thread and for one in another.
import type { MeshConfig } from '@malha/traffic';
import type { DataPlaneOptions, DataPlaneStats, SecretMaterial } from '../data-plane.ts';
import type { GatewayCertificate } from '../gateway/certificates.ts';
import type { ProxyLimits } from '../proxy-limits.ts';
import type { MetricsSnapshot, SpanRecord } from '../telemetry/recorder.ts';

export interface WorkloadIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly service: string;
  readonly version: string;
}

/** Plain data: it crosses a thread border. */
export interface WorkerSetup {
  readonly workload: WorkloadIdentity;
  readonly bind: DataPlaneOptions['bind'];
  /** Folder with the certificates that gateways show to clients outside, which are followed; undefined = there are none. */
  readonly certificatesDir: string | undefined;
  readonly limits: ProxyLimits;
  /** Country database in MaxMind's format, which is followed; undefined = there is none. */
  readonly geoipDatabase: string | undefined;
  /** Since when counters count; the resource attribute of the process. */
  readonly startTimeMs: number;
}

export interface BoundPorts {
  readonly outboundPort: number;
  readonly inboundPort: number;
}

/**
 * Calls are carried out in order. `applyConfig` resolves when the configuration is served: a request that arrives after
 * that is routed by it. Parts that did not change are the same objects as in the last call, on both sides of a thread
 * border.
 */
export interface WorkerPort {
  /** First of all calls. */
  setUp(setup: WorkerSetup): Promise<void>;
  /** Opens the listeners; a configuration that was applied before serves the first connection. */
  listen(): Promise<BoundPorts>;
  applyConfig(config: MeshConfig): Promise<void>;
  /** All that the control plane has sent for the listeners of a gateway. */
  setCertificates(certificates: readonly GatewayCertificate[]): Promise<void>;
  setIdentity(secrets: SecretMaterial | undefined): Promise<void>;
  /** What is served, for /config_dump. */
  config(): Promise<MeshConfig | undefined>;
  stats(): Promise<DataPlaneStats>;
  /** Cumulative. */
  metrics(): Promise<MetricsSnapshot>;
  /** Spans that wait for export, taken out. */
  takeSpans(): Promise<readonly SpanRecord[]>;
  drain(deadlineMs: number): Promise<void>;
  close(): Promise<void>;
}
