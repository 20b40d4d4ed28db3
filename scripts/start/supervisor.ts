// Starts child processes in their own groups, writes their output to log files, brings back what dies, and ends all.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { StartError, say } from './progress.ts';
import type { RunRecord } from './run-record.ts';

const RESTART_FIRST_MS = 200;
const RESTART_MAX_MS = 5_000;
const STABLE_AFTER_MS = 10_000;
const LOG_TAIL_LINES = 12;

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** How long a graceful end may take before SIGKILL. */
  readonly stopWithinMs: number;
}

export class Child {
  readonly #options: ChildOptions;
  readonly #record: RunRecord;
  readonly logFile: string;
  #process: ChildProcess | undefined;
  #stopping = false;
  #startedAt = 0;
  #delayMs = RESTART_FIRST_MS;
  #timer: NodeJS.Timeout | undefined;
  /** Exit code or signal of the last end. */
  lastExit: string | undefined;

  constructor(options: ChildOptions, record: RunRecord, logDir: string) {
    this.#options = options;
    this.#record = record;
    this.logFile = path.join(logDir, `${options.name}.log`);
  }

  get name(): string {
    return this.#options.name;
  }

  start(): void {
    const log = fs.openSync(this.logFile, 'a', 0o600);
    const { command, args, env, cwd, name } = this.#options;
    this.#startedAt = performance.now();
    const child = spawn(command, [...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    fs.closeSync(log);
    this.#process = child;
    if (child.pid !== undefined) this.#record.add(name, child.pid);
    child.once('error', (error) => this.#ended(error.message));
    child.once('exit', (code, signal) => this.#ended(signal ?? `exit code ${code}`));
  }

  #ended(how: string): void {
    this.lastExit = how;
    this.#process = undefined;
    this.#record.remove(this.name);
    if (this.#stopping) return;
    if (performance.now() - this.#startedAt > STABLE_AFTER_MS) this.#delayMs = RESTART_FIRST_MS;
    say(`  !  ${this.name} ended (${how}); starting it again. Log: ${this.logFile}`);
    this.#timer = setTimeout(() => this.start(), this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, RESTART_MAX_MS);
  }

  /** Ends the process and its group; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#process;
    if (child?.pid === undefined) return;
    const group = -child.pid;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    kill(child.pid, 'SIGTERM');
    const timer = setTimeout(() => kill(group, 'SIGKILL'), this.#options.stopWithinMs);
    await gone;
    clearTimeout(timer);
    kill(group, 'SIGKILL');
  }

  /** Last lines of the log, for an error that a person has to understand. */
  logTail(): string {
    const lines = fs.readFileSync(this.logFile, 'utf8').trimEnd().split('\n');
    return lines.slice(-LOG_TAIL_LINES).join('\n');
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone.
  }
}

export class Supervisor {
  readonly #record: RunRecord;
  readonly #logDir: string;
  readonly #children: Child[] = [];
  #isStopping = false;

  constructor(record: RunRecord, logDir: string) {
    this.#record = record;
    this.#logDir = logDir;
    fs.mkdirSync(logDir, { recursive: true, mode: 0o700 });
  }

  start(options: ChildOptions): Child {
    if (this.#isStopping) throw new StartError('stopped while starting');
    const child = new Child(options, this.#record, this.#logDir);
    fs.writeFileSync(child.logFile, '', { mode: 0o600 });
    this.#children.push(child);
    child.start();
    return child;
  }

  /** Ends all but the named ones at once, those in the reverse order of their start. */
  async stopAll(lastNames: readonly string[]): Promise<void> {
    this.#isStopping = true;
    const last = this.#children.filter((child) => lastNames.includes(child.name));
    await Promise.all(this.#children.filter((child) => !last.includes(child)).map((child) => child.stop()));
    for (const child of last.reverse()) await child.stop();
  }
}
