// Starts programs on a chosen core, waits for their ports, and ends them with all their children.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN_MS = 20_000;
const POLL_MS = 25;

/** Proxies share one core, the load generator and the upstream the other: neither steals from the other's figures. */
export const PROXY_CORE = 0;
export const LOAD_CORE = 1;

export interface Running {
  readonly name: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly core: number;
  /** Ready when this loopback port takes connections. */
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export async function run(options: RunOptions): Promise<Running> {
  const child = spawn('taskset', ['-c', String(options.core), options.command, ...options.args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    detached: true,
  });
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors = (errors + chunk).slice(-4_000);
  });
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await accepts(options.port))) {
    if (child.exitCode !== null) throw new Error(`${options.name} ended with code ${child.exitCode}: ${errors}`);
    if (performance.now() > deadline) {
      await end(child);
      throw new Error(`${options.name} did not listen on ${options.port} within ${READY_WITHIN_MS} ms: ${errors}`);
    }
    await sleep(POLL_MS);
  }
  return { name: options.name, pid: child.pid ?? 0, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  process.kill(-child.pid, 'SIGKILL');
  await gone;
}

export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** The process and everything it started. */
export function family(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(Number(entry));
    if (parent !== undefined) parents.set(Number(entry), parent);
  }
  const members = [pid];
  for (const member of members) {
    for (const [child, parent] of parents) if (parent === member) members.push(child);
  }
  return members;
}

/**
 * Time on a CPU of the processes' threads so far, in seconds, from the scheduler's own nanoseconds: `/proc/<pid>/stat` has ticks
 * of 10 ms. Threads that have ended are not counted; none of a proxy does while it is measured.
 */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + cpuNanosOf(pid), 0) / 1_000_000_000;
}

function cpuNanosOf(pid: number): number {
  let nanos = 0;
  try {
    for (const thread of fs.readdirSync(`/proc/${pid}/task`))
      nanos += Number.parseInt(fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'), 10);
  } catch {
    // The process, or the thread, has ended.
  }
  return nanos;
}

/** Resident memory of the processes, MiB. */
export function residentMiB(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of pids) {
    try {
      kib += Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      // The process has ended.
    }
  }
  return kib / 1_024;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

export function which(command: string): string | undefined {
  const { stdout, status } = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
