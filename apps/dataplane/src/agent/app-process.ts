// The application that `malha join -- command` starts: beside the proxy, and never longer than the agent lives.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { AgentError } from './errors.ts';

/** Time between SIGTERM and SIGKILL. */
const STOP_MS = 5_000;

/**
 * Outlives the agent by moments: its input ends when the agent does, whatever ended it, and then the application's
 * process group is ended. A shell, because it costs 1 MB where a Node process costs 40. Signals of the terminal must
 * not end it first. It is told `done` when nothing is left to do.
 */
const WATCHER = `
trap '' INT TERM HUP
read -r group || exit 0
read -r word && exit 0
kill -s TERM -- "-$group" 2>/dev/null || exit 0
i=0
while [ $i -lt 50 ] && kill -s 0 -- "-$group" 2>/dev/null; do sleep 0.1; i=$((i+1)); done
kill -s KILL -- "-$group" 2>/dev/null
`;

export interface AppExit {
  /** As a shell would report it: 128 + number for a signal. */
  readonly code: number;
  readonly words: string;
}

export interface AppProcess {
  readonly pid: number;
  /** Resolves once, when the command itself has ended. */
  readonly exited: Promise<AppExit>;
  /** Asks it to end, and ends it and what it started after a while. */
  stop(): Promise<AppExit>;
}

export async function startApp(
  command: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<AppProcess> {
  const [program = '', ...args] = command;
  const watcher = spawn('/bin/sh', ['-c', WATCHER], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  watcher.on('error', () => {});
  watcher.stdin.on('error', () => {});
  // A process group of its own, so that what the command starts ends with it; input and output stay the user's.
  const child = spawn(program, args, { stdio: 'inherit', env: environment, detached: true });
  const exited = exitOf(child);
  try {
    await spawned(child);
  } catch (cause) {
    watcher.stdin.end('0\ndone\n');
    throw new AgentError('MALHA4908', `cannot start "${program}"`, { cause });
  }
  const pid = child.pid ?? 0;
  watcher.stdin.write(`${pid}\n`);
  void exited.then(() => {
    signalGroup(pid, 'SIGKILL');
    watcher.stdin.end('done\n');
  });
  watcher.unref();
  return {
    pid,
    exited,
    async stop() {
      signalGroup(pid, 'SIGTERM');
      const force = setTimeout(() => signalGroup(pid, 'SIGKILL'), STOP_MS);
      const exit = await exited;
      clearTimeout(force);
      return exit;
    },
  };
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

function exitOf(child: ChildProcess): Promise<AppExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      if (signal !== null) resolve({ code: 128 + constants.signals[signal], words: `ended by ${signal}` });
      else resolve({ code: code ?? 1, words: `exit code ${code}` });
    });
  });
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody is left in it.
  }
}
