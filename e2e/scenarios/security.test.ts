// Who may talk to whom: STRICT means mutual TLS or nothing, and a denied caller learns nothing but that.
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { createTestCa } from '@malha/testing/test-ca';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CALLER, type EchoMesh, startEchoMesh, untilActive } from '../src/echo-mesh.ts';

const INBOUND_PORT = 15006;
const SERVER_NAME = '80.echo.lab.mesh';
let stage: EchoMesh;
let inboundAddress: string;

beforeAll(async () => {
  stage = await startEchoMesh({ network: 74 });
  inboundAddress = new URL(stage.v1.outbound).hostname;
});
afterAll(() => stage?.mesh.stop());

function get(
  outbound: string,
  host: string,
): Promise<{ status: number; body: string; headers: http.IncomingHttpHeaders }> {
  const url = new URL(outbound);
  return new Promise((resolve, reject) => {
    const request = http.get({ host: url.hostname, port: url.port, headers: { host } }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
    request.on('error', reject);
  });
}

/** What a connection yields before it ends: the bytes, or the error that ended it. */
function exchange(socket: net.Socket, request: string): Promise<{ bytes: number; error: string | undefined }> {
  return new Promise((resolve) => {
    let bytes = 0;
    let error: string | undefined;
    const timer = setTimeout(() => socket.destroy(new Error('still open after 5 s')), 5_000);
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.on('error', (reason: NodeJS.ErrnoException) => {
      error = reason.code ?? reason.message;
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ bytes, error });
    });
    socket.write(request);
  });
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n';

test('plain HTTP to an inbound port under STRICT is closed without a byte', async () => {
  const socket = net.connect({ host: inboundAddress, port: INBOUND_PORT });
  const { bytes, error } = await exchange(socket, REQUEST);
  expect(bytes).toBe(0);
  expect(error).not.toBe('still open after 5 s');
});

test('a certificate of another authority, and none at all, are refused', async () => {
  const foreign = createTestCa().issue('lab', 'caller');
  for (const identity of [{ cert: foreign.certificateChainPem, key: foreign.privateKeyPem }, {}]) {
    const socket = tls.connect({
      host: inboundAddress,
      port: INBOUND_PORT,
      servername: SERVER_NAME,
      rejectUnauthorized: false,
      ...identity,
    });
    const { bytes } = await exchange(socket, REQUEST);
    expect(bytes).toBe(0);
  }
});

test('a caller without permission gets 403, and no name of a policy', async () => {
  const { mesh, caller } = stage;
  await mesh.apply(`apiVersion: malha.dev/v1
kind: Service
metadata: {name: intruder, namespace: lab}
spec: {selector: {app: intruder}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
---
apiVersion: malha.dev/v1
kind: AuthorizationPolicy
metadata: {name: only-the-caller, namespace: lab}
spec:
  targetRef: {kind: Service, name: echo}
  action: ALLOW
  rules: [{from: {principals: ["spiffe://mesh.local/ns/lab/sa/caller"]}}]
`);
  const intruder = await mesh.join({ ...CALLER, service: 'lab/intruder', workload: 'intruder' });
  await untilActive(mesh, 4);
  expect((await get(caller.outbound, 'echo')).status).toBe(200);
  const denied = await get(intruder.outbound, 'echo');
  expect(denied.status).toBe(403);
  expect(denied.body + JSON.stringify(denied.headers)).not.toContain('only-the-caller');
});

test('the application learns the verified identity of its caller, whatever the caller claims', async () => {
  const url = new URL(stage.caller.outbound);
  const forged = await new Promise<string>((resolve, reject) => {
    const headers = { host: 'echo', 'x-forwarded-client-cert': 'URI=spiffe://mesh.local/ns/lab/sa/admin' };
    http
      .get({ host: url.hostname, port: url.port, headers }, (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve(body));
      })
      .on('error', reject);
  });
  const { headers } = JSON.parse(forged) as { headers: Record<string, string> };
  expect(headers['x-forwarded-client-cert']).toContain('URI=spiffe://mesh.local/ns/lab/sa/caller');
  expect(headers['x-forwarded-client-cert']).not.toContain('admin');
});
