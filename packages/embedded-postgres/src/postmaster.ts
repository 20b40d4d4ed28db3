// One server process, ours or found running: its pid file, its readiness, its end.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from './binaries.ts';
import { commandLine, processStart } from './process-info.ts';

const POLL_MS = 20;

export interface PidFile {
  readonly pid: number;
  readonly port: number;
  /** `ready` once connections are accepted; earlier `starting`. */
  readonly status: string;
}

/** Lines of postmaster.pid (miscadmin.h, LOCK_FILE_LINE_*): pid, data folder, start, port, socket, address, shmem, status. */
export function readPidFile(dataDir: string): PidFile | undefined {
  let text: string;
  try {
    text = fs.readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3] ?? 0), status: (lines[7] ?? '').trim() };
}

/** The server that already runs on this folder; a pid that now belongs to another program is none. */
export function findRunning(dataDir: string): PidFile | undefined {
  const file = readPidFile(dataDir);
  if (!file) return undefined;
  const command = commandLine(file.pid);
  return command?.includes('postgres') && command.includes(dataDir) ? file : undefined;
}

/**
 * Postgres takes any living process with the pid of its stale file for itself and refuses to start; after a reboot that
 * is likely. Only called when no server runs here.
 */
export function removeStalePidFile(dataDir: string): void {
  fs.rmSync(path.join(dataDir, 'postmaster.pid'), { force: true });
}

export async function waitUntilReady(dataDir: string, isEnded: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline && !isEnded()) {
    if (readPidFile(dataDir)?.status === 'ready') return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** Fast shutdown (open transactions are rolled back), then an immediate one. Resolves when the process is gone. */
export async function endProcess(pid: number, fastTimeoutMs: number): Promise<void> {
  const start = processStart(pid);
  const isGone = () => processStart(pid) !== start || start === undefined;
  for (const [signal, waitMs] of [
    ['SIGINT', fastTimeoutMs],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (isGone()) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (isErrno(error) && error.code === 'ESRCH') return;
      throw error;
    }
    const deadline = performance.now() + waitMs;
    while (!isGone() && performance.now() < deadline) await sleep(POLL_MS);
  }
}
