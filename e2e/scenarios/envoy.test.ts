// A stock Envoy, joined as a user would join one, in a mesh with our proxies: it routes by weight over mutual TLS, is
// called over it, and tells the application who called.
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findEnvoy } from '../../scripts/setup/envoy.ts';
import { type EchoMesh, echo, split, startEchoMesh, untilActive, untilServed } from '../src/echo-mesh.ts';
import { startEchoServer } from '../src/echo-server.ts';

const GATE = `apiVersion: malha.dev/v1
kind: Service
metadata: {name: gate, namespace: lab}
spec: {selector: {app: gate}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
`;
const REQUESTS = 1_000;

interface Answer {
  readonly status: number;
  readonly server: string;
  readonly clientCertificate: string;
}

const envoy = findEnvoy();
if (envoy === undefined) console.log('no Envoy found (MALHA_ENVOY, or npm run bench, which installs one)');

describe.skipIf(envoy === undefined)('a stock Envoy in the mesh', () => {
  let stage: EchoMesh;
  let app: Awaited<ReturnType<typeof startEchoServer>>;
  let outbound: string;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });

  beforeAll(async () => {
    stage = await startEchoMesh({ network: 82 });
    app = await startEchoServer('gate');
    await stage.mesh.apply(GATE);
    const joined = await stage.mesh.joinEnvoy({
      service: 'lab/gate',
      workload: 'gate',
      appAddress: `127.0.0.1:${app.port}`,
      envoy: envoy ?? '',
    });
    outbound = joined.outbound;
    const { revision } = await stage.mesh.apply(split(70, 30));
    await untilActive(stage.mesh, 4, revision);
    await untilServed(outbound, 'echo', ['echo-v1', 'echo-v2']);
  });
  afterAll(async () => {
    agent.destroy();
    await stage?.mesh.stop();
    await app?.stop();
  });

  function call(from: string, host: string): Promise<Answer> {
    const { hostname, port } = new URL(from);
    return new Promise((resolve, reject) => {
      const request = http.get({ hostname, port, agent, headers: { host }, timeout: 10_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          const text = Buffer.concat(chunks).toString();
          const seen = status === 200 ? (JSON.parse(text) as { headers: Record<string, string> }).headers : {};
          resolve({
            status,
            server: String(response.headers['x-served-by'] ?? ''),
            clientCertificate: seen['x-forwarded-client-cert'] ?? '',
          });
        });
      });
      request.on('timeout', () => request.destroy(new Error('no answer')));
      request.on('error', reject);
    });
  }

  test('as a caller: splits 70 to 30 over mutual TLS, under its own identity', async () => {
    const answers: Answer[] = [];
    for (let sent = 0; sent < REQUESTS; sent += 8) {
      answers.push(...(await Promise.all(Array.from({ length: 8 }, () => call(outbound, 'echo')))));
    }
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const share = answers.filter(({ server }) => server === 'echo-v2').length / answers.length;
    // Six standard deviations of 1,000 draws.
    expect(share).toBeGreaterThan(0.21);
    expect(share).toBeLessThan(0.39);
    for (const { clientCertificate } of answers) {
      expect(clientCertificate).toContain('URI=spiffe://mesh.local/ns/lab/sa/gate');
    }
  });

  test('as a callee: serves its application to our proxy, which has proved who it is', async () => {
    await untilServed(stage.caller.outbound, 'gate', ['gate']);
    const answer = await call(stage.caller.outbound, 'gate');
    expect(answer).toMatchObject({ status: 200, server: 'gate' });
    expect(answer.clientCertificate).toContain('URI=spiffe://mesh.local/ns/lab/sa/caller');
  });

  test('follows a change of the weights', async () => {
    const { revision } = await stage.mesh.apply(split(0, 100));
    await untilActive(stage.mesh, 4, revision);
    for (let sent = 0; sent < 50; sent++) expect((await call(outbound, 'echo')).server).toBe('echo-v2');
  });

  test('is followed by our proxies when an instance comes and goes', async () => {
    const extra = await stage.mesh.join(echo('v2', 'echo-v2-extra'));
    await untilServed(outbound, 'echo', ['echo-v2', 'echo-v2-extra']);
    await extra.stop();
    await untilActive(stage.mesh, 4);
    for (let sent = 0; sent < 50; sent++) expect((await call(outbound, 'echo')).server).toBe('echo-v2');
  });
});
