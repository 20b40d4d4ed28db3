// Remembers which processes this checkout has started, so that the next start finds and ends leftovers.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const TERM_WAIT_MS = 3_000;
const POLL_MS = 50;

export interface RecordedProcess {
  readonly name: string;
  readonly pid: number;
  /** When the system says it began: a process id alone may have been given to somebody else. */
  readonly begun: string;
  /** Leads a process group of its own. */
  readonly isGroup: boolean;
}

interface RunFile {
  readonly starter: RecordedProcess;
  readonly processes: readonly RecordedProcess[];
}

export class RunRecord {
  readonly #file: string;
  readonly #starter: RecordedProcess;
  readonly #processes = new Map<string, RecordedProcess>();

  constructor(file: string) {
    this.#file = file;
    this.#starter = { name: 'npm start', pid: process.pid, begun: begunAt(process.pid) ?? '', isGroup: false };
  }

  /** The starter of an earlier run that is still alive. */
  runningStarter(): RecordedProcess | undefined {
    const earlier = this.#read();
    return earlier !== undefined && isAlive(earlier.starter) ? earlier.starter : undefined;
  }

  /** Ends what an earlier run left behind; resolves with its names. */
  async endLeftovers(): Promise<string[]> {
    const left = (this.#read()?.processes ?? []).filter(isAlive);
    for (const process of left) signal(process, 'SIGTERM');
    const deadline = performance.now() + TERM_WAIT_MS;
    while (left.some(isAlive) && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    for (const process of left) if (isGroupAlive(process)) signal(process, 'SIGKILL');
    return left.map((process) => process.name);
  }

  add(name: string, pid: number): void {
    this.#processes.set(name, { name, pid, begun: begunAt(pid) ?? '', isGroup: true });
    this.#write();
  }

  remove(name: string): void {
    this.#processes.delete(name);
    this.#write();
  }

  begin(): void {
    this.#write();
  }

  end(): void {
    fs.rmSync(this.#file, { force: true });
  }

  #read(): RunFile | undefined {
    try {
      return JSON.parse(fs.readFileSync(this.#file, 'utf8')) as RunFile;
    } catch {
      return undefined;
    }
  }

  #write(): void {
    const content: RunFile = { starter: this.#starter, processes: [...this.#processes.values()] };
    fs.writeFileSync(`${this.#file}.new`, JSON.stringify(content, null, 2), { mode: 0o600 });
    fs.renameSync(`${this.#file}.new`, this.#file);
  }
}

/** Start time of a process as the system tells it; undefined when there is none. */
function begunAt(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return fields[19];
  } catch {
    if (fs.existsSync('/proc/self/stat')) return undefined;
    const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout.trim() === '' ? undefined : stdout.trim();
  }
}

function isAlive(process: RecordedProcess): boolean {
  return begunAt(process.pid) === process.begun && process.begun !== '';
}

function isGroupAlive(target: RecordedProcess): boolean {
  try {
    process.kill(target.isGroup ? -target.pid : target.pid, 0);
    return true;
  } catch {
    return false;
  }
}

function signal(target: RecordedProcess, name: NodeJS.Signals): void {
  try {
    process.kill(target.isGroup ? -target.pid : target.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}
