// Changes of configuration under load: no request may fail, and resets count as failures.
import { setTimeout as sleep } from 'node:timers/promises';
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
  for (let round = 0; changes < 100; round++) {
    // Every other round each change is active everywhere before the next one; else they come on top of each other.
    const apply = async (yaml: string) => {
      const { revision } = await mesh.apply(yaml);
      changes += 1;
      if (round % 2 === 0) await untilActive(mesh, 3, revision);
      else await sleep(100);
    };
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
  expect(changes).toBeGreaterThanOrEqual(100);
  expect(outcome.sent).toBeGreaterThan(5_000);
  expect(outcome, outcome.firstError).toMatchObject({ failed: 0, broken: 0 });
});

test('20 full flips of a split under 1,000 requests a second: none fails, each flip is complete', async () => {
  const { mesh, caller } = stage;
  const flipTo = async (v1: number, v2: number) => {
    const { revision } = await mesh.apply(split(v1, v2));
    await untilActive(mesh, 3, revision);
  };
  await flipTo(100, 0);
  const load = new OpenLoop({
    outbound: caller.outbound,
    host: 'echo.lab',
    path: '/flip',
    method: 'GET',
    ratePerSecond: 1_000,
  }).start();
  for (let flip = 0; flip < 20; flip++) {
    load.phase('changing');
    await (flip % 2 === 0 ? flipTo(0, 100) : flipTo(100, 0));
    // What is sent from now on must be served by the other version alone.
    load.phase(flip % 2 === 0 ? 'echo-v2' : 'echo-v1');
    await sleep(250);
  }
  const outcome = await load.stop();
  expect(outcome, outcome.firstError).toMatchObject({ failed: 0, broken: 0 });
  const settled = outcome.phases.filter(({ name }) => name.startsWith('echo'));
  expect(settled).toHaveLength(20);
  for (const { name, sent, byServer } of settled) {
    expect(sent).toBeGreaterThan(100);
    expect(byServer).toEqual({ [name]: sent });
  }
});
