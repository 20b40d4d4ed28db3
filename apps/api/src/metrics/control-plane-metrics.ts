// The control plane's own metrics, by Prometheus' names and units: what is counted here, and what is read when scraped.
import { UPSERT_ORDER } from '@malha/xds';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import manifest from '../../package.json' with { type: 'json' };
import type { IssuedFor } from '../ca/enrolment.ts';
import type { IngestOutcome, SpanOrigin } from '../telemetry/index.ts';

/** From one machine's milliseconds to a slow fleet's seconds. */
const PROPAGATION_BOUNDS_SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
const MS_PER_SECOND = 1000;

/** Read when scraped. Each part of the control plane says what is its own. */
export interface Watched {
  readonly isDatabaseUp: () => boolean;
  /** Newest one that this replica knows. */
  readonly revision: () => number;
  readonly workloadsRegistered: () => number;
  readonly agentsConnected: () => number;
  readonly xdsStreams: () => number;
  readonly gatewayCertificates: () => readonly CertificateEnd[];
}

/** When a certificate that gateways show ends. */
export interface CertificateEnd {
  readonly namespace: string;
  readonly name: string;
  readonly notAfterMs: number;
}

export class ControlPlaneMetrics {
  readonly #registry = new Registry();
  readonly #watched: Partial<Watched> = {};
  readonly #certificates = this.#counter('malha_ca_certificates_issued_total', 'Certificates given to workloads.', [
    'reason',
  ]);
  readonly #pushes = this.#counter('malha_xds_pushes_total', 'xDS responses sent to proxies, by resource type.', [
    'type',
  ]);
  readonly #nacks = this.#counter('malha_xds_nacks_total', 'xDS responses that a proxy refused, by resource type.', [
    'type',
  ]);
  readonly #reports = this.#counter(
    'malha_telemetry_reports_total',
    'Metric reports of proxies, by what became of them.',
    ['outcome'],
  );
  readonly #spans = this.#counter(
    'malha_telemetry_spans_total',
    'Spans received, by sender and by what became of them.',
    ['origin', 'outcome'],
  );
  readonly #propagation = new Histogram({
    name: 'malha_xds_propagation_seconds',
    help: 'From a revision to its being active on one proxy that had to change for it.',
    buckets: PROPAGATION_BOUNDS_SECONDS,
    registers: [this.#registry],
  });

  constructor(mesh: { readonly meshName: string; readonly trustDomain: string }) {
    new Gauge({
      name: 'malha_control_plane_info',
      help: 'This control plane; always 1.',
      labelNames: ['version', 'mesh', 'trust_domain'],
      registers: [this.#registry],
    }).set({ version: manifest.version, mesh: mesh.meshName, trust_domain: mesh.trustDomain }, 1);
    this.#gauge('malha_database_up', 'Whether this replica reaches Postgres.', () => this.#watched.isDatabaseUp?.());
    this.#gauge('malha_revision', 'Newest revision that this replica knows.', () => this.#watched.revision?.());
    this.#gauge('malha_workloads_registered', 'Workloads that are in the mesh.', () =>
      this.#watched.workloadsRegistered?.(),
    );
    this.#gauge('malha_agents_connected', 'Agent sessions with this replica.', () => this.#watched.agentsConnected?.());
    this.#gauge('malha_xds_proxies_connected', 'Proxies with an xDS stream to this replica.', () =>
      this.#watched.xdsStreams?.(),
    );
    this.#watchCertificates();
    // Every series is there from the start, so that a rate over it sees its first increase.
    for (const typeUrl of UPSERT_ORDER) {
      this.#pushes.inc({ type: shortType(typeUrl) }, 0);
      this.#nacks.inc({ type: shortType(typeUrl) }, 0);
    }
    for (const reason of ['join', 'renewal'] satisfies IssuedFor[]) this.#certificates.inc({ reason }, 0);
    for (const outcome of ['stored', 'refused'] satisfies IngestOutcome[]) {
      this.#reports.inc({ outcome }, 0);
      for (const origin of ['proxy', 'application'] satisfies SpanOrigin[]) this.#spans.inc({ origin, outcome }, 0);
    }
    collectDefaultMetrics({ register: this.#registry });
  }

  readonly contentType = this.#registry.contentType;

  /** Prometheus text. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  watch(readings: Partial<Watched>): void {
    Object.assign(this.#watched, readings);
  }

  readonly certificateIssued = (reason: IssuedFor): void => this.#certificates.inc({ reason });

  readonly xds = {
    sent: (typeUrl: string): void => this.#pushes.inc({ type: shortType(typeUrl) }),
    refused: (typeUrl: string): void => this.#nacks.inc({ type: shortType(typeUrl) }),
    arrived: (latencyMs: number): void => this.#propagation.observe(latencyMs / MS_PER_SECOND),
  };

  readonly telemetry = {
    report: (outcome: IngestOutcome): void => this.#reports.inc({ outcome }),
    spans: (origin: SpanOrigin, count: number, outcome: IngestOutcome): void =>
      this.#spans.inc({ origin, outcome }, count),
  };

  /** A certificate that is deleted leaves no series behind. */
  #watchCertificates(): void {
    const watched = this.#watched;
    new Gauge({
      name: 'malha_gateway_certificate_expiry_timestamp_seconds',
      help: 'When a certificate that gateways show ends, in seconds since the Unix epoch.',
      labelNames: ['namespace', 'name'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { namespace, name, notAfterMs } of watched.gatewayCertificates?.() ?? []) {
          this.set({ namespace, name }, notAfterMs / MS_PER_SECOND);
        }
      },
    });
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  /** Without a value while its part is not there yet. */
  #gauge(name: string, help: string, read: () => number | boolean | undefined): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        const value = read();
        if (value !== undefined) this.set(Number(value));
      },
    });
  }
}

/** `type.googleapis.com/envoy.config.cluster.v3.Cluster` -> `Cluster` */
function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}
