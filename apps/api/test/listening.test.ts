// What the control plane serves beside the api: its own metrics, over what really happens, and OTLP of applications.
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import { createCsr, generateKeyPair, toPem } from '@malha/identity';
import { type Family, parsePrometheusText, sampleValue } from '@malha/testing/prometheus-text';
import { ExportTraceServiceRequestSchema } from '@malha/xds/generated/opentelemetry/proto/collector/trace/v1/trace_service_pb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { eventually, identityOf, joinMesh, memberClient, renewWith, TestAgent } from '../src/agents/testing.ts';
import { type StartedApp, startedApp, type TestClient } from './started-app.ts';
import { runProxy } from './xds-mesh.ts';

vi.setConfig({ testTimeout: 30_000 });

let stage: StartedApp;
let admin: TestClient;

beforeAll(async () => {
  stage = await startedApp();
  const first = z.object({ email: z.string(), password: z.string() });
  const { email, password } = first.parse((await stage.admin('GET', '/users/first')).body);
  const signedIn = z.object({ id: z.string(), sessionVersion: z.number() });
  const { body } = await stage.verifyPassword(email, password);
  admin = stage.client(await stage.cookieOf(signedIn.parse(body)));
}, 60_000);

afterAll(async () => {
  await admin?.close();
  await stage?.stop();
}, 60_000);

async function scrape(): Promise<ReadonlyMap<string, Family>> {
  const response = await fetch(`http://127.0.0.1:${stage.app.ports.metrics}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return parsePrometheusText(await response.text());
}

/** The root that the join port presents; a real agent compares its pin. */
function presentedRoot(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: stage.app.ports.join, rejectUnauthorized: false }, () => {
      let last = socket.getPeerCertificate(true);
      while (last.issuerCertificate !== undefined && last.issuerCertificate !== last) last = last.issuerCertificate;
      socket.destroy();
      resolve(toPem('CERTIFICATE', new X509Certificate(last.raw).raw));
    });
    socket.once('error', reject);
  });
}

const SERVICE = `apiVersion: malha.dev/v1
kind: Service
metadata: {name: reviews, namespace: bookstore}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
`;

describe('metrics of the control plane', () => {
  test('say what runs, and of the process what operators watch', async () => {
    const families = await scrape();
    expect(sampleValue(families, 'malha_control_plane_info', { mesh: 'malha', trust_domain: 'mesh.local' })).toBe(1);
    expect(sampleValue(families, 'malha_database_up')).toBe(1);
    expect(sampleValue(families, 'malha_revision')).toBe(0);
    expect(sampleValue(families, 'process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(sampleValue(families, 'process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(families.get('nodejs_eventloop_lag_p99_seconds')?.samples).toHaveLength(1);
  });

  test('count an agent that joins, its certificate, the pushes to its proxy, and how long a change takes', async () => {
    const { token } = z.object({ token: z.string() }).parse(
      (
        await stage.admin('POST', '/join-tokens', JSON.stringify({ namespace: 'bookstore', service: 'reviews' }), {
          'content-type': 'application/json',
        })
      ).body,
    );
    const { ports } = stage.app;
    const joined = await joinMesh({ joinPort: ports.join, trustBundlePem: await presentedRoot() }, token);
    const identity = identityOf(joined);
    const agent = await TestAgent.start(ports.xds, joined);
    const proxy = runProxy({ port: ports.xds }, joined.response.workload, {
      credentials: grpc.credentials.createSsl(
        Buffer.from(identity.trustBundlePem),
        Buffer.from(identity.privateKeyPem),
        Buffer.from(identity.certificateChainPem),
      ),
      onServed: (hash) => agent.send({ case: 'served', value: { hash, errors: [] } }),
      refuse: (name) => (name.includes('poison') ? 'this proxy takes no poison' : undefined),
    });
    const client = memberClient(ports.xds, identity);
    try {
      await renewWith(client, createCsr(generateKeyPair()));
      const apply = (yaml: string) =>
        admin.trpc.resources.applyChanges.mutate({ yaml, message: 'x', baseRevisions: {} });
      await apply(SERVICE);
      await eventually(async () => sampleValue(await scrape(), 'malha_xds_propagation_seconds_count') === 1);
      await apply(SERVICE.replace('name: reviews', 'name: poison'));
      await eventually(async () => sampleValue(await scrape(), 'malha_xds_nacks_total', { type: 'Cluster' }) === 1);
      const families = await scrape();
      expect(sampleValue(families, 'malha_revision')).toBe(2);
      expect(sampleValue(families, 'malha_agents_connected')).toBe(1);
      expect(sampleValue(families, 'malha_xds_proxies_connected')).toBe(1);
      expect(sampleValue(families, 'malha_workloads_registered')).toBe(1);
      expect(sampleValue(families, 'malha_ca_certificates_issued_total', { reason: 'join' })).toBe(1);
      expect(sampleValue(families, 'malha_ca_certificates_issued_total', { reason: 'renewal' })).toBe(1);
      expect(sampleValue(families, 'malha_xds_pushes_total', { type: 'Cluster' })).toBeGreaterThan(1);
    } finally {
      client.close();
      proxy.close();
      agent.silence();
    }
    await eventually(async () => sampleValue(await scrape(), 'malha_agents_connected') === 0);
  }, 30_000);

  test('nothing else is on their port', async () => {
    const base = `http://127.0.0.1:${stage.app.ports.metrics}`;
    expect((await fetch(`${base}/`)).status).toBe(404);
    expect((await fetch(`${base}/metrics`, { method: 'POST' })).status).toBe(405);
  });
});

describe('OTLP over HTTP', () => {
  const traceId = 'c0'.repeat(16);
  const nowNanos = `${Date.now()}000000`;
  const jsonSpan = (spanId: string) => ({
    traceId,
    spanId,
    name: 'SELECT books',
    kind: 3,
    startTimeUnixNano: nowNanos,
    endTimeUnixNano: nowNanos,
    attributes: [
      { key: 'db.rows', value: { intValue: '3' } },
      { key: 'list', value: { arrayValue: { values: [] } } },
    ],
    status: { code: 2 },
    unknownField: true,
  });
  const jsonRequest = (spanId: string) => ({
    resourceSpans: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: 'reviews' } },
            { key: 'service.namespace', value: { stringValue: 'bookstore' } },
            { key: 'malha.workload', value: { stringValue: 'bookstore/reviews-1' } },
          ],
        },
        scopeSpans: [{ scope: { name: 'pg' }, spans: [jsonSpan(spanId)] }],
      },
    ],
  });
  const JSON_TYPE = { 'content-type': 'application/json' };
  const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' };
  const send = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>, path = '/v1/traces') =>
    fetch(`http://127.0.0.1:${stage.app.ports.otlpHttp}${path}`, { method: 'POST', headers, body });
  const spansOfTrace = async () => (await admin.trpc.traces.get.query({ traceId })).spans;

  test('JSON, plain and gzip, and protobuf are stored as spans of the application, not of a proxy', async () => {
    const plain = await send(JSON.stringify(jsonRequest('00000000000000a1')), JSON_TYPE);
    expect([plain.status, await plain.text(), plain.headers.get('content-type')]).toEqual([
      200,
      '{}',
      'application/json',
    ]);
    const zipped = gzipSync(JSON.stringify(jsonRequest('00000000000000a2')));
    expect((await send(new Uint8Array(zipped), { ...JSON_TYPE, 'content-encoding': 'gzip' })).status).toBe(200);
    const message = create(ExportTraceServiceRequestSchema, {
      resourceSpans: [
        {
          instrumentationLibrarySpans: [
            {
              spans: [
                {
                  traceId: Buffer.from(traceId, 'hex'),
                  spanId: Buffer.from('00000000000000a3', 'hex'),
                  name: 'binary',
                  startTimeUnixNano: BigInt(nowNanos),
                  endTimeUnixNano: BigInt(nowNanos),
                },
              ],
            },
          ],
        },
      ],
    });
    const binary = await send(new Uint8Array(toBinary(ExportTraceServiceRequestSchema, message)), PROTOBUF_TYPE);
    expect([binary.status, await binary.text(), binary.headers.get('content-type')]).toEqual([
      200,
      '',
      'application/x-protobuf',
    ]);
    const spans = await spansOfTrace();
    expect(spans.map(({ spanId }) => spanId).sort()).toEqual(['a1', 'a2', 'a3'].map((end) => `00000000000000${end}`));
    expect(spans.find(({ spanId }) => spanId.endsWith('a1'))).toMatchObject({
      service: 'reviews',
      namespace: 'bookstore',
      workload: '',
      kind: 'client',
      name: 'SELECT books',
      attributes: { 'db.rows': 3 },
    });
    expect(
      sampleValue(await scrape(), 'malha_telemetry_spans_total', { origin: 'application', outcome: 'stored' }),
    ).toBe(3);
  });

  test.each([
    ['text that is not JSON', 400, '{', JSON_TYPE],
    ['an identifier that is not hexadecimal', 400, JSON.stringify(jsonRequest('zz')), JSON_TYPE],
    ['an identifier that is too short', 400, JSON.stringify(jsonRequest('a1')), JSON_TYPE],
    ['bytes that are not protobuf', 400, 'nonsense', PROTOBUF_TYPE],
    ['a body that is not gzip', 400, 'plain', { ...JSON_TYPE, 'content-encoding': 'gzip' }],
    ['another content type', 415, '{}', { 'content-type': 'text/plain' }],
    ['another content encoding', 415, '{}', { ...JSON_TYPE, 'content-encoding': 'br' }],
    ['a request of a web page', 403, '{}', { ...JSON_TYPE, origin: 'https://evil.example' }],
    ['a body over the bound', 413, ' '.repeat(8 * 1024 * 1024 + 1), JSON_TYPE],
  ])('%s is refused with a status that says why', async (_, expected, body, headers) => {
    const response = await send(body, headers);
    expect(response.status).toBe(expected);
    expect(await response.text()).toContain('MALHA5070');
  });

  test('a small body that unpacks beyond the bound is refused', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    expect(bomb.length).toBeLessThan(100_000);
    expect((await send(bomb, { ...JSON_TYPE, 'content-encoding': 'gzip' })).status).toBe(413);
  });

  test('metrics and logs are not taken, and say so', async () => {
    const response = await send('{}', JSON_TYPE, '/v1/metrics');
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { message: expect.stringContaining('/v1/traces') },
    ]);
  });
});
