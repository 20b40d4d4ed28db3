// Telemetry of the data plane: recorder, traces, Prometheus text, and the export to the control plane.
export * from './otlp/exporter.ts';
export type { TelemetryResource } from './otlp/resource.ts';
export { createGrpcTransport, type OtlpTransport } from './otlp/transport.ts';
export { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus.ts';
export * from './recorder.ts';
export { SnapshotMerger } from './snapshot-merger.ts';
export { createTraceIds, formatTraceparent, parseTraceparent, startSpan, type TraceIds } from './trace-context.ts';
