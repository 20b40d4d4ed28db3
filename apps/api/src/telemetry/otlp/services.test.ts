import { create, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import type { ThrowAwayPostgres } from '@malha/embedded-postgres';
import { encodeMetrics, keyValue } from '@malha/testing/otlp-metrics';
import { BUCKET_BOUNDS_MS } from '@malha/traffic/histogram';
import { ExportTraceServiceRequestSchema } from '@malha/xds/generated/opentelemetry/proto/collector/trace/v1/trace_service_pb';
import {
  Span_SpanKind,
  SpanSchema,
  Status_StatusCode,
} from '@malha/xds/generated/opentelemetry/proto/trace/v1/trace_pb';
import type pg from 'pg';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPool } from '../../db/postgres.ts';
import { startTestDatabase } from '../../db/testing.ts';
import { bookstoreWorld } from '../bookstore.ts';
import { createTelemetry, type TelemetryHandle } from '../index.ts';
import type { EdgeLabels, MetricsReport } from '../report.ts';
import { edgeLabels, end, TestProxy, testClock } from '../testing.ts';

vi.setConfig({ testTimeout: 30_000 });

const START = 1_764_000_000_000;
const clock = testClock(START + 60_000);
const web = end('bookstore', 'web', 'v1', 'web-v1-1');
const reviews = end('bookstore', 'reviews', 'v2', 'reviews-v2-1');

let postgres: ThrowAwayPostgres;
let pool: pg.Pool;
let telemetry: TelemetryHandle;
let server: Server;
let client: Client;
/** What the certificate of the connection says. */
let spiffeId: string | undefined;

beforeAll(async () => {
  postgres = await startTestDatabase();
  pool = createPool(postgres.url);
  telemetry = createTelemetry({
    pool,
    clock,
    logger: pino({ level: 'silent' }),
    world: bookstoreWorld,
    revisionsBetween: async () => [],
    identify: () => (spiffeId === undefined ? undefined : { spiffeId }),
  });
  server = new Server();
  for (const { definition, implementation } of telemetry.memberServices) server.addService(definition, implementation);
  const port = await listen(server);
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
}, 60_000);

afterAll(async () => {
  client.close();
  server.forceShutdown();
  await pool.end();
  await postgres.stop();
});

beforeEach(async () => {
  spiffeId = 'spiffe://mesh.local/ns/bookstore/sa/web';
  await pool.query('TRUNCATE telemetry.instance, telemetry.second, telemetry.span');
});

function listen(on: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    on.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
}

async function send(path: string, bytes: Uint8Array, over = client): Promise<status> {
  const same = (value: Buffer) => value;
  const call = new Promise<void>((resolve, reject) => {
    const done = (error: ServiceError | null) => (error ? reject(error) : resolve());
    over.makeUnaryRequest(path, same, same, Buffer.from(bytes), new Metadata(), { deadline: Date.now() + 5_000 }, done);
  });
  return call.then(
    () => status.OK,
    (error: ServiceError) => error.code,
  );
}

const METRICS = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';
const TRACES = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const sendMetrics = (bytes: Uint8Array) => send(METRICS, bytes);

function labelAttributes(labels: EdgeLabels): object[] {
  const ends = (['source', 'destination'] as const).flatMap((side) =>
    (['namespace', 'service', 'version', 'workload'] as const).map((part) =>
      keyValue(`${side}.${part}`, labels[side][part]),
    ),
  );
  return [
    keyValue('malha.reporter', labels.reporter),
    ...ends,
    keyValue('destination.port', labels.destination.port),
    keyValue('malha.peer.principal', labels.peerPrincipal),
    keyValue('malha.protocol', labels.protocol),
    keyValue('malha.route', labels.route),
    keyValue('malha.mtls', labels.mtls),
  ];
}

/** The report as an OTLP exporter of another make would write it. */
function otlp(report: MetricsReport, some: { bounds?: readonly number[]; temporality?: number } = {}): Uint8Array {
  const { source } = report;
  const times = { startTimeUnixNano: `${source.startTimeMs}000000`, timeUnixNano: `${report.timeMs}000000` };
  const { bounds = BUCKET_BOUNDS_MS, temporality = 2 } = some;
  const outcomes = report.edges.flatMap((edge) =>
    edge.outcomes.map((outcome) => ({
      ...times,
      asInt: outcome.requests,
      attributes: [...labelAttributes(edge.labels), keyValue('http.status', outcome.status)],
    })),
  );
  const durations = report.edges.map((edge) => ({
    ...times,
    count: 1,
    bucketCounts: [...(edge.duration ?? [])],
    explicitBounds: bounds,
    attributes: labelAttributes(edge.labels),
  }));
  const resource = [
    keyValue('service.name', source.service),
    keyValue('service.namespace', source.namespace),
    keyValue('service.instance.id', source.instanceId),
    keyValue('malha.workload', `${source.namespace}/${source.workload}`),
    keyValue('malha.start_time_ms', source.startTimeMs),
  ];
  const metrics = [
    { name: 'malha.requests', sum: { dataPoints: outcomes, aggregationTemporality: temporality, isMonotonic: true } },
    { name: 'malha.request.duration', histogram: { dataPoints: durations, aggregationTemporality: temporality } },
    { name: 'process.cpu', gauge: { dataPoints: [{ ...times, asDouble: 0.5 }] } },
  ];
  return encodeMetrics({ resourceMetrics: [{ resource: { attributes: resource }, scopeMetrics: [{ metrics }] }] });
}

function counted(requests: number, labels = edgeLabels(web, reviews)): MetricsReport {
  const proxy = new TestProxy(web, 'a', START);
  for (let i = 0; i < requests; i++) proxy.count(labels, { durationMs: i });
  return proxy.report(START + 10_000);
}

async function total(): Promise<number> {
  const { requests } = await telemetry.queries.totals();
  return requests;
}

describe('metrics', () => {
  test('a report is stored when it is answered; the same again, at once and later, changes nothing', async () => {
    const bytes = otlp(counted(25));
    expect(await Promise.all([sendMetrics(bytes), sendMetrics(bytes), sendMetrics(bytes)])).toEqual([0, 0, 0]);
    expect(await sendMetrics(bytes)).toBe(status.OK);
    expect(await total()).toBe(25);
    const { rows } = await pool.query<{ n: number }>(
      'SELECT SUM(n)::int AS n FROM telemetry.second, unnest(duration_counts) AS n',
    );
    expect(rows[0]?.n).toBe(25);
  });

  test.each([
    ['another namespace', 'spiffe://mesh.local/ns/payments/sa/web'],
    ["another service account than the registered workload's", 'spiffe://mesh.local/ns/bookstore/sa/reviews'],
    ['no certificate', undefined],
  ])('is denied: %s', async (_, identity) => {
    spiffeId = identity;
    expect(await sendMetrics(otlp(counted(1)))).toBe(status.PERMISSION_DENIED);
    expect(await total()).toBe(0);
  });

  test("is denied: an edge in another workload's name", async () => {
    expect(await sendMetrics(otlp(counted(1, edgeLabels(reviews, web))))).toBe(status.PERMISSION_DENIED);
    const foreign = edgeLabels(web, reviews, { reporter: 'destination' });
    expect(await sendMetrics(otlp(counted(1, foreign)))).toBe(status.PERMISSION_DENIED);
    expect(await total()).toBe(0);
  });

  test.each([
    ['cut off', otlp(counted(3)).subarray(0, 300)],
    ['not protobuf', Buffer.from('{"resourceMetrics": []}')],
    ['delta temporality', otlp(counted(3), { temporality: 1 })],
    ['other histogram bounds', otlp(counted(3), { bounds: [1, 2, 3] })],
    ['no reporter', otlp(counted(1, { ...edgeLabels(web, reviews), reporter: '' as 'source' }))],
    ['a label beyond the bound', otlp(counted(1, edgeLabels(web, reviews, { route: 'r'.repeat(601) })))],
    ['NUL in a label', otlp(counted(1, edgeLabels(web, reviews, { route: 'a\0b' })))],
  ])('is refused as malformed: %s', async (_, bytes) => {
    expect(await sendMetrics(bytes)).toBe(status.INVALID_ARGUMENT);
    expect(await total()).toBe(0);
  });

  test('with Postgres away the answer is UNAVAILABLE, so that the proxy sends it again', async () => {
    const away = createPool('postgres://nobody@127.0.0.1:1/none');
    const { memberServices } = createTelemetry({
      pool: away,
      clock,
      logger: pino({ level: 'silent' }),
      world: bookstoreWorld,
      revisionsBetween: async () => [],
      identify: () => ({ spiffeId: 'spiffe://mesh.local/ns/bookstore/sa/web' }),
    });
    const lonely = new Server();
    for (const { definition, implementation } of memberServices) lonely.addService(definition, implementation);
    const port = await listen(lonely);
    const toLonely = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const code = await send(METRICS, otlp(counted(1)), toLonely);
    toLonely.close();
    lonely.forceShutdown();
    expect(code).toBe(status.UNAVAILABLE);
    await away.end();
  });
});

describe('spans', () => {
  const traceId = Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex');
  const request = (workload: string, spanIds: readonly string[]) =>
    toBinary(
      ExportTraceServiceRequestSchema,
      create(ExportTraceServiceRequestSchema, {
        resourceSpans: [
          {
            resource: {
              attributes: [
                { key: 'service.name', value: { value: { case: 'stringValue', value: 'web' } } },
                { key: 'service.namespace', value: { value: { case: 'stringValue', value: 'bookstore' } } },
                { key: 'malha.workload', value: { value: { case: 'stringValue', value: workload } } },
              ],
            },
            instrumentationLibrarySpans: [
              {
                spans: spanIds.map((id, index) =>
                  create(SpanSchema, {
                    traceId,
                    spanId: Buffer.from(id, 'hex'),
                    parentSpanId: index === 0 ? new Uint8Array() : Buffer.from(spanIds[0] ?? '', 'hex'),
                    name: `GET /${index}`,
                    kind: index === 0 ? Span_SpanKind.SERVER : Span_SpanKind.CLIENT,
                    startTimeUnixNano: BigInt(START + 50_000 + index) * 1_000_000n + 500_000n,
                    endTimeUnixNano: BigInt(START + 50_010 + index) * 1_000_000n + 500_000n,
                    attributes: [
                      {
                        key: 'http.response.status_code',
                        value: { value: { case: 'intValue', value: index === 0 ? 200n : 403n } },
                      },
                      {
                        key: 'malha.flags',
                        value: { value: { case: 'stringValue', value: index === 0 ? '' : 'UAEX' } },
                      },
                      { key: 'malha.policy', value: { value: { case: 'stringValue', value: 'bookstore/deny' } } },
                    ],
                    status: { code: index === 0 ? Status_StatusCode.UNSET : Status_StatusCode.ERROR },
                  }),
                ),
              },
            ],
          },
        ],
      }),
    );

  test('are stored once, found by search, and shown with their flags in words', async () => {
    const bytes = request('bookstore/web-v1-1', ['00000000000000a1', '00000000000000a2']);
    expect(await send(TRACES, bytes)).toBe(status.OK);
    expect(await send(TRACES, bytes)).toBe(status.OK);
    const range = { liveSeconds: 60 };
    const [found, ...more] = await telemetry.queries.traces({ range, limit: 10, errorsOnly: true });
    expect(more).toEqual([]);
    expect(found).toEqual({
      traceId: traceId.toString('hex'),
      startMs: START + 50_000.5,
      durationMs: 11,
      rootService: 'bookstore/web',
      rootOperation: 'GET /0',
      services: ['bookstore/web'],
      spans: 2,
      errors: 1,
      status: 200,
    });
    expect(await telemetry.queries.traces({ range, limit: 10, minDurationMs: 12 })).toEqual([]);
    expect(await telemetry.queries.traces({ range, limit: 10, service: 'ledger' })).toEqual([]);
    const { spans } = await telemetry.queries.trace(traceId.toString('hex'), true);
    expect(spans.map(({ spanId, parentSpanId, kind }) => [spanId, parentSpanId, kind])).toEqual([
      ['00000000000000a1', null, 'server'],
      ['00000000000000a2', '00000000000000a1', 'client'],
    ]);
    expect(spans[0]).toMatchObject({ status: 200, isError: false });
    expect(spans[1]).toMatchObject({
      status: 403,
      isError: true,
      flags: ['UAEX'],
      flagWords: ['An authorization policy denied the request.'],
      policy: 'bookstore/deny',
    });
  });

  test("a policy's name is only for operators", async () => {
    await send(TRACES, request('bookstore/web-v1-1', ['00000000000000a1', '00000000000000a2']));
    const { spans } = await telemetry.queries.trace(traceId.toString('hex'), false);
    expect(JSON.stringify(spans)).not.toContain('bookstore/deny');
  });

  test("are denied in another workload's name, and refused when malformed", async () => {
    expect(await send(TRACES, request('payments/ledger-v1-1', ['00000000000000a1']))).toBe(status.PERMISSION_DENIED);
    expect(await send(TRACES, request('bookstore/web-v1-1', ['a1']))).toBe(status.INVALID_ARGUMENT);
    const { rows } = await pool.query('SELECT 1 FROM telemetry.span');
    expect(rows).toEqual([]);
  });

  test('a trace that is not stored is an error', async () => {
    await expect(telemetry.queries.trace('f'.repeat(32), true)).rejects.toMatchObject({ code: 'MALHA5076' });
  });
});
