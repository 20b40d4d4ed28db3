// Renders a snapshot in the Prometheus text format 0.0.4: seconds and bytes, as its naming rules ask.
import { formatFlags } from '@malha/traffic/flags';
import { BUCKET_BOUNDS_MS } from '@malha/traffic/histogram';
import type { OverloadState } from '../filters/overload/overloads.ts';
import { PROXY_EVENTS, REJECTION_REASONS } from './record.ts';
import type { EdgeSnapshot, HistogramSnapshot, MetricsSnapshot, ProtectionSnapshot } from './snapshot.ts';

export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const MS_PER_SECOND = 1000;
const BOUND_LABELS = BUCKET_BOUNDS_MS.map((bound) => String(bound / MS_PER_SECOND));

/** `workload`: whose proxy this is; becomes the labels of `malha_workload_info`. `overloads`: ports with a limit learned from latency. */
export function prometheusText(
  snapshot: MetricsSnapshot,
  workload: { readonly namespace: string; readonly name: string; readonly service: string; readonly version: string },
  overloads: readonly OverloadState[] = [],
): string {
  const lines: string[] = [];
  head(lines, 'malha_workload_info', 'gauge', 'The workload that this proxy serves; always 1.');
  const info = [
    label('namespace', workload.namespace),
    label('workload', workload.name),
    label('service', workload.service),
    label('version', workload.version),
  ];
  lines.push(`malha_workload_info{${info.join(',')}} 1`);
  renderRequests(lines, snapshot.edges);
  perEdge(lines, 'malha_request_bytes_total', 'Bytes of request bodies.', snapshot.edges, (edge) => edge.requestBytes);
  perEdge(
    lines,
    'malha_response_bytes_total',
    'Bytes of response bodies.',
    snapshot.edges,
    (edge) => edge.responseBytes,
  );
  const duration = 'Seconds from the arrival of a request to the end of its response.';
  renderHistogram(lines, 'malha_request_duration_seconds', duration, snapshot.edges, (edge) => edge.duration);
  const ttfb = 'Seconds from the arrival of a request to the head of its response.';
  renderHistogram(lines, 'malha_request_ttfb_seconds', ttfb, snapshot.edges, (edge) => edge.ttfb);
  renderProxy(lines, snapshot);
  for (const gauge of OVERLOAD_GAUGES) renderOverloads(lines, gauge, overloads);
  return `${lines.join('\n')}\n`;
}

function head(lines: string[], name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
}

function renderRequests(lines: string[], edges: readonly EdgeSnapshot[]): void {
  const retries: string[] = [];
  head(lines, 'malha_requests_total', 'counter', 'Requests finished, by their final outcome; retries are not in it.');
  for (const edge of edges) {
    for (const outcome of edge.outcomes) {
      const labels = `${labelsOf(edge)},${label('status', outcome.status)},${label('flags', formatFlags(outcome.flags))}`;
      lines.push(`malha_requests_total{${labels}} ${outcome.requests}`);
      retries.push(`malha_retries_total{${labels}} ${outcome.retries}`);
    }
  }
  head(lines, 'malha_retries_total', 'counter', 'Attempts beyond the first, by the final outcome of their request.');
  lines.push(...retries);
}

function perEdge(
  lines: string[],
  name: string,
  help: string,
  edges: readonly EdgeSnapshot[],
  value: (edge: EdgeSnapshot) => number,
): void {
  head(lines, name, 'counter', help);
  for (const edge of edges) lines.push(`${name}{${labelsOf(edge)}} ${value(edge)}`);
}

function renderHistogram(
  lines: string[],
  name: string,
  help: string,
  edges: readonly EdgeSnapshot[],
  histogramOf: (edge: EdgeSnapshot) => HistogramSnapshot,
): void {
  head(lines, name, 'histogram', help);
  for (const edge of edges) {
    const labels = labelsOf(edge);
    const { counts, sumMs } = histogramOf(edge);
    let cumulative = 0;
    for (let i = 0; i < BOUND_LABELS.length; i++) {
      cumulative += counts[i] ?? 0;
      lines.push(`${name}_bucket{${labels},le="${BOUND_LABELS[i]}"} ${cumulative}`);
    }
    const count = cumulative + (counts[BOUND_LABELS.length] ?? 0);
    lines.push(`${name}_bucket{${labels},le="+Inf"} ${count}`);
    lines.push(`${name}_sum{${labels}} ${sumMs / MS_PER_SECOND}`, `${name}_count{${labels}} ${count}`);
  }
}

function renderProxy(lines: string[], { proxy, startTimeMs }: MetricsSnapshot): void {
  head(lines, 'malha_proxy_events_total', 'counter', 'What the proxy refused or gave up, by kind.');
  for (const name of PROXY_EVENTS) {
    lines.push(`malha_proxy_events_total{${label('event', name)}} ${proxy.counters[name]}`);
  }
  head(lines, 'malha_rejected_requests_total', 'counter', 'What clients sent that a codec refused, by reason.');
  for (const reason of REJECTION_REASONS) {
    lines.push(`malha_rejected_requests_total{${label('reason', reason)}} ${proxy.counters[`rejected-${reason}`]}`);
  }
  renderProtections(lines, proxy.protections);
  const { connectionsOpened: opened, connectionsClosed: closed } = proxy;
  head(lines, 'malha_connections_total', 'counter', 'Connections accepted, by listener.');
  lines.push(`malha_connections_total{listener="inbound"} ${opened.inbound}`);
  lines.push(`malha_connections_total{listener="outbound"} ${opened.outbound}`);
  head(lines, 'malha_connections_open', 'gauge', 'Connections open now, by listener.');
  lines.push(`malha_connections_open{listener="inbound"} ${opened.inbound - closed.inbound}`);
  lines.push(`malha_connections_open{listener="outbound"} ${opened.outbound - closed.outbound}`);
  head(
    lines,
    'malha_telemetry_overflowed_requests_total',
    'counter',
    'Requests counted without their labels: too many series.',
  );
  lines.push(`malha_telemetry_overflowed_requests_total ${proxy.overflowedRequests}`);
  head(lines, 'malha_telemetry_dropped_spans_total', 'counter', 'Sampled spans dropped because the queue was full.');
  lines.push(`malha_telemetry_dropped_spans_total ${proxy.droppedSpans}`);
  head(lines, 'malha_start_time_seconds', 'gauge', 'Start of the counting, seconds since the Unix epoch.');
  lines.push(`malha_start_time_seconds ${startTimeMs / MS_PER_SECOND}`);
}

function renderProtections(lines: string[], protections: readonly ProtectionSnapshot[]): void {
  head(lines, 'malha_protections_total', 'counter', 'Requests that a limit or fault was for, by whether it acted.');
  for (const { name, passed, acted } of protections) {
    const space = name.indexOf(' ');
    const labels = [label('kind', name.slice(0, space)), label('name', name.slice(space + 1))].join(',');
    lines.push(`malha_protections_total{${labels},outcome="passed"} ${passed}`);
    lines.push(`malha_protections_total{${labels},outcome="acted"} ${acted}`);
  }
}

interface OverloadGauge {
  readonly name: string;
  readonly help: string;
  readonly value: (state: OverloadState) => number;
}

const OVERLOAD_GAUGES: readonly OverloadGauge[] = [
  {
    name: 'malha_overload_limit',
    help: 'Requests at a time that the application is given now, learned from latency.',
    value: ({ limit }) => limit,
  },
  {
    name: 'malha_overload_in_flight',
    help: 'Requests that the application works on.',
    value: ({ inFlight }) => inFlight,
  },
  { name: 'malha_overload_waiting', help: 'Requests that wait for their turn.', value: ({ waiting }) => waiting },
  {
    name: 'malha_overload_baseline_seconds',
    help: 'Latency without a queue; 0 before it is measured.',
    value: ({ baselineMs }) => baselineMs / MS_PER_SECOND,
  },
];

function renderOverloads(
  lines: string[],
  { name, help, value }: OverloadGauge,
  overloads: readonly OverloadState[],
): void {
  if (overloads.length === 0) return;
  head(lines, name, 'gauge', help);
  for (const state of overloads)
    lines.push(`${name}{${label('service', state.service)},${label('port', state.port)}} ${value(state)}`);
}

function labelsOf({ labels }: EdgeSnapshot): string {
  const { source, destination } = labels;
  return [
    label('reporter', labels.reporter),
    label('source_namespace', source.namespace),
    label('source_service', source.service),
    label('source_version', source.version),
    label('source_workload', source.workload),
    label('destination_namespace', destination.namespace),
    label('destination_service', destination.service),
    label('destination_version', destination.version),
    label('destination_workload', destination.workload),
    label('destination_port', destination.port),
    label('protocol', labels.protocol),
    label('route', labels.route),
    label('mtls', String(labels.mtls)),
  ].join(',');
}

function label(name: string, value: string | number): string {
  if (typeof value === 'number') return `${name}="${value}"`;
  return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')}"`;
}
