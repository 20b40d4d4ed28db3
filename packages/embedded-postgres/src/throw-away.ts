// A server for one test file or one command: fast, not crash-safe, and gone with its folder even when we are killed.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startPostgres } from './launcher.ts';

export interface ThrowAwayPostgres {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * `restart` (default false) has the server started again when it is killed, as `npm start` does it.
 */
export async function startThrowAwayPostgres(
  options: { readonly restart?: boolean; readonly database?: string } = {},
): Promise<ThrowAwayPostgres> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'malha-postgres-'));
  // mkdtemp makes it 0700; the server may run as another user.
  fs.chmodSync(dir, 0o711);
  const settings = { shared_buffers: '32MB', max_connections: '100' };
  const server = await startPostgres({ restart: false, ...options, dir, durable: false, settings });
  const guard = spawnGuard(dir);
  return {
    url: server.url,
    port: server.port,
    get pid() {
      return server.pid;
    },
    async stop() {
      await server.stop();
      guard.stdin?.end();
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Waits for the end of our stdin pipe, which closes with this process however it ends, then cleans up. */
function spawnGuard(dir: string) {
  const script =
    'read _; pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null); [ -n "$pid" ] && kill -QUIT "$pid" && sleep 1; rm -rf -- "$1"';
  const guard = spawn('/bin/sh', ['-c', script, 'sh', dir], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.unref();
  if (guard.stdin && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return guard;
}
