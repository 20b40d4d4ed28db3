// `npm start` through its life: stopped, killed, started again, and told wrong things.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type MeshOptions, type StartedMesh, startMesh } from '@malha/testing/started-mesh';
import { afterAll, expect, test } from 'vitest';
import { untilActive } from '../src/echo-mesh.ts';

const MESH: MeshOptions = { bookstore: true, console: false, network: 86 };
const BOOKSTORE_PROXIES = 9;

let mesh: StartedMesh;
afterAll(() => mesh?.stop());

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** What the starter said when it gave up. */
function refusal(options: Partial<MeshOptions>): Promise<string> {
  return startMesh({ ...MESH, ...options }).then(
    async (started) => {
      await started.stop();
      return 'it started';
    },
    (error: Error) => error.message,
  );
}

test('Ctrl-C leaves no process, no socket and no open port', async () => {
  mesh = await startMesh(MESH);
  await untilActive(mesh, BOOKSTORE_PROXIES);
  const pids = [...mesh.processIds(), mesh.postgresPid()];
  expect(pids.length).toBeGreaterThan(BOOKSTORE_PROXIES);
  expect(await mesh.end('SIGINT')).toBe(0);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(fs.existsSync(mesh.adminSocket)).toBe(false);
  expect(fs.existsSync(path.join(mesh.stateDir, 'run.json'))).toBe(false);
  for (const port of Object.values(mesh.ports)) expect(await isTaken(port)).toBe(false);
});

test('after kill -9 of the starter the next start ends what was left, and serves', async () => {
  mesh = await startMesh({ ...MESH, after: mesh });
  const pids = mesh.processIds();
  await mesh.end('SIGKILL');
  expect(pids.filter(isAlive)).toEqual(pids);
  mesh = await startMesh({ ...MESH, after: mesh });
  expect(mesh.output).toContain('ended what an earlier run left');
  expect(pids.filter(isAlive)).toEqual([]);
  await untilActive(mesh, BOOKSTORE_PROXIES);
});

test('with the database wiped and the certificates kept, the workloads join again', async () => {
  await mesh.end('SIGINT');
  fs.rmSync(path.join(mesh.stateDir, 'postgres'), { recursive: true });
  mesh = await startMesh({ ...MESH, after: mesh });
  await untilActive(mesh, BOOKSTORE_PROXIES);
});

test('a second starter in the same folder says that one runs', async () => {
  expect(await refusal({ after: mesh })).toMatch(/already runs from this folder \(process \d+\)/);
  await untilActive(mesh, BOOKSTORE_PROXIES);
});

test('a port that is taken is named, with who has it and how to choose another', async () => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const words = await refusal({ env: { MALHA_API_PORT: String(port) } });
  server.close();
  expect(words).toContain(`Port ${port} (api) is taken`);
  expect(words).toContain('MALHA_API_PORT=');
});

test.each([
  ['nobody listens', 'postgresql://u:p@127.0.0.1:1/malha', /no Postgres listens there \(127\.0\.0\.1:1\/malha\)/],
  ['it is no address', 'mysql://u:p@127.0.0.1/malha', /must look like postgresql:/],
])('a DATABASE_URL where %s is refused in words', async (_what, url, words) => {
  const said = await refusal({ env: { DATABASE_URL: url } });
  expect(said).toMatch(words);
  expect(said).not.toContain('    at ');
});
