// The mesh without its control plane and without its database: traffic goes on, and all heals.
import { setTimeout as sleep } from 'node:timers/promises';
import { OpenLoop } from '@malha/testing/open-loop';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CALLER, type EchoMesh, split, startEchoMesh, untilActive } from '../src/echo-mesh.ts';

let stage: EchoMesh;

beforeAll(async () => {
  stage = await startEchoMesh({ network: 72 });
});
afterAll(() => stage?.mesh.stop());

function load(outbound: string): OpenLoop {
  return new OpenLoop({ outbound, host: 'echo', path: '/', method: 'POST', body: 'x', ratePerSecond: 200 }).start();
}

interface Status {
  readonly database: string;
  readonly revision: number;
}

async function status(): Promise<Status> {
  return stage.mesh.admin<Status>('GET', '/status');
}

async function until(what: string, holds: () => Promise<boolean>, withinMs = 20_000): Promise<number> {
  const from = performance.now();
  for (;;) {
    if (await holds().catch(() => false)) return performance.now() - from;
    if (performance.now() - from > withinMs) throw new Error(`${what} did not happen within ${withinMs} ms`);
    await sleep(20);
  }
}

test('kill -9 of the control plane: no failed request, the same revision after its restart, changes arrive again', async () => {
  const { mesh, caller } = stage;
  await mesh.apply(split(100, 0));
  await untilActive(mesh, 3);
  const before = (await status()).revision;
  const running = load(caller.outbound);
  await sleep(500);
  process.kill(mesh.pid('control-plane'), 'SIGKILL');
  await sleep(300);
  await until('the control plane back', async () => (await status()).revision === before);
  await mesh.apply(split(0, 100));
  // How fast is the benchmark's to say, on a machine that does nothing else.
  await until('the change at the caller', async () => (running.outcome().byServer['echo-v2'] ?? 0) > 0);
  const outcome = await running.stop();
  expect(outcome, outcome.firstError).toMatchObject({ failed: 0, broken: 0 });
});

test('kill -9 of Postgres: the status says so, traffic goes on, writes are refused in words, all heals', async () => {
  const { mesh, caller } = stage;
  await until('a healthy start', async () => (await status()).database === 'ok');
  const running = load(caller.outbound);
  process.kill(mesh.postgresPid(), 'SIGKILL');
  await until('the status', async () => (await status()).database === 'away');
  await expect(mesh.apply(split(50, 50))).rejects.toThrow(/503.*MALHA5020/);
  await until('Postgres back', async () => (await status()).database === 'ok', 30_000);
  await mesh.apply(split(50, 50));
  await untilActive(mesh, 3);
  const outcome = await running.stop();
  expect(outcome, outcome.firstError).toMatchObject({ failed: 0, broken: 0 });
});

test('a proxy that restarts while the control plane is down serves from its last good configuration', async () => {
  const { mesh, caller } = stage;
  await mesh.apply(split(0, 100));
  await untilActive(mesh, 3);
  process.kill(mesh.pid('control-plane'), 'SIGSTOP');
  try {
    await caller.stop();
    const again = await mesh.rejoin(CALLER);
    const outcome = await (async () => {
      const running = load(again.outbound);
      await sleep(1_000);
      return running.stop();
    })();
    expect(outcome, outcome.firstError).toMatchObject({ failed: 0, broken: 0 });
    expect(outcome.byServer['echo-v2']).toBe(outcome.sent);
  } finally {
    process.kill(mesh.pid('control-plane'), 'SIGCONT');
  }
  await untilActive(mesh, 3);
});
