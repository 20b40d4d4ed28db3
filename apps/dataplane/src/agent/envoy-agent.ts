// The agent beside a stock Envoy: gives it bootstrap and identity files, renews them, and speaks for it with the
// control plane. Envoy takes its configuration itself, by the same protocol.
import { randomUUID } from 'node:crypto';
import { decodeHostPort } from '@malha/cli/option-types';
import type { Clock } from '@malha/traffic/clock';
import { envoyBootstrap } from '@malha/xds/envoy-bootstrap';
import { DEFAULT_PORTS, type JoinConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { DEFAULT_LIMITS, type ProxyLimits } from '../proxy-limits.ts';
import { type AppHealth, watchAppHealth } from './app-health.ts';
import { type AppProcess, startApp } from './app-process.ts';
import { ControlLink } from './control-link.ts';
import { type Enrolled, enrol } from './enrol.ts';
import type { Membership } from './membership.ts';
import { NOTHING_REPORTED } from './protection-report.ts';
import type { Hello } from './rpc/session.ts';
import { SOFTWARE_VERSION } from './software-version.ts';
import { Standing } from './standing.ts';

export interface EnvoyAgentDeps {
  readonly config: JoinConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly stop: () => void;
}

export interface EnvoyAgent {
  readonly bootstrapFile: string;
  /** Says goodbye and ends Envoy; resolves with the exit code. */
  leave(): Promise<number>;
}

/** Callers are told within this time. */
const GOODBYE_MS = 500;

export async function startEnvoyAgent(deps: EnvoyAgentDeps): Promise<EnvoyAgent> {
  const { config, clock, random, log } = deps;
  for (const option of notOfEnvoy(config.limits)) log.warn(`${option} has no effect: Envoy keeps its own default`);
  const ports = config.ports.flatMap(({ port, appAddress }) =>
    appAddress === undefined ? [] : [{ port, appAddress: `${appAddress.host}:${appAddress.port}` }],
  );
  const enrolled = await enrol(config, { ports }, clock, log);
  const { folder } = enrolled;
  const instanceId = randomUUID();
  const startTimeMs = clock.now();
  const bootstrapFile = writeFiles(enrolled, config, instanceId);

  const standing = new Standing(enrolled, {
    ...{ config, clock, random, log, app: { ports } },
    client: () => link.client(),
    // Envoy watches the folder and reads the files anew.
    onRenewed: async () => link.reconnect(),
  });
  const health = watchAppHealth(
    ports.map((each) => decodeHostPort(each.appAddress)),
    () => void link.beatNow(),
  );
  const link: ControlLink = new ControlLink({
    ...{ clock, random, log },
    address: () => standing.membership.controlPlane,
    recover: (failure) => standing.recover(failure),
    secrets: standing.secrets,
    hello: () => helloOf(standing.membership, { config, ports, instanceId, startTimeMs, health }),
    // What Envoy serves is seen by its acknowledgements; its memory and connections by its own admin port.
    heartbeat: async () => ({
      servedHash: '',
      rssBytes: 0,
      cpuSeconds: 0,
      openConnections: 0,
      draining: false,
      appHealthy: health.isHealthy(),
      // Envoy keeps to itself whom it ejected.
      ...NOTHING_REPORTED,
    }),
    openConfigStream: undefined,
    events: { onDumpRequest: () => {}, onDrain: deps.stop, onTrustChanged: () => standing.renewNow() },
  });
  link.start();
  standing.start();
  const envoy = await startEnvoy(deps, bootstrapFile);
  let exitCode = 0;
  void envoy?.exited.then(({ code, words }) => {
    log.info(`Envoy ended: ${words}`);
    exitCode = code;
    deps.stop();
  });
  return {
    bootstrapFile,
    async leave() {
      standing.close();
      health.close();
      const isOver = exitCode !== 0;
      link.goodbye();
      if (link.isConnected && !isOver) await new Promise((resolve) => setTimeout(resolve, GOODBYE_MS));
      const code = isOver ? exitCode : 0;
      await envoy?.stop();
      await link.close();
      folder.release();
      return code;
    },
  };
}

function helloOf(
  membership: Membership,
  own: {
    readonly config: JoinConfig;
    readonly ports: Hello['ports'];
    readonly instanceId: string;
    readonly startTimeMs: number;
    readonly health: AppHealth;
  },
): Hello {
  const { config, ports, instanceId, startTimeMs, health } = own;
  return {
    workload: `${membership.namespace}/${membership.name}`,
    ...{ instanceId, startTimeMs, ports },
    model: 'envoy',
    softwareVersion: SOFTWARE_VERSION,
    service: membership.service,
    version: config.version,
    labels: config.labels,
    address: membership.address,
    inboundPort: config.listen.inboundPort ?? membership.inboundPort,
    appHealthy: health.isHealthy(),
  };
}

function writeFiles({ membership, folder }: Enrolled, config: JoinConfig, instanceId: string): string {
  const { host, port } = decodeHostPort(membership.controlPlane);
  const { bootstrap, secrets } = envoyBootstrap({
    workload: `${membership.namespace}/${membership.name}`,
    instanceId,
    service: membership.service,
    xds: { host, port },
    identityDirectory: folder.folder,
    connectionsMax: config.limits.connectionsMax,
    ...(config.certificatesDir !== undefined && { certificatesDirectory: config.certificatesDir }),
    trustDomain: membership.trustDomain,
    admin: {
      address: membership.address,
      port: config.listen.adminPort ?? (membership.adminPort || DEFAULT_PORTS.admin),
    },
  });
  for (const [name, secret] of Object.entries(secrets)) folder.saveJson(name, secret);
  return folder.saveJson('bootstrap.json', bootstrap);
}

/** Options that were set and that Envoy has no place for beyond what it is sent by the control plane. */
function notOfEnvoy(limits: ProxyLimits): string[] {
  const options: Readonly<Record<Exclude<keyof ProxyLimits, 'connectionsMax'>, string>> = {
    handshakeTimeoutMs: '--handshake-timeout',
    headTimeoutMs: '--head-timeout',
    idleTimeoutMs: '--client-idle-timeout',
    lingerMs: '--linger-time',
  };
  const names = Object.keys(options) as (keyof typeof options)[];
  return names.filter((name) => limits[name] !== DEFAULT_LIMITS[name]).map((name) => options[name]);
}

/** `{}` in the command stands for the bootstrap's path. */
async function startEnvoy({ config }: EnvoyAgentDeps, bootstrapFile: string): Promise<AppProcess | undefined> {
  if (config.command.length === 0) return undefined;
  const command = config.command.map((word) => (word === '{}' ? bootstrapFile : word));
  return startApp(command, config.environment);
}
