// A whole Malha of its own for a test: what `npm start` starts once all is installed, on free ports, with its own state,
// database and addresses.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import {
  type EnvoyOptions,
  type JoinedWorkload,
  joinEnvoy,
  joinSidecar,
  type WorkloadOptions,
} from './joined-workload.ts';

const ROOT = path.resolve(import.meta.dirname, '..', '..', '..');
const READY_WITHIN_MS = 240_000;
const STOP_WITHIN_MS = 30_000;
const POLL_MS = 50;

export interface MeshOptions {
  /** Whether the bookstore runs in it. */
  readonly bookstore: boolean;
  /** Whether the web console runs in it. Default true. */
  readonly console?: boolean;
  /** The state and ports of an earlier mesh, which has ended. */
  readonly after?: StartedMesh;
  /** Beside the environment of the test. */
  readonly env?: Readonly<Record<string, string>>;
  /** Requests a second of the bookstore's load generator. */
  readonly shopperRate?: number;
  /** Second byte of the addresses (127.<n>.0.0/16) of its workloads; virtual IPs get the next one. */
  readonly network: number;
}

export class StartedMesh {
  readonly stateDir: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly #starter: ChildProcess;
  readonly #workloads: JoinedWorkload[] = [];
  email = '';
  password = '';
  output = '';

  constructor(stateDir: string, ports: Readonly<Record<string, number>>, starter: ChildProcess) {
    this.stateDir = stateDir;
    this.ports = ports;
    this.#starter = starter;
  }

  get consoleUrl(): string {
    return `http://localhost:${this.port('MALHA_CONSOLE_PORT')}`;
  }

  get shopperControlUrl(): string {
    return `http://127.0.0.1:${this.port('SHOPPER_CONTROL_PORT')}`;
  }

  get adminSocket(): string {
    return path.join(this.stateDir, 'api.sock');
  }

  get joinAddress(): string {
    return `127.0.0.1:${this.port('MALHA_JOIN_PORT')}`;
  }

  port(option: string): number {
    const port = this.ports[option];
    if (port === undefined) throw new Error(`no port ${option}`);
    return port;
  }

  /** Process id of a child of the starter, by the name of its log. */
  pid(name: string): number {
    const file = JSON.parse(fs.readFileSync(path.join(this.stateDir, 'run.json'), 'utf8')) as {
      processes: { name: string; pid: number }[];
    };
    const found = file.processes.find((process) => process.name === name);
    if (found === undefined) throw new Error(`no process ${name}`);
    return found.pid;
  }

  /** The embedded Postgres server's process id. */
  postgresPid(): number {
    const file = path.join(this.stateDir, 'postgres', 'data', 'postmaster.pid');
    return Number(fs.readFileSync(file, 'utf8').split('\n')[0]);
  }

  admin<T>(method: 'GET' | 'POST', target: string, body?: unknown): Promise<T> {
    return adminRequest(this.adminSocket, method, target, body);
  }

  /** Applies YAML as one revision. */
  apply(yaml: string, message = 'test'): Promise<{ revision: number }> {
    return adminRequest(this.adminSocket, 'POST', `/apply?message=${encodeURIComponent(message)}`, yaml);
  }

  /** Deletes resources, by key `<kind>/<namespace>/<name>`, as one revision. */
  remove(keys: readonly string[], message = 'test'): Promise<{ revision: number }> {
    const changes = keys.map((key) => ({ op: 'delete', key }));
    return adminRequest(this.adminSocket, 'POST', `/apply?message=${encodeURIComponent(message)}`, { changes });
  }

  /** Puts a command into the mesh and waits until its proxy is ready. */
  async join(options: WorkloadOptions): Promise<JoinedWorkload> {
    const { pin, token } = await this.#invitation(options.service);
    return this.#joined(await joinSidecar(this, options, ['--ca-pin', pin, '--token', token]));
  }

  /** Starts a workload again from its state on disk: without a token, also while the control plane is away. */
  async rejoin(options: WorkloadOptions): Promise<JoinedWorkload> {
    return this.#joined(await joinSidecar(this, options, []));
  }

  /** Puts a stock Envoy into the mesh, before an application that listens already. */
  async joinEnvoy(options: EnvoyOptions): Promise<JoinedWorkload> {
    const { pin, token } = await this.#invitation(options.service);
    return this.#joined(await joinEnvoy(this, options, ['--ca-pin', pin, '--token', token]));
  }

  #joined(workload: JoinedWorkload): JoinedWorkload {
    this.#workloads.push(workload);
    return workload;
  }

  async #invitation(of: string): Promise<{ pin: string; token: string }> {
    const [namespace = '', service = ''] = of.split('/');
    const { pin } = await this.admin<{ pin: string }>('GET', '/ca-pin');
    const request = { namespace, service, ttlSeconds: 600 };
    const { token } = await this.admin<{ token: string }>('POST', '/join-tokens', request);
    return { pin, token };
  }

  /** Ids of the processes that the starter has started. */
  processIds(): number[] {
    const file = JSON.parse(fs.readFileSync(path.join(this.stateDir, 'run.json'), 'utf8')) as {
      processes: { pid: number }[];
    };
    return file.processes.map(({ pid }) => pid);
  }

  /** Signals the starter, as Ctrl-C or an accident would; resolves with its exit code or signal. State is kept. */
  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const starter = this.#starter;
    if (starter.exitCode === null && starter.signalCode === null) {
      const gone = new Promise<void>((resolve) => starter.once('exit', () => resolve()));
      starter.kill(signal);
      const timer = setTimeout(() => starter.kill('SIGKILL'), STOP_WITHIN_MS);
      await gone;
      clearTimeout(timer);
    }
    return starter.exitCode ?? starter.signalCode;
  }

  async stop(): Promise<void> {
    for (const workload of this.#workloads) await workload.stop();
    await this.end('SIGTERM');
    fs.rmSync(this.stateDir, { recursive: true, force: true });
  }
}

export async function startMesh(options: MeshOptions): Promise<StartedMesh> {
  const names = [
    'MALHA_CONSOLE_PORT',
    'MALHA_API_PORT',
    'MALHA_XDS_PORT',
    'MALHA_JOIN_PORT',
    'MALHA_METRICS_PORT',
    'MALHA_XDS_PLAINTEXT_PORT',
    'MALHA_OTLP_GRPC_PORT',
    'MALHA_OTLP_HTTP_PORT',
    'SHOPPER_CONTROL_PORT',
  ];
  const ports =
    options.after?.ports ??
    Object.fromEntries(await Promise.all(names.map(async (name) => [name, await freePort()] as const)));
  const stateDir = options.after?.stateDir ?? fs.mkdtempSync(path.join(os.tmpdir(), 'malha-mesh-'));
  const flags = [
    ...(options.bookstore ? [] : ['--no-bookstore']),
    ...((options.console ?? true) ? [] : ['--no-console']),
  ];
  const starter = spawn(process.execPath, ['--import', 'tsx', path.join(ROOT, 'scripts/start/main.ts'), ...flags], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
      MALHA_STATE_DIR: stateDir,
      MALHA_WORKLOAD_CIDR: `127.${options.network}.0.0/16`,
      MALHA_SERVICE_CIDR: `127.${options.network + 1}.0.0/16`,
      SHOPPER_RATE: String(options.shopperRate ?? 30),
      NODE_ENV: 'production',
      ...options.env,
    },
  });
  const mesh = new StartedMesh(stateDir, ports, starter);
  const collect = (chunk: Buffer) => {
    mesh.output += chunk;
  };
  starter.stdout.on('data', collect);
  starter.stderr.on('data', collect);
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!/Ready after/.test(mesh.output) || !/Ctrl-C stops/.test(mesh.output)) {
    if (starter.exitCode !== null) throw new Error(`npm start ended with ${starter.exitCode}:\n${mesh.output}`);
    if (performance.now() > deadline) {
      await mesh.stop();
      throw new Error(`npm start was not ready within ${READY_WITHIN_MS / 1_000} s:\n${mesh.output}`);
    }
    await sleep(POLL_MS);
  }
  mesh.email = /Sign in\s+(\S+)/.exec(mesh.output)?.[1] ?? '';
  mesh.password = /Password\s+(\S+)/.exec(mesh.output)?.[1] ?? '';
  return mesh;
}

function adminRequest<T>(socketPath: string, method: string, target: string, body: unknown): Promise<T> {
  const isYaml = typeof body === 'string';
  const payload = body === undefined ? undefined : isYaml ? body : JSON.stringify(body);
  const headers = { 'content-type': isYaml ? 'application/yaml' : 'application/json' };
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method, path: target, headers, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text) as T);
        else reject(new Error(`${method} ${target}: ${response.statusCode} ${text}`));
      });
    });
    request.on('timeout', () => request.destroy(new Error(`${method} ${target}: no answer`)));
    request.on('error', reject);
    request.end(payload);
  });
}
