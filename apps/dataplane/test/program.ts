// The `malha` program as a process of its own, for tests that see it as a user does.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const BIN = path.resolve(import.meta.dirname, '../../../packages/cli/bin/malha.mjs');
/** The first start of a run may have to build the bundle. */
const READY_MS = 60_000;
const POLL_MS = 10;
/** For the last output after the end. */
const OUTPUT_MS = 500;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  stdout = '';
  stderr = '';
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [BIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.exited = new Promise((resolve) => {
      // Not only 'close': what it leaves behind may hold its output open.
      child.once('exit', (code, signal) => {
        const timer = setTimeout(() => resolve({ code, signal }), OUTPUT_MS);
        child.once('close', () => {
          clearTimeout(timer);
          resolve({ code, signal });
        });
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Where it listens, from the line that it prints when it is ready. */
  async ready(): Promise<Addresses> {
    const line = await this.waitFor('the ready line', () => /malha: proxy \S+ ready: (.*)/.exec(this.stdout)?.[1]);
    const found = Object.fromEntries(
      [...line.matchAll(/(\w+) (\S+?:\d+)/g)].map(([, name, address]) => [name, address]),
    );
    return { outbound: found.outbound ?? '', inbound: found.inbound ?? '', admin: found.admin ?? '' };
  }

  async waitFor<T>(what: string, look: () => T | undefined | false, timeoutMs = READY_MS): Promise<T> {
    const untilMs = performance.now() + timeoutMs;
    let isGone = false;
    void this.exited.then(() => {
      isGone = true;
    });
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      if (isGone || performance.now() > untilMs) {
        throw new Error(`${isGone ? 'ended' : 'too long'} without ${what}\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<Exit> {
    this.kill();
    return this.exited;
  }
}

export interface Addresses {
  readonly outbound: string;
  readonly inbound: string;
  readonly admin: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: http.IncomingHttpHeaders;
}

/** One request on a connection of its own; rejects on a reset. */
export function call(
  address: string,
  options: {
    readonly host?: string;
    readonly path?: string;
    readonly method?: string;
    readonly agent?: http.Agent;
  } = {},
): Promise<Answer> {
  const [hostname, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        hostname,
        port,
        path: options.path ?? '/',
        method: options.method ?? 'GET',
        agent: options.agent ?? false,
        ...(options.host === undefined ? {} : { headers: { host: options.host } }),
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end();
  });
}

export interface Upstream {
  readonly port: number;
  close(): void;
}

/** An application; `answer` is its body, or says what it does. */
export function startUpstream(answer: string | http.RequestListener): Promise<Upstream> {
  const server = http.createServer(typeof answer === 'string' ? (_, response) => response.end(answer) : answer);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

export function temporaryFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'malha-test-'));
}

/** As careful writers do: another file, then renamed over. */
export function replaceFile(file: string, text: string | Uint8Array): void {
  const next = path.join(path.dirname(file), `.${path.basename(file)}.next`);
  fs.writeFileSync(next, text);
  fs.renameSync(next, file);
}
