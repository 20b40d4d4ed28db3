// Composition root of the data plane: builds the worker, what feeds it, and the admin endpoints; ends them in order.
import { type Admin, type AdminPorts, type AdminView, openAdmin } from './admin/admin.ts';
import type { DataplaneConfig, JoinConfig, StandaloneConfig } from './config.ts';
import type { Log } from './log.ts';
import { hostWorker } from './worker/hosting.ts';
import { systemClock } from './worker/system-clock.ts';
import type { BoundPorts, WorkerPort, WorkloadIdentity } from './worker/worker-port.ts';

export interface App {
  /** One line for people and scripts: what runs, and where it listens. */
  readonly readyLine: string;
  /** The process has nothing more to do; resolves with its exit code. */
  readonly ended: Promise<number>;
  /** Ends gracefully; `ended` resolves when all is done. Further calls do nothing. */
  stop(): void;
}

export function startApp(config: DataplaneConfig, log: Log): Promise<App> {
  if (config.mode === 'proxy') return startStandaloneApp(config, log);
  return config.model === 'envoy' ? startEnvoyApp(config, log) : startJoinApp(config, log);
}

async function startStandaloneApp(config: StandaloneConfig, log: Log): Promise<App> {
  // Loaded only in this mode: parsing YAML and compiling policies is the control plane's work otherwise.
  const { startStandalone } = await import('./standalone/standalone.ts');
  const ending = new Ending();
  const worker = await host(config, log, ending);
  const standalone = await startStandalone({ config, worker, clock: systemClock, log });
  const view: AdminView = {
    worker,
    workload: standalone.workload,
    state: () => (ending.isStopping ? 'draining' : 'ready'),
    secrets: standalone.secrets,
    source: standalone.source,
    drain: () => ending.stop(),
  };
  const admin = await openAdmin(config.bindAddress, config.listen, view);
  ending.onStop(async () => {
    standalone.stopWatching();
    await worker.drain(config.drainMs);
    admin.close();
    await worker.close();
    return 0;
  });
  return ending.app(readyLine(standalone.workload, config.bindAddress, standalone.ports, admin));
}

async function startJoinApp(config: JoinConfig, log: Log): Promise<App> {
  const { startAgent } = await import('./agent/agent.ts');
  const ending = new Ending();
  const worker = await host(config, log, ending);
  const agent = await startAgent({
    config,
    worker,
    clock: systemClock,
    random: Math.random,
    log,
    stop: () => ending.stop(),
  });
  const view: AdminView = {
    worker,
    workload: agent.workload,
    state: () => (ending.isStopping ? 'draining' : agent.isReady() ? 'ready' : 'starting'),
    secrets: agent.secrets,
    source: agent.source,
    drain: () => ending.stop(),
  };
  const admin = await openAdmin(agent.address, agent.adminPorts, view);
  agent.serveDumps(view);
  ending.onStop(async () => {
    const code = await agent.drain();
    admin.close();
    await worker.close();
    return code;
  });
  return ending.app(readyLine(agent.workload, agent.address, agent.ports, admin));
}

async function startEnvoyApp(config: JoinConfig, log: Log): Promise<App> {
  const { startEnvoyAgent } = await import('./agent/envoy-agent.ts');
  const ending = new Ending();
  const agent = await startEnvoyAgent({ config, clock: systemClock, random: Math.random, log, stop: ending.stop });
  ending.onStop(() => agent.leave());
  return ending.app(`malha: envoy bootstrap ${agent.bootstrapFile}`);
}

function host(config: DataplaneConfig, log: Log, ending: Ending): Promise<WorkerPort> {
  return hostWorker({
    threads: config.workerThreads,
    clock: systemClock,
    random: Math.random,
    onDeath: (cause) => {
      if (ending.isStopping) return;
      log.error(`the worker died: ${cause.message}`);
      ending.fail();
    },
  });
}

function readyLine(workload: WorkloadIdentity, address: string, ports: BoundPorts, admin: Admin): string {
  const open: Readonly<Record<string, number | undefined>> = {
    outbound: ports.outboundPort,
    inbound: ports.inboundPort,
    admin: admin.ports.adminPort,
    metrics: admin.ports.metricsPort,
    health: admin.ports.healthPort,
  } satisfies Record<string, number | undefined> & Record<'admin' | 'metrics' | 'health', AdminPorts[keyof AdminPorts]>;
  const host = address.includes(':') ? `[${address}]` : address;
  const list = Object.entries(open).flatMap(([name, port]) => (port === undefined ? [] : [`${name} ${host}:${port}`]));
  return `malha: proxy ${workload.namespace}/${workload.name} ready: ${list.join(', ')}`;
}

/** Runs the ending once, whoever asks for it. */
class Ending {
  isStopping = false;
  #end: (code: number) => void = () => {};
  #onStop: (() => Promise<number>) | undefined;
  readonly #ended = new Promise<number>((resolve) => {
    this.#end = resolve;
  });

  stop = (): void => {
    if (this.isStopping) return;
    this.isStopping = true;
    if (this.#onStop !== undefined) this.#run(this.#onStop);
  };

  fail(): void {
    this.isStopping = true;
    this.#end(1);
  }

  onStop(run: () => Promise<number>): void {
    this.#onStop = run;
    // Asked to stop while still starting.
    if (this.isStopping) this.#run(run);
  }

  app(line: string): App {
    return { readyLine: line, ended: this.#ended, stop: this.stop };
  }

  #run(onStop: () => Promise<number>): void {
    onStop().then(this.#end, () => this.#end(1));
  }
}
