// Puts workloads into a test's mesh by the commands that a user types: `malha join`, `malha envoy bootstrap`.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MALHA = path.resolve(import.meta.dirname, '../../cli/bin/malha.mjs');
const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 30_000;
const POLL_MS = 50;
const OUTBOUND_PORT = 15_001;

/** The mesh to join. */
export interface JoinTarget {
  readonly stateDir: string;
  readonly joinAddress: string;
}

export interface WorkloadOptions {
  /** `<namespace>/<service>` */
  readonly service: string;
  readonly version?: string;
  readonly workload: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A workload that the test has put into the mesh. */
export interface JoinedWorkload {
  readonly name: string;
  readonly child: ChildProcess;
  readonly stateDir: string;
  readonly logFile: string;
  /** Where its application sends its calls, e.g. http://127.70.0.2:15001. */
  readonly outbound: string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface EnvoyOptions {
  /** `<namespace>/<service>` */
  readonly service: string;
  readonly workload: string;
  /** Where the application listens, `host:port`. */
  readonly appAddress: string;
  /** Path of the program. */
  readonly envoy: string;
}

export async function joinSidecar(
  mesh: JoinTarget,
  options: WorkloadOptions,
  credentials: readonly string[],
): Promise<JoinedWorkload> {
  const outboundFile = path.join(mesh.stateDir, `${options.workload}.outbound`);
  fs.rmSync(outboundFile, { force: true });
  // The command writes the address of its sidecar where the test can read it, then becomes what the test wants to run.
  const script = 'printf %s "$MALHA_OUTBOUND" > "$0.new" && mv "$0.new" "$0" && exec "$@"';
  const agent = new Agent(mesh, options.service, options.workload);
  agent.start(
    ['join', ...credentials, '--version', options.version ?? 'v1', '--port', '9080'],
    ['sh', '-c', script, outboundFile, ...options.command],
    options.env,
  );
  return agent.ready(() => (fs.existsSync(outboundFile) ? fs.readFileSync(outboundFile, 'utf8') : undefined));
}

export async function joinEnvoy(
  mesh: JoinTarget,
  options: EnvoyOptions,
  credentials: readonly string[],
): Promise<JoinedWorkload> {
  const agent = new Agent(mesh, options.service, options.workload);
  agent.start(
    [
      ...['envoy', 'bootstrap', ...credentials, '--version', 'v1'],
      ...['--port', '9080', '--app-address', options.appAddress],
    ],
    [options.envoy, '-c', '{}', '--concurrency', '1', '--base-id-path', path.join(mesh.stateDir, 'envoy.base-id')],
  );
  return agent.ready(() => {
    const file = path.join(agent.stateDir, 'bootstrap.json');
    if (!fs.existsSync(file)) return undefined;
    const { admin } = JSON.parse(fs.readFileSync(file, 'utf8')) as {
      admin: { address: { socket_address: { address: string } } };
    };
    return `http://${admin.address.socket_address.address}:${OUTBOUND_PORT}`;
  });
}

/** A `malha` process that speaks for a workload. */
class Agent {
  readonly stateDir: string;
  readonly #name: string;
  readonly #common: readonly string[];
  readonly #logFile: string;
  #child: ChildProcess | undefined;

  constructor(mesh: JoinTarget, service: string, workload: string) {
    const [namespace = ''] = service.split('/');
    this.#name = workload;
    this.stateDir = path.join(mesh.stateDir, 'agents', `${namespace}.${workload}`);
    this.#logFile = path.join(mesh.stateDir, 'logs', `${workload}.test.log`);
    this.#common = ['--control-plane', mesh.joinAddress, '--service', service, '--workload', workload];
  }

  start(args: readonly string[], command: readonly string[], env?: Readonly<Record<string, string>>): void {
    const log = fs.openSync(this.#logFile, 'a');
    this.#child = spawn(
      process.execPath,
      [MALHA, ...args, ...this.#common, '--state-dir', this.stateDir, '--', ...command],
      { stdio: ['ignore', log, log], env: { ...process.env, ...env }, detached: true },
    );
    fs.closeSync(log);
  }

  /** Waits until `outboundOf` knows the address of the proxy, and the proxy listens there. */
  async ready(outboundOf: () => string | undefined): Promise<JoinedWorkload> {
    const child = this.#child;
    if (child === undefined) throw new Error(`${this.#name} was not started`);
    const deadline = performance.now() + READY_WITHIN_MS;
    for (;;) {
      const outbound = outboundOf();
      if (outbound !== undefined && (await isOpen(new URL(outbound)))) {
        const stop = (signal?: NodeJS.Signals) => this.#stop(child, signal);
        return { name: this.#name, child, stateDir: this.stateDir, logFile: this.#logFile, outbound, stop };
      }
      if (child.exitCode !== null || performance.now() > deadline) {
        await this.#stop(child, 'SIGKILL');
        throw new Error(`${this.#name} did not join:\n${fs.readFileSync(this.#logFile, 'utf8')}`);
      }
      await sleep(POLL_MS);
    }
  }

  async #stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const group = -child.pid;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    process.kill(signal === 'SIGKILL' ? group : child.pid, signal);
    const timer = setTimeout(() => process.kill(group, 'SIGKILL'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(timer);
  }
}

function isOpen(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: url.hostname, port: Number(url.port) });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
