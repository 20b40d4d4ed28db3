// Reads an ExportMetricsServiceRequest of our proxies into reports of cumulative counts.
import { WireType } from '@bufbuild/protobuf/wire';
import { BUCKET_BOUNDS_MS, BUCKET_COUNT } from '@malha/traffic/histogram';
import type { EdgeReport, MetricsReport, OutcomeCount, ReportSource } from '../report.ts';
import type { LabelCache, PointLabels } from './label-cache.ts';
import {
  type Attributes,
  MalformedOtlp,
  nestedEnd,
  type OtlpReader,
  readFields,
  readFixed64,
  reading,
  readResource,
  readTimeMs,
  text,
  whole,
} from './wire.ts';

const CUMULATIVE = 2;
const NUMBER_ATTRIBUTES = 7;
const HISTOGRAM_ATTRIBUTES = 9;
/** Distinct edges in one report; our recorder is bounded far below. */
const EDGES_MAX = 5_000;
const OUTCOMES_PER_EDGE_MAX = 100;

type MetricName =
  | 'malha.requests'
  | 'malha.retries'
  | 'malha.request.size'
  | 'malha.response.size'
  | 'malha.request.duration'
  | 'malha.request.ttfb';

const HISTOGRAMS: ReadonlySet<MetricName> = new Set(['malha.request.duration', 'malha.request.ttfb']);

interface Point {
  readonly labels: PointLabels;
  readonly timeMs: number;
  readonly value: number;
  readonly buckets: Float64Array | undefined;
}

/** One report for each ResourceMetrics. Metrics with other names are passed over. */
export function readMetrics(request: Uint8Array, labels: LabelCache): MetricsReport[] {
  return reading(request, (reader) => {
    const reports: MetricsReport[] = [];
    readFields(reader, reader.len, (field) => {
      if (field !== 1) return false;
      reports.push(readResourceMetrics(reader, labels));
      return true;
    });
    return reports;
  });
}

function readResourceMetrics(reader: OtlpReader, labels: LabelCache): MetricsReport {
  let resource: Attributes = new Map();
  const report = new ReportBuilder();
  readFields(reader, nestedEnd(reader), (field) => {
    if (field === 1) resource = readResource(reader);
    else if (field === 2) readScopeMetrics(reader, labels, report);
    else return false;
    return true;
  });
  return { source: sourceOf(resource), timeMs: report.timeMs, edges: [...report.edges.values()] };
}

function readScopeMetrics(reader: OtlpReader, labels: LabelCache, report: ReportBuilder): void {
  readFields(reader, nestedEnd(reader), (field) => {
    if (field !== 2) return false;
    readMetric(reader, labels, report);
    return true;
  });
}

/** The name comes first in our encoder, but any order is legal: points are read after the whole metric was seen. */
function readMetric(reader: OtlpReader, labels: LabelCache, report: ReportBuilder): void {
  let name = '';
  let bodyField = 0;
  let bodyAt = 0;
  const end = nestedEnd(reader);
  readFields(reader, end, (field) => {
    if (field === 1) {
      name = reader.string();
      return true;
    }
    if (field === 7 || field === 9) {
      bodyField = field;
      bodyAt = reader.pos;
    }
    return false;
  });
  if (bodyField === 0) return;
  reader.pos = bodyAt;
  const metric: string = name;
  if (isMetricName(metric)) {
    const isHistogram = HISTOGRAMS.has(metric);
    if (isHistogram !== (bodyField === 9)) throw new MalformedOtlp(`${metric} is not of the type that the mesh uses`);
    const read = isHistogram ? readHistogramPoint : readNumberPoint;
    readPoints(reader, (each) => report.add(metric, read(each, labels)));
  } else readPoints(reader, (each) => report.seen(readPointTime(each)));
  reader.pos = end;
}

function readPoints(reader: OtlpReader, point: (reader: OtlpReader) => void): void {
  let temporality = CUMULATIVE;
  readFields(reader, nestedEnd(reader), (field) => {
    if (field === 1) point(reader);
    else if (field === 2) temporality = reader.uint32();
    else return false;
    return true;
  });
  if (temporality !== CUMULATIVE) throw new MalformedOtlp('only cumulative metrics are taken');
}

/** Of a metric that is not stored: it still says when the proxy read its counters. */
function readPointTime(reader: OtlpReader): number {
  let timeMs = 0;
  readFields(reader, nestedEnd(reader), (field, wireType) => {
    if (field !== 3 || wireType !== WireType.Bit64) return false;
    timeMs = readTimeMs(reader);
    return true;
  });
  return timeMs;
}

function readNumberPoint(reader: OtlpReader, labels: LabelCache): Point {
  let timeMs = 0;
  let value = Number.NaN;
  const attributes = new AttributeSpan(reader);
  readFields(reader, nestedEnd(reader), (field, wireType) => {
    if (field === NUMBER_ATTRIBUTES) return attributes.skip(wireType, field);
    if (field === 3) timeMs = readTimeMs(reader);
    else if (field === 6) value = readFixed64(reader);
    else return false;
    return true;
  });
  if (!(value >= 0)) throw new MalformedOtlp('a count is negative, missing or too large');
  return { labels: attributes.labels(labels), timeMs, value, buckets: undefined };
}

function readHistogramPoint(reader: OtlpReader, labels: LabelCache): Point {
  let timeMs = 0;
  const buckets = new Float64Array(BUCKET_COUNT);
  let bucketsSeen = 0;
  let boundsSeen = 0;
  const attributes = new AttributeSpan(reader);
  readFields(reader, nestedEnd(reader), (field, wireType) => {
    if (field === HISTOGRAM_ATTRIBUTES) return attributes.skip(wireType, field);
    if (field === 3) timeMs = readTimeMs(reader);
    else if (field === 6) {
      readRepeated(reader, wireType, () => {
        const count = readFixed64(reader);
        if (!(count >= 0)) throw new MalformedOtlp('a bucket count is too large');
        // Beyond the layout it is written nowhere, and found out by the number of buckets.
        buckets[bucketsSeen++] = count;
      });
    } else if (field === 7) {
      readRepeated(reader, wireType, () => {
        if (reader.double() !== BUCKET_BOUNDS_MS[boundsSeen++]) throw new MalformedOtlp(OTHER_BOUNDS);
      });
    } else return false;
    return true;
  });
  if (bucketsSeen !== BUCKET_COUNT || boundsSeen !== BUCKET_BOUNDS_MS.length) throw new MalformedOtlp(OTHER_BOUNDS);
  return { labels: attributes.labels(labels), timeMs, value: 0, buckets };
}

const OTHER_BOUNDS = 'a histogram has other bounds than the mesh uses';

/** Eight-byte items, packed or one by one: a reader must take both (protobuf encoding, "packed repeated fields"). */
function readRepeated(reader: OtlpReader, wireType: WireType, item: () => void): void {
  const end = wireType === WireType.LengthDelimited ? nestedEnd(reader) : reader.pos + 1;
  while (reader.pos < end) item();
}

/** The bytes of a point's attributes: one slice when they follow each other, as they do in practice. */
class AttributeSpan {
  readonly #reader: OtlpReader;
  readonly #bytes: Uint8Array;
  readonly #parts: { from: number; to: number }[] = [];

  constructor(reader: OtlpReader) {
    this.#reader = reader;
    this.#bytes = reader.source;
  }

  skip(wireType: WireType, field: number): true {
    const valueAt = this.#reader.pos;
    // Both attribute fields have numbers below 16: their tag is one byte.
    const from = valueAt - 1;
    this.#reader.skip(wireType, field);
    const last = this.#parts.at(-1);
    if (last?.to === from) last.to = this.#reader.pos;
    else this.#parts.push({ from, to: this.#reader.pos });
    return true;
  }

  labels(cache: LabelCache): PointLabels {
    const [first, ...rest] = this.#parts;
    if (first === undefined) throw new MalformedOtlp('a data point has no attributes');
    if (rest.length === 0) return cache.labelsOf(this.#bytes.subarray(first.from, first.to));
    return cache.labelsOf(Buffer.concat(this.#parts.map(({ from, to }) => this.#bytes.subarray(from, to))));
  }
}

function sourceOf(resource: Attributes): ReportSource {
  const [namespace = '', workload = '', ...more] = text(resource, 'malha.workload').split('/');
  if (namespace === '' || workload === '' || more.length > 0) {
    throw new MalformedOtlp('the resource attribute malha.workload must be <namespace>/<workload>');
  }
  if (namespace !== text(resource, 'service.namespace')) {
    throw new MalformedOtlp('service.namespace and the namespace of malha.workload differ');
  }
  const instanceId = text(resource, 'service.instance.id');
  const startTimeMs = whole(resource, 'malha.start_time_ms');
  if (instanceId === '' || instanceId.length > 128)
    throw new MalformedOtlp('service.instance.id is missing or too long');
  if (startTimeMs <= 0) throw new MalformedOtlp('malha.start_time_ms is missing');
  const service = text(resource, 'service.name');
  return { namespace, service, version: text(resource, 'service.version'), workload, instanceId, startTimeMs };
}

class ReportBuilder {
  readonly edges = new Map<string, EdgeReport>();
  timeMs = 0;

  seen(timeMs: number): void {
    this.timeMs = Math.max(this.timeMs, timeMs);
  }

  add(name: MetricName, { labels, timeMs, value, buckets }: Point): void {
    this.seen(timeMs);
    const edge = this.#edge(labels);
    switch (name) {
      case 'malha.requests':
        outcomeOf(edge, labels).requests = value;
        return;
      case 'malha.retries':
        outcomeOf(edge, labels).retries = value;
        return;
      case 'malha.request.size':
        edge.requestBytes = value;
        return;
      case 'malha.response.size':
        edge.responseBytes = value;
        return;
      case 'malha.request.duration':
        edge.duration = buckets;
        return;
      case 'malha.request.ttfb':
        edge.ttfb = buckets;
        return;
    }
  }

  #edge({ key, edge: labels }: PointLabels): EdgeReport {
    const known = this.edges.get(key);
    if (known !== undefined) return known;
    if (this.edges.size >= EDGES_MAX) throw new MalformedOtlp(`more than ${EDGES_MAX} edges in one report`);
    const bare = { key, labels, outcomes: [], requestBytes: 0, responseBytes: 0, duration: undefined, ttfb: undefined };
    this.edges.set(key, bare);
    return bare;
  }
}

function outcomeOf(edge: EdgeReport, { status, flags }: PointLabels): OutcomeCount {
  const known = edge.outcomes.find((outcome) => outcome.status === status && outcome.flags === flags);
  if (known !== undefined) return known;
  if (edge.outcomes.length >= OUTCOMES_PER_EDGE_MAX) throw new MalformedOtlp('an edge has too many outcomes');
  const outcome: OutcomeCount = { status, flags, requests: 0, retries: 0 };
  edge.outcomes.push(outcome);
  return outcome;
}

const METRIC_NAMES: ReadonlySet<string> = new Set<MetricName>([
  'malha.requests',
  'malha.retries',
  'malha.request.size',
  'malha.response.size',
  'malha.request.duration',
  'malha.request.ttfb',
]);

function isMetricName(name: string): name is MetricName {
  return METRIC_NAMES.has(name);
}
