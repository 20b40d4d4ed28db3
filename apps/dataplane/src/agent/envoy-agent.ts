// The agent beside a stock Envoy: gives it bootstrap and identity files, renews them, and speaks for it with the
// control plane. Envoy takes its configuration itself, by the same protocol.
import { randomUUID } from 'node:crypto';
import { decodeHostPort } from '@malha/cli/option-types';
import type { Clock } from '@malha/traffic/clock';
import { envoyBootstrap } from '@malha/xds/envoy-bootstrap';
import { DEFAULT_PORTS, type JoinConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { watchAppHealth } from './app-health.ts';
import { type AppProcess, startApp } from './app-process.ts';
import { ControlLink } from './control-link.ts';
import { type Enrolled, enrol } from './enrol.ts';
import { AgentError } from './errors.ts';
import { IdentityKeeper } from './identity-keeper.ts';
import { Rejoin } from './rejoin.ts';
import { renew } from './rpc/join.ts';
import { SOFTWARE_VERSION } from './software-version.ts';

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
  const ports = config.ports.flatMap(({ port, appAddress }) =>
    appAddress === undefined ? [] : [{ port, appAddress: `${appAddress.host}:${appAddress.port}` }],
  );
  const enrolled = await enrol(config, { ports }, clock, log);
  const { folder } = enrolled;
  let { membership } = enrolled;
  const workload = `${membership.namespace}/${membership.name}`;
  const instanceId = randomUUID();
  const startTimeMs = clock.now();
  const bootstrapFile = writeFiles(enrolled, config, instanceId);

  const keeper = new IdentityKeeper(enrolled.credentials, {
    clock,
    random,
    log,
    renew: () => {
      const client = link.client();
      if (client === undefined) throw new AgentError('MALHA4902', 'there is no connection to the control plane');
      return renew(client, clock);
    },
    onRenewed: async (credentials) => {
      // Envoy watches the folder and reads them anew.
      folder.saveIdentity(credentials);
      link.reconnect();
    },
  });
  const rejoin = new Rejoin({
    ...{ config, clock, random, log, app: { ports } },
    membership: () => membership,
    credentials: () => keeper.current(),
    onJoined: async (joined, credentials) => {
      folder.saveMembership(joined);
      membership = joined;
      await keeper.adopt(credentials);
    },
  });
  const health = watchAppHealth(
    ports.map((each) => decodeHostPort(each.appAddress)),
    () => void link.beatNow(),
  );
  const link: ControlLink = new ControlLink({
    address: () => membership.controlPlane,
    recover: (failure) => rejoin.after(failure),
    secrets: () => keeper.current().secrets,
    hello: () => ({
      workload,
      instanceId,
      startTimeMs,
      model: 'envoy',
      softwareVersion: SOFTWARE_VERSION,
      service: membership.service,
      version: config.version,
      ports,
      labels: config.labels,
      address: membership.address,
      inboundPort: config.listen.inboundPort ?? membership.inboundPort,
      appHealthy: health.isHealthy(),
    }),
    // What Envoy serves is seen by its acknowledgements; its memory and connections by its own admin port.
    heartbeat: async () => ({
      servedHash: '',
      rssBytes: 0,
      cpuSeconds: 0,
      openConnections: 0,
      draining: false,
      appHealthy: health.isHealthy(),
    }),
    openConfigStream: undefined,
    events: { onDumpRequest: () => {}, onDrain: deps.stop, onTrustChanged: () => keeper.renewNow() },
    clock,
    random,
    log,
  });
  link.start();
  keeper.start();
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
      keeper.close();
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

function writeFiles({ membership, folder }: Enrolled, config: JoinConfig, instanceId: string): string {
  const { host, port } = decodeHostPort(membership.controlPlane);
  const { bootstrap, secrets } = envoyBootstrap({
    workload: `${membership.namespace}/${membership.name}`,
    instanceId,
    service: membership.service,
    xds: { host, port },
    identityDirectory: folder.folder,
    trustDomain: membership.trustDomain,
    admin: {
      address: membership.address,
      port: config.listen.adminPort ?? (membership.adminPort || DEFAULT_PORTS.admin),
    },
  });
  for (const [name, secret] of Object.entries(secrets)) folder.saveJson(name, secret);
  return folder.saveJson('bootstrap.json', bootstrap);
}

/** `{}` in the command stands for the bootstrap's path. */
async function startEnvoy({ config }: EnvoyAgentDeps, bootstrapFile: string): Promise<AppProcess | undefined> {
  if (config.command.length === 0) return undefined;
  const command = config.command.map((word) => (word === '{}' ? bootstrapFile : word));
  return startApp(command, config.environment);
}
