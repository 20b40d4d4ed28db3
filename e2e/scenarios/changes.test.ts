// Changes of configuration under load: no request may fail, and resets count as failures.
import { OpenLoop } from '@malha/testing/open-loop';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EchoMesh, echo, split, startEchoMesh, untilActive } from '../src/echo-mesh.ts';

let stage: EchoMesh;

beforeAll(async () => {
  stage = await startEchoMesh({ network: 70 });
});
afterAll(() => stage?.mesh.stop());

const EXTRA = `apiVersion: malha.dev/v1
kind: Service
metadata: {name: extra, namespace: lab}
spec: {selector: {app: extra}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
`;

function mtls(mode: string): string {
  return `apiVersion: malha.dev/v1
kind: PeerAuthentication
metadata: {name: echo, namespace: lab}
spec: {targetRef: {kind: Service, name: echo}, mode: ${mode}}
`;
}

test('100 changes under 500 POSTs a second: none fails', async () => {
  const { mesh, caller } = stage;
  await mesh.apply(split(50, 50));
  const load = new OpenLoop({
    outbound: caller.outbound,
    host: 'echo',
    path: '/',
    method: 'POST',
    body: 'x'.repeat(200),
    ratePerSecond: 500,
  }).start();
  let changes = 0;
  const apply = async (yaml: string) => {
    await mesh.apply(yaml);
    changes += 1;
    await new Promise((resolve) => setTimeout(resolve, 100));
  };
  for (let round = 0; changes < 98; round++) {
    await apply(split((round * 13) % 101, 100 - ((round * 13) % 101)));
    await apply(EXTRA);
    await apply(mtls('PERMISSIVE'));
    await apply(split(30, 70));
    await mesh.remove(['Service/lab/extra']);
    changes += 1;
    await apply(mtls('DISABLE'));
    await apply(mtls('PERMISSIVE'));
    await apply(mtls('STRICT'));
    if (round % 4 === 0) {
      const third = await mesh.join(echo('v2', `echo-v2-${round}`));
      await untilActive(mesh, 4);
      await third.stop();
      changes += 2;
    }
  }
  const outcome = await load.stop();
  expect(changes).toBeGreaterThanOrEqual(98);
  expect(outcome.sent).toBeGreaterThan(3_000);
  expect(outcome, outcome.firstError).toMatchObject({ failed: 0, broken: 0 });
});

test('20 full flips of a split under 1,000 requests a second: none fails, each flip is complete', async () => {
  const { mesh, caller } = stage;
  await mesh.apply(split(100, 0));
  await untilActive(mesh, 3);
  const load = new OpenLoop({
    outbound: caller.outbound,
    host: 'echo.lab',
    path: '/flip',
    method: 'GET',
    ratePerSecond: 1_000,
  }).start();
  for (let flip = 0; flip < 20; flip++) {
    await mesh.apply(flip % 2 === 0 ? split(0, 100) : split(100, 0));
    await untilActive(mesh, 3);
    const before = load.outcome().byServer;
    await new Promise((resolve) => setTimeout(resolve, 250));
    const after = load.outcome().byServer;
    const [wanted, other] = flip % 2 === 0 ? ['echo-v2', 'echo-v1'] : ['echo-v1', 'echo-v2'];
    expect((after[wanted] ?? 0) - (before[wanted] ?? 0)).toBeGreaterThan(100);
    // Answers to requests sent before the flip may still arrive.
    expect((after[other] ?? 0) - (before[other] ?? 0)).toBeLessThan(30);
  }
  const outcome = await load.stop();
  expect(outcome.sent).toBeGreaterThan(4_000);
  expect(outcome, outcome.firstError).toMatchObject({ failed: 0, broken: 0 });
});
