// Starts the embedded Postgres on a folder, keeps it running, and stops it.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Binaries, findBinaries } from './binaries.ts';
import { type ClusterFiles, ensureCluster, readPassword } from './cluster.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { takeOwnerLock } from './owner-lock.ts';
import { endProcess, findRunning, readPidFile, removeStalePidFile, waitUntilReady } from './postmaster.ts';
import { processStart } from './process-info.ts';
import { CHILD_ENV, chooseRunAs, invocation, type RunAs } from './run-as.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const WATCH_MS = 250;
const RESTART_BACKOFF_MAX_MS = 5_000;
const LOG_KEEP_BYTES = 1024 * 1024;

/** Every commit is on disk before it is acknowledged. The first entries never change: TCP on loopback is the only way in. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  jit: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};
/** Survives a killed server (the kernel has what was committed), not a lost machine. */
const FAST_SETTINGS = { fsync: 'off', full_page_writes: 'off' };

export interface PostgresOptions {
  /** Made when missing; holds data/, password, port, owner.lock and postgres.log. */
  readonly dir: string;
  /** Made when missing. Default `malha`. */
  readonly database?: string;
  /** Default: the one of last time if free, else any free one. */
  readonly port?: number;
  /** false = fast and not crash-safe, for tests. Default true. */
  readonly durable?: boolean;
  /** Whether the server is started again when it ends by itself. Default true. */
  readonly restart?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  readonly startTimeoutMs?: number;
  /** One line in plain words for each event. */
  readonly log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  readonly url: string;
  readonly port: number;
  /** Of the server now running. */
  readonly pid: number;
  readonly mode: RunAs['mode'];
  /** Whether a server was found running (its starter was killed) and taken over. */
  readonly isTakenOver: boolean;
  readonly logFile: string;
  /** Fast shutdown; resolves when the process is gone. Safe to call twice. */
  stop(): Promise<void>;
}

interface Paths extends ClusterFiles {
  readonly dir: string;
  readonly port: string;
  readonly lock: string;
  readonly log: string;
}

export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const paths = pathsOf(options.dir);
  fs.mkdirSync(paths.dir, { recursive: true, mode: 0o711 });
  const release = takeOwnerLock(paths.lock);
  try {
    const binaries = findBinaries();
    const runAs = chooseRunAs(paths.data, binaries);
    await ensureCluster(paths, binaries, runAs, options.durable ?? true);
    const server = new Server(options, paths, binaries, runAs, release);
    await server.start();
    return server;
  } catch (error) {
    release();
    throw error;
  }
}

function pathsOf(folder: string): Paths {
  const dir = path.resolve(folder);
  const at = (name: string) => path.join(dir, name);
  return {
    dir,
    data: at('data'),
    password: at('password'),
    port: at('port'),
    lock: at('owner.lock'),
    log: at('postgres.log'),
  };
}

class Server implements EmbeddedPostgres {
  port = 0;
  pid = 0;
  isTakenOver = false;
  #state: 'running' | 'restarting' | 'stopped' = 'running';
  #watch: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    private readonly options: PostgresOptions,
    private readonly paths: Paths,
    private readonly binaries: Binaries,
    private readonly runAs: RunAs,
    private readonly release: () => void,
  ) {}

  get url(): string {
    return this.#urlOf(this.options.database ?? 'malha');
  }

  get mode(): RunAs['mode'] {
    return this.runAs.mode;
  }

  get logFile(): string {
    return this.paths.log;
  }

  async start(): Promise<void> {
    const running = findRunning(this.paths.data);
    if (running && (this.options.port ?? running.port) === running.port) {
      await this.#takeOver(running);
    } else {
      if (running) await endProcess(running.pid, STOP_TIMEOUT_MS);
      await this.#launchOnSomePort();
    }
    try {
      await this.#ensureDatabase();
    } catch (error) {
      await endProcess(this.pid, STOP_TIMEOUT_MS);
      throw error;
    }
    fs.writeFileSync(this.paths.port, String(this.port));
    this.#watchEnd();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopOnce();
    return this.#stopping;
  }

  async #stopOnce(): Promise<void> {
    this.#state = 'stopped';
    clearInterval(this.#watch);
    const running = findRunning(this.paths.data);
    if (running) await endProcess(running.pid, STOP_TIMEOUT_MS);
    this.release();
  }

  async #takeOver(running: { pid: number; port: number }): Promise<void> {
    const isGone = () => processStart(running.pid) === undefined;
    if (!(await waitUntilReady(this.paths.data, isGone, this.#startTimeoutMs))) throw this.#notReady();
    this.pid = running.pid;
    this.port = running.port;
    this.isTakenOver = true;
    this.#log(`took over the Postgres that was still running (process ${running.pid}, port ${running.port})`);
  }

  /** A free port can be taken by another between the question and the bind; then the next one is tried. */
  async #launchOnSomePort(): Promise<void> {
    if (this.options.port !== undefined) {
      if (!(await isFree(this.options.port))) throw portTaken(this.options.port);
      return this.#launch(this.options.port);
    }
    for (let attempt = 1; ; attempt++) {
      const last = attempt === 1 ? readPort(this.paths.port) : undefined;
      const port = last !== undefined && (await isFree(last)) ? last : await freePort();
      try {
        return await this.#launch(port);
      } catch (error) {
        const isRace = error instanceof EmbeddedPostgresError && error.code === 'MALHA5004';
        if (!isRace || attempt === 5) throw error;
      }
    }
  }

  async #launch(port: number): Promise<void> {
    const deadline = performance.now() + this.#startTimeoutMs;
    for (;;) {
      removeStalePidFile(this.paths.data);
      const { child, isEnded } = this.#spawn(port);
      if (await waitUntilReady(this.paths.data, isEnded, deadline - performance.now())) {
        this.pid = readPidFile(this.paths.data)?.pid ?? child.pid ?? 0;
        this.port = port;
        this.#log(`Postgres runs on port ${port} (process ${this.pid}, ${this.runAs.mode})`);
        return;
      }
      if (!isEnded()) {
        if (child.pid !== undefined) await endProcess(child.pid, 1_000);
        throw this.#notReady();
      }
      const tail = this.#logTail();
      if (tail.includes('Address already in use')) throw portTaken(port);
      // After kill -9 of the postmaster its backends need a moment to notice; until then the memory is "still in use".
      if (!tail.includes('shared memory block') || performance.now() > deadline) {
        throw new EmbeddedPostgresError(
          'MALHA5007',
          `Postgres ended while starting: ${tail.trim().split('\n').slice(-5).join(' | ')}`,
          `Its log is ${this.paths.log}.`,
        );
      }
      await sleep(200);
    }
  }

  #spawn(port: number): { child: ChildProcess; isEnded: () => boolean } {
    const fast = this.options.durable === false ? FAST_SETTINGS : {};
    const settings = { ...SETTINGS, ...fast, ...this.options.settings };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const run = invocation(this.runAs, this.binaries.postgres, ['-D', this.paths.data, '-p', String(port), ...flags]);
    // To a file, not a pipe: the server outlives a killed starter and must still be able to write.
    const log = fs.openSync(this.paths.log, hasGrown(this.paths.log) ? 'w' : 'a', 0o600);
    this.#logOffset = fs.fstatSync(log).size;
    const child = spawn(run.command, [...run.args], {
      ...run.identity,
      cwd: '/',
      env: CHILD_ENV,
      // Ctrl-C in a terminal goes to the whole process group; the server is stopped last, by stop().
      detached: true,
      stdio: ['ignore', log, log],
    });
    fs.closeSync(log);
    let hasEnded = false;
    child.once('exit', () => {
      hasEnded = true;
    });
    child.once('error', () => {
      hasEnded = true;
    });
    return { child, isEnded: () => hasEnded };
  }

  #logOffset = 0;

  #logTail(): string {
    try {
      return fs.readFileSync(this.paths.log).subarray(this.#logOffset).toString();
    } catch {
      return '';
    }
  }

  #watchEnd(): void {
    if (this.options.restart === false) return;
    this.#watch = setInterval(() => {
      if (this.#state !== 'running' || processStart(this.pid) !== undefined) return;
      this.#state = 'restarting';
      this.#log('Postgres ended by itself; starting it again');
      this.#restart().catch((error: unknown) => this.#log(`Postgres cannot be restarted: ${String(error)}`));
    }, WATCH_MS);
    this.#watch.unref();
  }

  async #restart(): Promise<void> {
    for (
      let backoffMs = 100;
      this.#state === 'restarting';
      backoffMs = Math.min(backoffMs * 2, RESTART_BACKOFF_MAX_MS)
    ) {
      try {
        await this.#launch(this.port);
        if (this.#isStopped()) await endProcess(this.pid, STOP_TIMEOUT_MS);
        else this.#state = 'running';
      } catch (error) {
        this.#log(`Postgres did not start again: ${error instanceof Error ? error.message : String(error)}`);
        await sleep(backoffMs);
      }
    }
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  async #ensureDatabase(): Promise<void> {
    const name = this.options.database ?? 'malha';
    const client = new pg.Client({ connectionString: this.#urlOf('postgres'), connectionTimeoutMillis: 10_000 });
    await client.connect();
    try {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    } finally {
      await client.end();
    }
  }

  #urlOf(database: string): string {
    return `postgresql://postgres:${readPassword(this.paths)}@127.0.0.1:${this.port}/${encodeURIComponent(database)}`;
  }

  get #startTimeoutMs(): number {
    return this.options.startTimeoutMs ?? START_TIMEOUT_MS;
  }

  #notReady(): EmbeddedPostgresError {
    return new EmbeddedPostgresError(
      'MALHA5008',
      `Postgres was not ready within ${Math.round(this.#startTimeoutMs / 1000)} s.`,
      `It may be recovering after a crash: see ${this.paths.log} and start again.`,
    );
  }

  #log(line: string): void {
    this.options.log?.(line);
  }
}

function portTaken(port: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'MALHA5004',
    `Port ${port} of 127.0.0.1, where Postgres should listen, is taken by another program.`,
    'Choose another port, or none to use any free one.',
  );
}

function hasGrown(file: string): boolean {
  return (fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_KEEP_BYTES;
}

function readPort(file: string): number | undefined {
  if (!fs.existsSync(file)) return undefined;
  const port = Number(fs.readFileSync(file, 'utf8'));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

function listen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}

async function isFree(port: number): Promise<boolean> {
  return (await listen(port)) !== undefined;
}

async function freePort(): Promise<number> {
  const port = await listen(0);
  if (port === undefined) throw new Error('no free port on 127.0.0.1');
  return port;
}
