// Definitions of the OTLP collector services (metrics, traces, logs) for grpc-js; apart, so that who does not export loads none of it.
import {
  ExportLogsServiceRequestSchema,
  ExportLogsServiceResponseSchema,
} from './generated/opentelemetry/proto/collector/logs/v1/logs_service_pb.ts';
import {
  ExportMetricsServiceRequestSchema,
  ExportMetricsServiceResponseSchema,
} from './generated/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts';
import {
  ExportTraceServiceRequestSchema,
  ExportTraceServiceResponseSchema,
} from './generated/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts';
import { defineMethod } from './rpc.ts';

const collector = '/opentelemetry.proto.collector';

export const metricsService = {
  Export: defineMethod(
    `${collector}.metrics.v1.MetricsService/Export`,
    'unary',
    ExportMetricsServiceRequestSchema,
    ExportMetricsServiceResponseSchema,
  ),
};

export const traceService = {
  Export: defineMethod(
    `${collector}.trace.v1.TraceService/Export`,
    'unary',
    ExportTraceServiceRequestSchema,
    ExportTraceServiceResponseSchema,
  ),
};

export const logsService = {
  Export: defineMethod(
    `${collector}.logs.v1.LogsService/Export`,
    'unary',
    ExportLogsServiceRequestSchema,
    ExportLogsServiceResponseSchema,
  ),
};
