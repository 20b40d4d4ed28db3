// The agent of one workload: enrols it, feeds its worker, reports to the control plane, runs the application beside it.
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { decodeHostPort, type HostPort } from '@malha/cli/option-types';
import type { Clock } from '@malha/traffic/clock';
import { type AdminPorts, type AdminView, dump } from '../admin/admin.ts';
import { DEFAULT_PORTS, type JoinConfig } from '../config.ts';
import type { SecretMaterial } from '../data-plane.ts';
import { type Log, reasonOf } from '../log.ts';
import { createGrpcTransport, OtlpExporter } from '../telemetry/index.ts';
import type { BoundPorts, WorkerPort, WorkloadIdentity } from '../worker/worker-port.ts';
import { type AppHealth, watchAppHealth } from './app-health.ts';
import { type AppProcess, startApp } from './app-process.ts';
import { ControlLink } from './control-link.ts';
import { type Enrolled, enrol } from './enrol.ts';
import { freePort } from './free-port.ts';
import { protectionReport } from './protection-report.ts';
import { openConfigStream } from './rpc/config-subscription.ts';
import type { Heartbeat, Hello } from './rpc/session.ts';
import { ServedConfig } from './served-config.ts';
import { SOFTWARE_VERSION } from './software-version.ts';
import { Standing } from './standing.ts';

/** Wait for a first configuration before the application starts; after it, it starts all the same. */
const FIRST_CONFIG_MS = 10_000;
/** What comes in several parts comes within this time of each other. */
const QUIET_MS = 500;
/** From Goodbye until callers have been told: a push is on its way within 100 ms. */
const GOODBYE_MS = 500;
const LAST_EXPORT_MS = 2_000;
const INBOUND_POLL_MS = 50;

export interface AgentDeps {
  readonly config: JoinConfig;
  readonly worker: WorkerPort;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Begins to end the process: the application ended, or the control plane asks for it. */
  readonly stop: () => void;
}

export interface Agent {
  readonly workload: WorkloadIdentity;
  readonly address: string;
  readonly ports: BoundPorts;
  readonly adminPorts: AdminPorts;
  isReady(): boolean;
  secrets(): SecretMaterial;
  source(): Readonly<Record<string, unknown>>;
  /** From now on, dump requests of the control plane are answered. */
  serveDumps(view: AdminView): void;
  /** Leaves the mesh; resolves with the exit code. */
  drain(): Promise<number>;
}

/** Resolves when the proxy serves and the application was started. */
export async function startAgent(deps: AgentDeps): Promise<Agent> {
  const appPorts = await chooseAppPorts(deps.config, deps.random);
  const enrolled = await enrol(deps.config, { ports: appPorts }, deps.clock, deps.log);
  const agent = new WorkloadAgent(deps, enrolled, appPorts);
  try {
    await agent.start();
  } catch (error) {
    await agent.abandon();
    throw error;
  }
  return agent;
}

type AppPorts = Hello['ports'];

async function chooseAppPorts(config: JoinConfig, random: () => number): Promise<AppPorts> {
  const taken = new Set<number>();
  const ports: { port: number; appAddress: string }[] = [];
  for (const { port, appAddress } of config.ports) {
    if (appAddress !== undefined) ports.push({ port, appAddress: formatHostPort(appAddress) });
    else {
      const free = await freePort('127.0.0.1', random, taken);
      taken.add(free);
      ports.push({ port, appAddress: `127.0.0.1:${free}` });
    }
  }
  return ports;
}

function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

class WorkloadAgent implements Agent {
  readonly workload: WorkloadIdentity;
  readonly address: string;
  readonly adminPorts: AdminPorts;
  ports: BoundPorts;
  readonly #instanceId = randomUUID();
  readonly #startTimeMs: number;
  readonly #standing: Standing;
  readonly #served: ServedConfig;
  readonly #link: ControlLink;
  readonly #exporter: OtlpExporter;
  #health: AppHealth | undefined;
  #app: AppProcess | undefined;
  #appExitCode: number | undefined;
  #isDraining = false;
  #view: AdminView | undefined;
  #onConfig: () => void = () => {};
  #hasConfig = false;

  constructor(
    private readonly deps: AgentDeps,
    private readonly enrolled: Enrolled,
    private readonly appPorts: AppPorts,
  ) {
    const { membership, folder } = enrolled;
    const { config, clock, random, log, worker } = deps;
    const [, service = membership.service] = membership.service.split('/');
    this.workload = { namespace: membership.namespace, name: membership.name, service, version: config.version };
    this.address = membership.address;
    this.#startTimeMs = clock.now();
    this.ports = {
      outboundPort: config.listen.outboundPort ?? membership.outboundPort,
      inboundPort: config.listen.inboundPort ?? membership.inboundPort,
    };
    this.adminPorts = {
      adminPort: config.listen.adminPort ?? (membership.adminPort || DEFAULT_PORTS.admin),
      metricsPort: config.listen.metricsPort,
      healthPort: config.listen.healthPort,
    };
    this.#served = new ServedConfig({
      worker,
      log,
      save: (saved) => folder.saveConfig(saved),
      onServed: (hash, refusals) => {
        this.#onConfig();
        this.#link.served(hash, refusals);
      },
    });
    this.#standing = new Standing(enrolled, {
      ...{ config, clock, random, log, app: { ports: appPorts } },
      client: () => this.#link.client(),
      onRenewed: async (secrets) => {
        await worker.setIdentity(secrets);
        // The control plane sees the certificate that the connection began with.
        this.#link.reconnect();
      },
    });
    this.#link = this.#createLink();
    this.#exporter = new OtlpExporter({
      resource: {
        ...this.workload,
        workload: this.workload.name,
        instanceId: this.#instanceId,
        startTimeMs: this.#startTimeMs,
      },
      transport: createGrpcTransport(() => this.#link.client()),
      collect: () => worker.metrics(),
      takeSpans: () => worker.takeSpans(),
      pendingFile: path.join(folder.folder, 'telemetry.json'),
      clock,
      random,
      log: {
        warn: (fields, message) => {
          const words = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
          // The link says itself that there is no control plane.
          if (this.#link.isConnected) log.warn(message, words);
          else log.debug(message, words);
        },
      },
    });
  }

  async start(): Promise<void> {
    const { config, worker, log } = this.deps;
    await worker.setUp({
      workload: this.workload,
      bind: { address: this.address, ...this.ports, gatewayAddress: config.gatewayAddress ?? this.address },
      certificatesDir: config.certificatesDir,
      limits: config.limits,
      geoipDatabase: config.geoipDatabase,
      startTimeMs: this.#startTimeMs,
    });
    await worker.setIdentity(this.secrets());
    const saved = this.enrolled.savedConfig;
    const isRestored = saved !== undefined && (await this.#served.restore(saved));
    this.ports = await worker.listen();
    this.#hasConfig = isRestored;
    const hasConfig = isRestored ? Promise.resolve(true) : this.#waitForConfig();
    this.#link.start();
    this.#standing.start();
    if (!(await hasConfig)) log.warn('no configuration yet; calls through the proxy fail until it comes');
    this.#health = watchAppHealth(
      this.appPorts.map((each) => decodeHostPort(each.appAddress)),
      (isHealthy) => {
        log.info(isHealthy ? 'the application takes connections' : 'the application takes no connections');
        void this.#link.beatNow();
      },
    );
    await this.#startApplication();
    this.#exporter.start();
  }

  isReady(): boolean {
    return this.#hasConfig && !this.#isDraining;
  }

  secrets = (): SecretMaterial => this.#standing.secrets();

  source = (): Readonly<Record<string, unknown>> => ({
    source: this.#standing.membership.controlPlane,
    connected: this.#link.isConnected,
    servedHash: this.#served.hash,
    refused: this.#served.refusals,
    resources: Array.from(this.#served.store.resources(), ({ typeUrl, name, version }) => ({ typeUrl, name, version })),
    instanceId: this.#instanceId,
    telemetry: this.#exporter.stats(),
  });

  serveDumps(view: AdminView): void {
    this.#view = view;
  }

  async drain(): Promise<number> {
    const { worker, config, log } = this.deps;
    this.#isDraining = true;
    this.#standing.close();
    this.#health?.close();
    if (this.#link.isConnected) {
      this.#link.goodbye();
      // Without an application there is nothing to answer for: callers meet a closed port either way.
      if (this.#appExitCode === undefined) await pause(GOODBYE_MS);
    }
    const drained = worker.drain(config.drainMs);
    // Nobody calls the application any more: now it may end, and with it its own calls through the outbound listener.
    await Promise.race([drained, this.#inboundEmpty()]);
    const exit = await this.#app?.stop();
    if (exit !== undefined && this.#appExitCode === undefined) log.info(`the application ended: ${exit.words}`);
    await drained;
    await this.#exporter.stop(LAST_EXPORT_MS);
    await this.abandon();
    return this.#appExitCode ?? 0;
  }

  /** Lets go of everything at once, without a drain. */
  async abandon(): Promise<void> {
    this.#standing.close();
    this.#health?.close();
    await this.#app?.stop();
    await this.#link.close();
    this.#served.flush();
    this.enrolled.folder.release();
  }

  async #inboundEmpty(): Promise<void> {
    const untilMs = this.deps.clock.monotonic() + this.deps.config.drainMs;
    while (this.deps.clock.monotonic() < untilMs) {
      const { connections } = await this.deps.worker.stats();
      if (connections.inbound === 0) return;
      await pause(INBOUND_POLL_MS);
    }
  }

  #createLink(): ControlLink {
    const { clock, random, log } = this.deps;
    const nodeId = `${this.workload.namespace}/${this.workload.name}~${this.#instanceId}`;
    return new ControlLink({
      address: () => this.#standing.membership.controlPlane,
      recover: (failure) => this.#standing.recover(failure),
      secrets: this.secrets,
      hello: () => this.#hello(),
      heartbeat: () => this.#heartbeat(),
      openConfigStream: (client) => openConfigStream(client, { served: this.#served, nodeId, clock, random }),
      events: {
        onDumpRequest: (requestId, what) => void this.#answerDump(requestId, what),
        onDrain: () => {
          log.info('the control plane asks for a drain');
          this.deps.stop();
        },
        onTrustChanged: () => this.#standing.renewNow(),
      },
      clock,
      random,
      log,
    });
  }

  #hello(): Hello {
    return {
      workload: `${this.workload.namespace}/${this.workload.name}`,
      instanceId: this.#instanceId,
      startTimeMs: this.#startTimeMs,
      model: 'sidecar',
      softwareVersion: SOFTWARE_VERSION,
      service: this.#standing.membership.service,
      version: this.workload.version,
      ports: this.appPorts,
      labels: this.deps.config.labels,
      address: this.address,
      inboundPort: this.ports.inboundPort,
      appHealthy: this.#health?.isHealthy() ?? false,
    };
  }

  async #heartbeat(): Promise<Heartbeat> {
    const { user, system } = process.cpuUsage();
    const stats = await this.deps.worker.stats();
    return {
      servedHash: this.#served.hash,
      rssBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
      openConnections: stats.connections.inbound + stats.connections.outbound,
      draining: this.#isDraining,
      appHealthy: this.#health?.isHealthy() ?? false,
      ...protectionReport(stats),
    };
  }

  async #answerDump(requestId: string, what: string): Promise<void> {
    try {
      if (this.#view === undefined) throw new Error('still starting');
      this.#link.dump(requestId, JSON.stringify(await dump(this.#view, what)));
    } catch (error) {
      this.#link.dump(requestId, JSON.stringify({ error: reasonOf(error) }));
    }
  }

  /** False when it takes too long. A configuration without any cluster is taken for whole when nothing follows. */
  #waitForConfig(): Promise<boolean> {
    return new Promise((resolve) => {
      const timeout = setTimeout(() => resolve(false), FIRST_CONFIG_MS);
      let quiet: NodeJS.Timeout | undefined;
      const done = (): void => {
        clearTimeout(timeout);
        clearTimeout(quiet);
        this.#onConfig = () => {};
        this.#hasConfig = true;
        resolve(true);
      };
      this.#onConfig = () => {
        clearTimeout(quiet);
        if (this.#served.isWhole) done();
        else quiet = setTimeout(done, QUIET_MS);
      };
    });
  }

  async #startApplication(): Promise<void> {
    const { command, environment } = this.deps.config;
    if (command.length === 0) return;
    this.#app = await startApp(command, { ...environment, ...this.#appEnvironment() });
    void this.#app.exited.then((exit) => {
      if (this.#isDraining) return;
      this.deps.log.info(`the application ended: ${exit.words}`);
      this.#appExitCode = exit.code;
      this.deps.stop();
    });
  }

  #appEnvironment(): Readonly<Record<string, string>> {
    const ports = this.appPorts.map(
      ({ port, appAddress }) => [`PORT_${port}`, String(decodeHostPort(appAddress).port)] as const,
    );
    return {
      ...Object.fromEntries(ports),
      PORT: ports[0]?.[1] ?? '',
      MALHA_OUTBOUND: `http://${formatHostPort({ host: this.address, port: this.ports.outboundPort })}`,
      MALHA_WORKLOAD: `${this.workload.namespace}/${this.workload.name}`,
    };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
