// The command that `malha join` starts: its environment, its end, and that nothing of it outlives the agent.
import fs from 'node:fs';
import path from 'node:path';
import { type FakeControlPlane, startFakeControlPlane } from '@malha/testing/fake-control-plane';
import { afterEach, expect, test, vi } from 'vitest';
import { joinShop, resourcesFor, shopAndReviews } from './joined-mesh.ts';
import { call, type Program, temporaryFolder } from './program.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

const programs: Program[] = [];
const planes: FakeControlPlane[] = [];

afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.kill('SIGKILL');
    await program.exited;
  }
  for (const plane of planes.splice(0)) plane.stop();
});

/** The application: a Node program given as text; starts a child of its own, as a shell script or npm does. */
async function joinWith(script: string, environment: Readonly<Record<string, string>> = {}): Promise<Program> {
  const plane = await startFakeControlPlane({ resources: resourcesFor(shopAndReviews(1, 2), 'demo/shop-1') });
  planes.push(plane);
  const folder = temporaryFolder();
  const file = path.join(folder, 'app.mjs');
  fs.writeFileSync(file, script);
  const join = ['--control-plane', plane.joinAddress, '--ca-pin', plane.ca.pin];
  const token = { MALHA_JOIN_TOKEN: plane.createToken('demo', 'shop'), ...environment };
  const program = joinShop(folder, [...join, '--', process.execPath, file], token);
  programs.push(program);
  return program;
}

const SERVER = `
import http from 'node:http';
import { spawn } from 'node:child_process';
const grandchild = spawn('sleep', ['1000'], { stdio: 'ignore' });
http.createServer((_, response) => response.end('app')).listen(process.env.PORT, '127.0.0.1', () => {
  console.log(JSON.stringify({
    app: process.pid, grandchild: grandchild.pid, port: process.env.PORT, port9080: process.env.PORT_9080,
    outbound: process.env.MALHA_OUTBOUND, workload: process.env.MALHA_WORKLOAD, token: process.env.MALHA_JOIN_TOKEN ?? null,
  }));
});
`;

interface Told {
  readonly app: number;
  readonly grandchild: number;
  readonly port: string;
  readonly port9080: string;
  readonly outbound: string;
  readonly workload: string;
  readonly token: string | null;
}

function told(program: Program): Promise<Told> {
  return program.waitFor('the application', () => {
    const line = /^\{.*\}$/m.exec(program.stdout)?.[0];
    return line === undefined ? undefined : (JSON.parse(line) as Told);
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie is gone, but for its parent.
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const gone = (pid: number) => vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 8_000 });

test('gives the command a port and the address of its proxy, and not the token', async () => {
  const program = await joinWith(SERVER);
  const { outbound } = await program.ready();
  const app = await told(program);
  expect(app.port).toMatch(/^\d+$/);
  expect(app.port9080).toBe(app.port);
  expect(app.outbound).toBe(`http://${outbound}`);
  expect(app.workload).toBe('demo/shop-1');
  expect(app.token).toBeNull();
  expect((await call(`127.0.0.1:${app.port}`)).body).toBe('app');
});

test('SIGTERM ends both, and what the command started', async () => {
  const program = await joinWith(SERVER);
  await program.ready();
  const app = await told(program);
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  await gone(app.app);
  await gone(app.grandchild);
});

test('nothing outlives an agent that is killed with SIGKILL', async () => {
  const program = await joinWith(SERVER);
  await program.ready();
  const app = await told(program);
  program.kill('SIGKILL');
  await program.exited;
  await gone(app.app);
  await gone(app.grandchild);
});

test("ends with the command's exit code", async () => {
  const program = await joinWith('setTimeout(() => process.exit(7), 300);');
  expect(await program.exited).toEqual({ code: 7, signal: null });
});

test('a command that a signal ended is reported as a shell does', async () => {
  const program = await joinWith("setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300);");
  expect(await program.exited).toEqual({ code: 137, signal: null });
});

test('a command that ignores SIGTERM is killed', async () => {
  const program = await joinWith(`${SERVER}\nprocess.on('SIGTERM', () => {});`);
  await program.ready();
  const app = await told(program);
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  await gone(app.app);
});

test('a command that is not there is an error in words', async () => {
  const plane = await startFakeControlPlane({ resources: resourcesFor(shopAndReviews(1, 2), 'demo/shop-1') });
  planes.push(plane);
  const token = plane.createToken('demo', 'shop');
  const join = ['--control-plane', plane.joinAddress, '--ca-pin', plane.ca.pin, '--token', token];
  const program = joinShop(temporaryFolder(), [...join, '--', '/no/such/program']);
  programs.push(program);
  expect(await program.exited).toEqual({ code: 1, signal: null });
  expect(program.stderr).toContain('MALHA4908: cannot start "/no/such/program"');
});
