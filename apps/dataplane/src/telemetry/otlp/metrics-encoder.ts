// Encodes what changed since the last acknowledged export as an OTLP ExportMetricsServiceRequest (opentelemetry.proto.metrics.v1).
import { type BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { formatFlags } from '@malha/traffic/flags';
import { BUCKET_BOUNDS_MS } from '@malha/traffic/histogram';
import type { EdgeLabels, EdgeSnapshot, HistogramSnapshot, MetricsSnapshot, OutcomeSnapshot } from '../snapshot.ts';
import { type TelemetryResource, writeResource, writeScope } from './resource.ts';
import { attribute, encode, fixed64, fixed64Field, message, stringField, timeField } from './wire.ts';

const NUMBER_POINT = { start: 2, time: 3, int: 6, attributes: 7 } as const;
const HISTOGRAM_POINT = { start: 2, time: 3, count: 4, sum: 5, buckets: 6, bounds: 7, attributes: 9 } as const;
const METRIC = { name: 1, description: 2, unit: 3, sum: 7, histogram: 9 } as const;
const DATA_POINTS = 1;
const TEMPORALITY = 2;
const CUMULATIVE = 2;
const IS_MONOTONIC = 3;

/** Encoded labels kept for the next export. */
const LABEL_CACHE_MAX = 2000;

const BOUNDS = encode((writer) => {
  writer.tag(HISTOGRAM_POINT.bounds, WireType.LengthDelimited).fork();
  for (const bound of BUCKET_BOUNDS_MS) writer.double(bound);
  writer.join();
});

interface SumPoint {
  readonly attributes: Uint8Array;
  readonly value: number;
}

interface HistogramPoint {
  readonly attributes: Uint8Array;
  readonly histogram: HistogramSnapshot;
}

/** `workOf` each edge that the receiver has acknowledged, by key. */
export type Acknowledged = ReadonlyMap<string, number>;

export class MetricsEncoder {
  readonly #resource: TelemetryResource;
  readonly #labels = new Map<string, Uint8Array>();

  constructor(resource: TelemetryResource) {
    this.#resource = resource;
  }

  /** Series whose number of requests is as acknowledged are left out; a report with no series still tells the time. */
  encode(snapshot: MetricsSnapshot, acknowledged: Acknowledged): Uint8Array {
    if (this.#labels.size > LABEL_CACHE_MAX) this.#labels.clear();
    const changed = snapshot.edges.filter((edge) => acknowledged.get(edge.key) !== workOf(edge));
    const times = encode((writer) => {
      timeField(writer, NUMBER_POINT.start, snapshot.startTimeMs);
      timeField(writer, NUMBER_POINT.time, snapshot.timeMs);
    });
    const perOutcome = (value: (outcome: OutcomeSnapshot) => number): SumPoint[] =>
      changed.flatMap((edge) =>
        edge.outcomes.flatMap((outcome) => {
          const point = { attributes: this.#outcomeAttributes(edge, outcome), value: value(outcome) };
          return point.value > 0 ? [point] : [];
        }),
      );
    const perEdge = (value: (edge: EdgeSnapshot) => number): SumPoint[] =>
      changed.map((edge) => ({ attributes: this.#edgeAttributes(edge), value: value(edge) }));
    const histograms = (of: (edge: EdgeSnapshot) => HistogramSnapshot): HistogramPoint[] =>
      changed.map((edge) => ({ attributes: this.#histogramAttributes(edge), histogram: of(edge) }));

    return this.#envelope((scope) => {
      const sum = (name: string, unit: string, points: readonly SumPoint[]) =>
        writeSum(scope, { name, unit, isMonotonic: true }, points, times);
      sum(
        'malha.requests',
        '{request}',
        perOutcome((outcome) => outcome.requests),
      );
      sum(
        'malha.retries',
        '{retry}',
        perOutcome((outcome) => outcome.retries),
      );
      sum(
        'malha.request.size',
        'By',
        perEdge((edge) => edge.requestBytes),
      );
      sum(
        'malha.response.size',
        'By',
        perEdge((edge) => edge.responseBytes),
      );
      writeHistogram(
        scope,
        'malha.request.duration',
        histograms((edge) => edge.duration),
        times,
      );
      writeHistogram(
        scope,
        'malha.request.ttfb',
        histograms((edge) => edge.ttfb),
        times,
      );
      writeSum(
        scope,
        { name: 'malha.connections', unit: '{connection}', isMonotonic: false },
        openConnections(snapshot),
        times,
      );
    });
  }

  #envelope(body: (scope: BinaryWriter) => void): Uint8Array {
    return encode((request) =>
      message(request, 1, (resourceMetrics) => {
        writeResource(resourceMetrics, this.#resource);
        message(resourceMetrics, 2, (scope) => {
          writeScope(scope);
          body(scope);
        });
      }),
    );
  }

  #edgeAttributes(edge: EdgeSnapshot): Uint8Array {
    return this.#cached(edge.key, (writer) => writeEdge(writer, NUMBER_POINT.attributes, edge.labels));
  }

  #histogramAttributes(edge: EdgeSnapshot): Uint8Array {
    return this.#cached(`h${edge.key}`, (writer) => writeEdge(writer, HISTOGRAM_POINT.attributes, edge.labels));
  }

  #outcomeAttributes(edge: EdgeSnapshot, outcome: OutcomeSnapshot): Uint8Array {
    return this.#cached(`${outcome.status},${outcome.flags},${edge.key}`, (writer) => {
      writeEdge(writer, NUMBER_POINT.attributes, edge.labels);
      attribute(writer, NUMBER_POINT.attributes, 'http.status', outcome.status);
      attribute(writer, NUMBER_POINT.attributes, 'malha.flags', formatFlags(outcome.flags));
    });
  }

  #cached(key: string, body: (writer: BinaryWriter) => void): Uint8Array {
    const known = this.#labels.get(key);
    if (known !== undefined) return known;
    const bytes = encode(body);
    this.#labels.set(key, bytes);
    return bytes;
  }
}

/** What the receiver has when it acknowledged this snapshot. */
export function acknowledgedBy(snapshot: MetricsSnapshot): Acknowledged {
  return new Map(snapshot.edges.map((edge) => [edge.key, workOf(edge)]));
}

/** Grows with whatever an edge counts, also with the bytes of what has not ended. */
export function workOf(edge: EdgeSnapshot): number {
  let work = edge.requestBytes + edge.responseBytes;
  for (const outcome of edge.outcomes) work += outcome.requests;
  return work;
}

function openConnections({ proxy }: MetricsSnapshot): SumPoint[] {
  return (['inbound', 'outbound'] as const).map((listener) => ({
    attributes: encode((writer) => attribute(writer, NUMBER_POINT.attributes, 'malha.listener', listener)),
    value: Math.max(0, proxy.connectionsOpened[listener] - proxy.connectionsClosed[listener]),
  }));
}

function writeEdge(writer: BinaryWriter, field: number, labels: EdgeLabels): void {
  const { source, destination } = labels;
  attribute(writer, field, 'malha.reporter', labels.reporter);
  attribute(writer, field, 'source.namespace', source.namespace);
  attribute(writer, field, 'source.service', source.service);
  attribute(writer, field, 'source.version', source.version);
  attribute(writer, field, 'source.workload', source.workload);
  attribute(writer, field, 'destination.namespace', destination.namespace);
  attribute(writer, field, 'destination.service', destination.service);
  attribute(writer, field, 'destination.version', destination.version);
  attribute(writer, field, 'destination.workload', destination.workload);
  attribute(writer, field, 'destination.port', destination.port);
  attribute(writer, field, 'malha.peer.principal', labels.peerPrincipal);
  attribute(writer, field, 'malha.protocol', labels.protocol);
  attribute(writer, field, 'malha.route', labels.route);
  attribute(writer, field, 'malha.mtls', labels.mtls);
}

interface SumMetric {
  readonly name: string;
  readonly unit: string;
  readonly isMonotonic: boolean;
}

function writeSum(writer: BinaryWriter, metric: SumMetric, points: readonly SumPoint[], times: Uint8Array): void {
  if (points.length === 0) return;
  message(writer, 2, (body) => {
    stringField(body, METRIC.name, metric.name);
    stringField(body, METRIC.unit, metric.unit);
    message(body, METRIC.sum, (sum) => {
      for (const point of points) {
        message(sum, DATA_POINTS, (encoded) => {
          encoded.raw(times);
          fixed64Field(encoded, NUMBER_POINT.int, point.value);
          encoded.raw(point.attributes);
        });
      }
      sum.tag(TEMPORALITY, WireType.Varint).uint32(CUMULATIVE);
      sum.tag(IS_MONOTONIC, WireType.Varint).bool(metric.isMonotonic);
    });
  });
}

function writeHistogram(
  writer: BinaryWriter,
  name: string,
  points: readonly HistogramPoint[],
  times: Uint8Array,
): void {
  if (points.length === 0) return;
  message(writer, 2, (body) => {
    stringField(body, METRIC.name, name);
    stringField(body, METRIC.unit, 'ms');
    message(body, METRIC.histogram, (histogram) => {
      for (const point of points) {
        message(histogram, DATA_POINTS, (encoded) => {
          encoded.raw(times);
          writeCounts(encoded, point.histogram);
          encoded.raw(BOUNDS);
          encoded.raw(point.attributes);
        });
      }
      histogram.tag(TEMPORALITY, WireType.Varint).uint32(CUMULATIVE);
    });
  });
}

function writeCounts(writer: BinaryWriter, { counts, sumMs }: HistogramSnapshot): void {
  let count = 0;
  for (const bucket of counts) count += bucket;
  fixed64Field(writer, HISTOGRAM_POINT.count, count);
  writer.tag(HISTOGRAM_POINT.sum, WireType.Bit64).double(sumMs);
  writer.tag(HISTOGRAM_POINT.buckets, WireType.LengthDelimited).fork();
  for (const bucket of counts) fixed64(writer, bucket);
  writer.join();
}
