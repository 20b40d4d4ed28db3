// Composition root of the control plane: the only file that knows every module.
import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { analyze } from '@malha/policies';
import type { Clock } from '@malha/traffic/clock';
import { discoveryService } from '@malha/xds/services';
import type { Logger } from 'pino';
import { createAgents } from './agents/index.ts';
import { startLocalServer } from './agents/local-server.ts';
import { createAuth } from './auth/index.ts';
import { createCa } from './ca/index.ts';
import { adminSocketOf, type Config } from './config.ts';
import { createDatabase } from './db/client.ts';
import { deployWhenReachable } from './db/deploy-when-reachable.ts';
import { NotificationFeed } from './db/listener.ts';
import { createPool } from './db/postgres.ts';
import { countProxies } from './mesh/proxy-counts.ts';
import { MeshStatusReader } from './mesh/status.ts';
import { MeshWorld } from './mesh/world.ts';
import { createRegistry } from './registry/index.ts';
import { type Analyze, History, ResourceRepository, ResourceStore } from './resources/index.ts';
import { openAdminSocket } from './rest/admin-socket.ts';
import { ApiServer } from './rest/api-server.ts';
import { Operations } from './rest/operations.ts';
import { createTelemetry, type Golden } from './telemetry/index.ts';
import { Callers } from './trpc/callers.ts';
import { createErrorReporter, createTrpcHandler } from './trpc/http.ts';
import { Origins } from './trpc/origins.ts';
import { createRootRouter } from './trpc/root.ts';
import { TrpcWebSocket } from './trpc/web-socket.ts';
import { createXdsServer } from './xds/index.ts';

/** Revisions that may be named beside a problem. */
const REVISION_MARKS_MAX = 50;

export interface AppOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface App {
  readonly ports: { readonly api: number; readonly xds: number; readonly join: number };
  /** Lets calls in flight finish, within the configured time. */
  stop(): Promise<void>;
}

export async function startApp(options: AppOptions): Promise<App> {
  const { config, logger, clock, random } = options;
  const { listen, trustDomain } = config;
  const onUnexpected = (error: unknown) => logger.error({ err: error }, 'unexpected failure');
  const replica = randomUUID();

  await deployWhenReachable({
    url: config.databaseUrl,
    migrationsDir: config.migrationsDir,
    onWaiting: (error) => logger.warn({ err: error }, 'Postgres is away: waiting for it'),
  });
  const pool = createPool(config.databaseUrl);
  const database = createDatabase(config.databaseUrl);
  const feed = new NotificationFeed({
    url: config.databaseUrl,
    random,
    onStateChange: (isConnected) => {
      logger.warn({ isConnected }, isConnected ? 'Postgres is here' : 'Postgres is away: read-only until it is back');
      for (const listener of databaseListeners) listener();
    },
  });
  const databaseListeners = new Set<() => void>();
  await feed.start();

  const auth = createAuth({ database, feed, clock, stateDir: config.stateDir });
  await auth.firstAdministrator.ensure(config.auth.firstAdminEmail);

  const repository = new ResourceRepository(database, (key) =>
    logger.error({ key }, 'a stored resource is not readable by this version and is left out'),
  );
  const analyzeResources: Analyze = (resources) =>
    analyze({ resources, workloads: registry.registry.workloads().workloads, trustDomain });
  const registry = await createRegistry({
    ...{ pool, feed, clock, logger, replica },
    workloadCidr: config.workloadCidr,
    serviceCidr: config.serviceCidr,
  });
  const store = new ResourceStore({
    ...{ repository, feed, analyze: analyzeResources, now: () => clock.now() },
    onError: (error) => logger.warn({ err: error }, 'resources: a step failed and will be done again'),
  });
  await store.start();
  const [latest] = await repository.list({ limit: 1 });
  const world = new MeshWorld({
    ...{ store, registry: registry.registry, trustDomain },
    loadedRevisionAtMs: latest?.createdAtMs ?? 0,
  });

  const names = ['localhost', ...listen.publicNames];
  const ca = await createCa({
    ...{ pool, clock, random, logger, trustDomain, sealKey: config.sealKey, stateDir: config.stateDir },
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: ['127.0.0.1', ...names.filter((name) => isIP(name) !== 0)],
  });
  const publicHost = listen.publicNames[0] ?? '127.0.0.1';
  const agents = createAgents({
    ...{ pool, feed, clock, logger, replica, ca, registry: registry.registry, publicHost },
    host: listen.xdsHost,
    memberPort: listen.xdsPort,
    joinPort: listen.joinPort,
  });
  const xds = createXdsServer({
    source: world,
    identify: (call) => ca.peerOf(call).identity,
    toGrpcFailure: agents.toFailure,
    logger: logger.child({ module: 'xds' }),
    clock,
  });
  agents.servers.addService(discoveryService, { ...xds.implementation });
  agents.agents.onServed(({ workload, hash, atMs, errors }) => xds.onServed(workload, hash, atMs, errors));
  agents.agents.onDenied((workload) => xds.disconnect(workload));

  const telemetry = createTelemetry({
    ...{ pool, clock, logger },
    world: () => world.world,
    revisionsBetween: async (fromMs, toMs) => {
      const rows = await repository.list({ limit: REVISION_MARKS_MAX });
      return rows.filter(({ createdAtMs }) => createdAtMs >= fromMs && createdAtMs <= toMs);
    },
    identify: (call) => ({ spiffeId: ca.peerOf(call).identity.id }),
  });
  for (const { definition, implementation } of telemetry.memberServices) {
    agents.servers.addService(definition, implementation);
  }

  const status = new MeshStatusReader({
    ...{ meshName: config.meshName, trustDomain, store },
    isDatabaseHere: () => feed.isConnected,
    proxies: () => countProxies(registry.registry.workloads().workloads, xds.propagation, store.state.revision),
    onChange: (listener) => {
      databaseListeners.add(listener);
      const stops = [xds.propagation.onChange(listener), registry.registry.onChange(listener)];
      return () => {
        databaseListeners.delete(listener);
        for (const stop of stops) stop();
      };
    },
  });
  const history = new History<Golden>({
    repository,
    propagationOf: (revision) => xds.propagation.of(revision) ?? null,
    goldenAround: (atMs) => telemetry.queries.goldenAround(atMs),
  });
  const ports = { join: listen.joinPort };
  const router = createRootRouter({
    auth: { users: auth.users, repository: auth.repository },
    mesh: { status },
    resources: { store, analyze: analyzeResources },
    changes: { store, history },
    explain: { world: () => world.world },
    certificates: { authority: ca.authority, denials: ca.denials, currentLeaves: ca.currentLeaves },
    joinTokens: {
      ...{ tokens: ca.tokens, authority: ca.authority },
      joinAddress: () => `${publicHost}:${ports.join}`,
    },
    proxies: {
      agents: agents.agents,
      configurationOf: (workload, servedHash) => xds.propagation.configurationOf(workload, servedHash),
    },
    propagation: xds.propagation,
    telemetry: { queries: telemetry.queries },
  });

  const operations = new Operations({
    ...{ store, history, status, firstAdministrator: auth.firstAdministrator },
    mintJoinToken: (order, createdBy) => ca.tokens.mint(order, createdBy),
    caPin: () => ca.authority.pin,
    totals: (sinceMs) => telemetry.queries.totals(sinceMs === undefined ? {} : { sinceMs }),
  });
  const origins = new Origins(config.auth.consoleOrigins);
  const callers = new Callers({
    sessions: auth.sessions,
    sessionSecret: config.auth.sessionSecret,
    now: () => clock.now(),
    onError: onUnexpected,
  });
  const onError = createErrorReporter(logger);
  const webSocket = new TrpcWebSocket({ router, callers, origins, onError });
  const apiServer = new ApiServer({
    ...{ host: listen.apiHost, port: listen.apiPort, internalSecret: config.auth.internalSecret },
    trpc: createTrpcHandler({ router, callers, origins, onError }),
    ...{ webSocket, callers, origins, operations, signIn: auth.signIn, users: auth.repository },
    now: () => clock.now(),
    isReady: () => true,
    onUnexpected,
  });

  xds.start();
  telemetry.start();
  const { memberPort, joinPort } = await agents.start();
  ports.join = joinPort;
  const locals = [
    await startLocalServer(listen.xdsPlaintextPort, [
      { definition: discoveryService, implementation: { ...xds.trustedImplementation } },
    ]),
    await startLocalServer(listen.otlpGrpcPort, telemetry.applicationServices),
  ];
  const { port } = await apiServer.listen();
  const adminSocket = await openAdminSocket({ file: adminSocketOf(config.stateDir), operations, onUnexpected });
  logger.info({ api: port, xds: memberPort, join: joinPort, revision: store.state.revision }, 'control plane ready');

  return {
    ports: { api: port, xds: memberPort, join: joinPort },
    stop: async () => {
      await adminSocket.close();
      await apiServer.drain(config.drainMs);
      xds.close();
      for (const local of locals) local.close();
      await agents.stop(config.drainMs);
      await telemetry.stop();
      await registry.stop();
      ca.stop();
      await store.stop();
      await feed.stop();
      await Promise.all([pool.end(), database.$disconnect()]);
    },
  };
}
