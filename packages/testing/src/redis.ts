// A Redis for tests: Debian's redis-server on a free port, without anything on disk. Undefined where there is none.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import net from 'node:net';

const STARTED_WITHIN_MS = 10_000;
const STEP_MS = 20;

export interface TestRedis {
  readonly url: string;
  /** As if it crashed; it comes back empty with `restart`. */
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** Why tests that need a Redis cannot run, or undefined. */
export function redisProblem(): string | undefined {
  const { error } = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  return error === undefined ? undefined : 'redis-server is not installed (apt-get install redis-server)';
}

export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  let child = await start(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => stopped(child),
    restart: async () => {
      await stopped(child);
      child = await start(port);
    },
  };
}

async function start(port: number): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const end = performance.now() + STARTED_WITHIN_MS;
  while (!(await accepts(port))) {
    if (performance.now() > end || child.exitCode !== null) throw new Error(`redis-server does not listen on ${port}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  return child;
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    const settle = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
