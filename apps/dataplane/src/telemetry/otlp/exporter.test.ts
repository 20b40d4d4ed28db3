import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { create } from '@bufbuild/protobuf';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { decodeMetrics, type KeyValue, type MetricsRequest, pair } from '@malha/testing/otlp-metrics';
import { BUCKET_BOUNDS_MS } from '@malha/traffic/histogram';
import {
  type ExportTraceServiceRequest,
  type ExportTraceServiceResponse,
  ExportTraceServiceResponseSchema,
} from '@malha/xds/generated/opentelemetry/proto/collector/trace/v1/trace_service_pb';
import { traceService } from '@malha/xds/otlp-services';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRecorder, type Recorder } from '../recorder.ts';
import { record, testClock, workload } from '../testing.ts';
import { OtlpExporter } from './exporter.ts';
import { createGrpcTransport } from './transport.ts';

/** Over bytes: the vendored OTLP protos are older than today's metrics. */
const metricsService = {
  Export: {
    path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
};

/** What happens to a call: taken and answered, refused before it is taken, or taken and its answer lost. */
type Behaviour = 'answer' | 'unavailable' | 'lose-answer' | 'deny';

/** Totals as the collector has them after one more round. */
async function after(round: () => Promise<void>, sum: () => number): Promise<number> {
  await round();
  return sum();
}

/** A collector that keeps the largest cumulative value per instance and series, as the control plane does. */
class Collector {
  behaviour: Behaviour = 'answer';
  readonly counts = new Map<string, number>();
  readonly spans: string[] = [];
  readonly requests: MetricsRequest[] = [];
  #server: Server | undefined;
  port = 0;

  async start(): Promise<void> {
    const server = new Server();
    server.addService(metricsService, { Export: this.#metrics });
    server.addService(traceService, { Export: this.#traces });
    this.port = await new Promise((resolve, reject) => {
      const bind = `127.0.0.1:${this.port}`;
      server.bindAsync(bind, ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    this.#server = server;
  }

  stop(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  sum(metric: string): number {
    let sum = 0;
    for (const [key, value] of this.counts) if (key.startsWith(`${metric} `)) sum += value;
    return sum;
  }

  #metrics = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
    if (this.#isRefused(answer)) return;
    const request = decodeMetrics(call.request);
    this.requests.push(request);
    for (const { resource, scopeMetrics } of request.resourceMetrics) {
      const instance = text(resource.attributes, 'service.instance.id');
      for (const { name, sum } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
        for (const point of sum?.dataPoints ?? []) {
          const key = `${name} ${instance} ${JSON.stringify(point.attributes.map(pair).sort())}`;
          this.counts.set(key, Math.max(this.counts.get(key) ?? 0, Number(point.asInt)));
        }
      }
    }
    this.#answer(answer, Buffer.alloc(0));
  };

  #traces = (
    call: ServerUnaryCall<ExportTraceServiceRequest, ExportTraceServiceResponse>,
    answer: sendUnaryData<ExportTraceServiceResponse>,
  ): void => {
    if (this.#isRefused(answer)) return;
    const scopes = call.request.resourceSpans.flatMap(({ instrumentationLibrarySpans }) => instrumentationLibrarySpans);
    for (const span of scopes.flatMap(({ spans }) => spans)) this.spans.push(Buffer.from(span.spanId).toString('hex'));
    this.#answer(answer, create(ExportTraceServiceResponseSchema));
  };

  #isRefused<T>(answer: sendUnaryData<T>): boolean {
    if (this.behaviour === 'unavailable') answer({ code: status.UNAVAILABLE, details: 'not now' });
    else if (this.behaviour === 'deny') answer({ code: status.PERMISSION_DENIED, details: 'not you' });
    else return false;
    return true;
  }

  #answer<T>(answer: sendUnaryData<T>, response: T): void {
    if (this.behaviour === 'lose-answer') answer({ code: status.UNKNOWN, details: 'the connection broke' });
    else answer(null, response);
  }
}

const text = (attributes: readonly KeyValue[], key: string): string =>
  attributes
    .map(pair)
    .find((each) => each.startsWith(`${key}=`))
    ?.slice(key.length + 1) ?? '';

let folder: string;
let collector: Collector;
let client: Client;
const clock = testClock(1_764_000_000_000);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'malha-exporter-'));
  collector = new Collector();
  await collector.start();
  client = new Client(`127.0.0.1:${collector.port}`, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 100,
  });
});

afterEach(async () => {
  client.close();
  collector.stop();
  await rm(folder, { recursive: true });
});

interface Proxy {
  readonly recorder: Recorder;
  readonly exporter: OtlpExporter;
  /** A round after whatever back-off there was. */
  round(): Promise<void>;
}

function startProxy(instanceId: string): Proxy {
  const startTimeMs = clock.now();
  const recorder = createRecorder({ workload, startTimeMs, clock });
  const exporter = new OtlpExporter({
    resource: { ...workload, workload: workload.name, instanceId, startTimeMs },
    transport: createGrpcTransport(() => client),
    collect: () => recorder.collect(),
    takeSpans: () => recorder.takeSpans(),
    pendingFile: path.join(folder, 'telemetry.json'),
    clock: { now: clock.now, monotonic: clock.monotonic },
    random: () => 0.5,
    log: { warn: () => undefined },
    deadlineMs: 2_000,
  });
  const round = () => {
    clock.advance(15_000);
    return exporter.tick();
  };
  return { recorder, exporter, round };
}

describe('what is sent', () => {
  test('is OTLP: sums and histograms, cumulative since the start, with the labels of the edge', async () => {
    const proxy = startProxy('a');
    proxy.recorder.request(record({ status: 503, flags: 1, attempts: 3, durationMs: 12.5 }));
    await proxy.round();
    const [resource] = collector.requests[0]?.resourceMetrics ?? [];
    expect(resource?.resource.attributes.map(pair)).toEqual([
      'service.name=web',
      'service.namespace=bookstore',
      'service.version=v1',
      'service.instance.id=a',
      'malha.workload=bookstore/web-1',
      `malha.start_time_ms=${clock.now() - 15_000}`,
    ]);
    const metrics = new Map(resource?.scopeMetrics[0]?.metrics.map((metric) => [metric.name, metric]));
    const requests = metrics.get('malha.requests')?.sum;
    expect(requests).toMatchObject({ aggregationTemporality: 2, isMonotonic: true });
    const point = requests?.dataPoints[0];
    expect(point?.attributes.map(pair)).toEqual([
      'malha.reporter=source',
      'source.namespace=bookstore',
      'source.service=web',
      'source.version=v1',
      'source.workload=web-1',
      'destination.namespace=bookstore',
      'destination.service=reviews',
      'destination.version=v2',
      'destination.workload=reviews-1',
      'destination.port=9080',
      'malha.peer.principal=spiffe://mesh.local/ns/bookstore/sa/reviews',
      'malha.protocol=http',
      'malha.route=bookstore/reviews/0',
      'malha.mtls=true',
      'http.status=503',
      'malha.flags=UF',
    ]);
    expect(point?.timeUnixNano).toBe(String(BigInt(clock.now()) * 1_000_000n));
    const histogram = metrics.get('malha.request.duration')?.histogram?.dataPoints[0];
    expect(histogram).toMatchObject({ count: '1', sum: 12.5, explicitBounds: BUCKET_BOUNDS_MS });
    expect(histogram?.bucketCounts?.filter((count) => count !== '0')).toEqual(['1']);
    expect(collector.sum('malha.retries')).toBe(2);
    expect(collector.sum('malha.response.size')).toBe(100);
  });

  test('only edges that changed are sent again, and an idle proxy still tells the time', async () => {
    const proxy = startProxy('a');
    proxy.recorder.request(record({}));
    await proxy.round();
    await proxy.round();
    const names = (index: number) =>
      collector.requests[index]?.resourceMetrics[0]?.scopeMetrics[0]?.metrics.map(({ name }) => name);
    expect(names(0)).toContain('malha.requests');
    expect(names(1)).toEqual(['malha.connections']);
  });
});

describe('totals stay exact', () => {
  test('when the collector refuses, loses answers, and restarts', async () => {
    const proxy = startProxy('a');
    let sent = 0;
    const behaviours: Behaviour[] = ['answer', 'unavailable', 'lose-answer', 'answer', 'lose-answer', 'unavailable'];
    for (let i = 0; i < 30; i++) {
      const count = (i * 7) % 11;
      for (let n = 0; n < count; n++) proxy.recorder.request(record({ status: n % 3 ? 200 : 503, attempts: 2 }));
      sent += count;
      collector.behaviour = behaviours[i % behaviours.length] ?? 'answer';
      if (i === 12) collector.stop();
      if (i === 15) await collector.start();
      await proxy.round();
    }
    collector.behaviour = 'answer';
    await expect.poll(() => after(proxy.round, () => collector.sum('malha.requests')), { timeout: 5_000 }).toBe(sent);
    expect(collector.sum('malha.retries')).toBe(sent);
  });

  test('over a restart of the proxy: the last counts are acknowledged before it ends', async () => {
    const first = startProxy('a');
    for (let i = 0; i < 10; i++) first.recorder.request(record({}));
    expect(await first.exporter.stop(2_000)).toBe(true);
    const second = startProxy('b');
    for (let i = 0; i < 5; i++) second.recorder.request(record({}));
    await second.round();
    expect(collector.sum('malha.requests')).toBe(15);
    expect(await readdir(folder)).toEqual([]);
  });

  test('over restarts without a control plane: what was not acknowledged is saved and sent by the next process', async () => {
    collector.stop();
    for (const instance of ['a', 'b', 'c']) {
      const proxy = startProxy(instance);
      for (let i = 0; i < 10; i++) proxy.recorder.request(record({}));
      const advancing = setInterval(() => clock.advance(100), 10);
      expect(await proxy.exporter.stop(400)).toBe(false);
      clearInterval(advancing);
    }
    const file = path.join(folder, 'telemetry.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8')).reports).toHaveLength(3);
    await collector.start();
    const last = startProxy('d');
    last.recorder.request(record({}));
    await expect.poll(() => after(last.round, () => collector.sum('malha.requests')), { timeout: 5_000 }).toBe(31);
    expect(await readdir(folder)).toEqual([]);
  });

  test('a damaged file of pending reports does not stop what is new', async () => {
    await writeFile(path.join(folder, 'telemetry.json'), '{"version":1,"reports":[3');
    const proxy = startProxy('a');
    proxy.recorder.request(record({}));
    await proxy.round();
    expect(collector.sum('malha.requests')).toBe(1);
  });
});

describe('bounds', () => {
  test('backs off after failures, and goes on at once when it is over', async () => {
    const proxy = startProxy('a');
    collector.behaviour = 'unavailable';
    await proxy.round();
    const failed = proxy.exporter.stats().failed;
    await proxy.exporter.tick();
    expect(proxy.exporter.stats().failed).toBe(failed);
    collector.behaviour = 'answer';
    clock.advance(250);
    await proxy.exporter.tick();
    expect(proxy.exporter.stats().delivered).toBe(1);
  });

  test('a call has a deadline', async () => {
    const silent = new Server();
    silent.addService(metricsService, { Export: () => undefined });
    const port = await new Promise<number>((resolve, reject) => {
      silent.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const toSilent = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const { outcome } = await createGrpcTransport(() => toSilent).send('metrics', new Uint8Array(), 100);
    expect(outcome).toBe('retry');
    toSilent.close();
    silent.forceShutdown();
  });

  test('without a connection nothing is sent and nothing is lost', async () => {
    const { outcome, detail } = await createGrpcTransport(() => undefined).send('metrics', new Uint8Array(), 100);
    expect({ outcome, detail }).toEqual({ outcome: 'retry', detail: 'not connected' });
    client.close();
    const closed = await createGrpcTransport(() => client).send('metrics', new Uint8Array(), 100);
    expect(closed.outcome).toBe('retry');
    expect(new Metadata().getMap()).toEqual({});
  });
});

describe('spans', () => {
  const trace = (n: number) => ({
    traceId: 'a'.repeat(32),
    spanId: n.toString(16).padStart(16, '0'),
    parentSpanId: '',
    sampled: true,
  });

  test('arrive once each in order, also when a batch fails first', async () => {
    const proxy = startProxy('a');
    for (let i = 1; i <= 1_200; i++) proxy.recorder.request(record({ trace: trace(i) }));
    await proxy.round();
    expect(collector.spans).toEqual(Array.from({ length: 1_200 }, (_, i) => trace(i + 1).spanId));
    collector.behaviour = 'unavailable';
    proxy.recorder.request(record({ trace: trace(2_000) }));
    await proxy.round();
    collector.behaviour = 'answer';
    await proxy.round();
    expect(collector.spans.filter((id) => id === trace(2_000).spanId)).toHaveLength(1);
    expect(proxy.exporter.stats()).toMatchObject({ spansDelivered: 1_201, spansDropped: 0 });
  });

  test('are dropped and counted when the collector refuses them for good', async () => {
    const proxy = startProxy('a');
    proxy.recorder.request(record({ trace: trace(1) }));
    collector.behaviour = 'deny';
    await proxy.round();
    expect(proxy.exporter.stats()).toMatchObject({ delivered: 0, refused: 1 });
  });
});
