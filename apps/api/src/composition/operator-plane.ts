// What people and their programs talk to: sign-in, tRPC, REST, the admin socket.
import { reportOf } from '../agents/router.ts';
import type { Audit } from '../auth/audit.ts';
import { type Auth, createAuth } from '../auth/index.ts';
import { Invitations } from '../ca/invitations.ts';
import { GatewayCertificates } from '../gateway-certificates/index.ts';
import { countProxies } from '../mesh/proxy-counts.ts';
import { MeshStatusReader } from '../mesh/status.ts';
import { History } from '../resources/index.ts';
import { ApiServer } from '../rest/api-server.ts';
import { Operations } from '../rest/operations.ts';
import type { Golden } from '../telemetry/index.ts';
import { Callers } from '../trpc/callers.ts';
import { createErrorReporter, createTrpcHandler } from '../trpc/http.ts';
import { Origins } from '../trpc/origins.ts';
import { createRootRouter } from '../trpc/root.ts';
import { TrpcWebSocket } from '../trpc/web-socket.ts';
import { type FaultWatch, watchFaults } from './fault-watch.ts';
import type { Foundation } from './foundation.ts';
import type { MemberPlane } from './member-plane.ts';
import type { Mesh } from './mesh.ts';
import type { Storage } from './storage.ts';

export interface OperatorPlane {
  readonly apiServer: ApiServer;
  /** What the admin socket and REST offer. */
  readonly operations: Operations;
  readonly onUnexpected: (error: unknown) => void;
}

export interface OperatorPlaneParts {
  readonly storage: Storage;
  readonly mesh: Mesh;
  readonly members: MemberPlane;
  /** Known once agents are listened for. */
  readonly joinPort: () => number;
}

/** Nothing listens yet. Makes the first administrator when there is no user. */
export async function createOperatorPlane(foundation: Foundation, parts: OperatorPlaneParts): Promise<OperatorPlane> {
  const { config, logger, clock } = foundation;
  const { database, feed } = parts.storage;
  const onUnexpected = (error: unknown) => logger.error({ err: error }, 'unexpected failure');
  const auth = createAuth({ database, feed, clock, stateDir: config.stateDir });
  await auth.firstAdministrator.ensure(config.auth.firstAdminEmail);

  const services = createServices(foundation, parts, (entry) => auth.repository.audit(entry));
  const faults = watchFaults(foundation, parts, (entry) => auth.repository.audit(entry));
  const invitations = createInvitations(parts, auth);
  const now = () => clock.now();
  const router = createRouter(parts, services, { auth, invitations, faults, now });
  const operations = createOperations(parts, services, { auth, invitations, faults });
  const origins = new Origins(config.auth.consoleOrigins);
  const { sessionSecret, internalSecret } = config.auth;
  const callers = new Callers({ sessions: auth.sessions, sessionSecret, now, onError: onUnexpected });
  const onError = createErrorReporter(logger);
  const { apiHost, apiPort } = config.listen;
  const apiServer = new ApiServer({
    ...{ host: apiHost, port: apiPort, internalSecret },
    trpc: createTrpcHandler({ router, callers, origins, onError }),
    webSocket: new TrpcWebSocket({ router, callers, origins, onError }),
    ...{ callers, origins, operations, signIn: auth.signIn, users: auth.repository, now, onUnexpected },
    // It listens only after resources and registry were read.
    isReady: () => true,
  });
  return { apiServer, operations, onUnexpected };
}

interface Access {
  readonly auth: Auth;
  readonly invitations: Invitations;
  readonly faults: FaultWatch;
}

/** A token that is not recorded in the audit log is not handed out. */
function createInvitations({ mesh, members, joinPort }: OperatorPlaneParts, { repository }: Auth): Invitations {
  const { authority, tokens } = members.ca;
  return new Invitations({
    mint: async (order, actor) => {
      const minted = await tokens.mint(order, actor);
      const { id, spiffeId, expiresAtMs } = minted;
      const detail = { id, spiffeId, expiresAtMs, uses: order.uses ?? 1 };
      const target = `${order.namespace}/${order.service}`;
      await repository.audit({ actor, action: 'joinTokens.create', target, detail });
      return minted;
    },
    pin: () => authority.pin,
    joinAddress: () => `${members.publicHost}:${joinPort()}`,
    resourceOf: (key) => mesh.store.state.byKey.get(key)?.resource,
  });
}

interface Services {
  readonly certificates: GatewayCertificates;
  readonly status: MeshStatusReader;
  readonly history: History<Golden>;
}

function createServices(
  { config, clock }: Foundation,
  { storage, mesh, members }: OperatorPlaneParts,
  audit: Audit,
): Services {
  const { xds, telemetry } = members;
  const { meshName, trustDomain } = config;
  const { store, registry, repository } = mesh;
  const status = new MeshStatusReader({
    ...{ meshName, trustDomain, store },
    isDatabaseHere: () => storage.feed.isConnected,
    proxies: () => countProxies(registry.workloads().workloads, xds.propagation, store.state.revision),
    onChange: (listener) => {
      const stops = [storage.onStateChange(listener), xds.propagation.onChange(listener), registry.onChange(listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
  });
  const history = new History<Golden>({
    repository,
    propagationOf: (revision) => xds.propagation.of(revision) ?? null,
    goldenAround: (atMs) => telemetry.queries.goldenAround(atMs),
  });
  const certificates = new GatewayCertificates({
    ...{ store: mesh.certificates, audit },
    resources: () => mesh.world.world.resources,
    now: () => clock.now(),
  });
  return { status, history, certificates };
}

function createRouter(
  { mesh, members }: OperatorPlaneParts,
  { status, history, certificates }: Services,
  { auth, invitations, faults, now }: Access & { readonly now: () => number },
) {
  const audit: Audit = (entry) => auth.repository.audit(entry);
  const { ca, agents, xds, telemetry } = members;
  const { store, analyze, world } = mesh;
  return createRootRouter({
    auth: { users: auth.users, repository: auth.repository },
    mesh: { status },
    resources: { store, analyze, surroundings: () => mesh.certificates.list(), now },
    changes: { store, history },
    explain: {
      world: () => world.world,
      traffic: (service, seconds) => telemetry.queries.serviceTraffic(service, { liveSeconds: seconds }),
    },
    resilience: {
      ...{ world: () => world.world, queries: telemetry.queries, now },
      proxies: async () => (await agents.agents.list()).map(reportOf),
    },
    faults: { store, ender: faults.ender, now },
    experiments: { experiments: faults.experiments },
    limits: { store, queries: telemetry.queries },
    certificates: { authority: ca.authority, denials: ca.denials, currentLeaves: ca.currentLeaves, audit },
    gatewayCertificates: { certificates },
    joinTokens: { tokens: ca.tokens, invitations, audit },
    proxies: {
      ...{ agents: agents.agents, audit },
      configurationOf: (workload, servedHash) => xds.propagation.configurationOf(workload, servedHash),
    },
    propagation: xds.propagation,
    telemetry: { queries: telemetry.queries },
  });
}

function createOperations(
  { mesh, members }: OperatorPlaneParts,
  { status, history, certificates }: Services,
  { auth, invitations, faults }: Access,
) {
  const { ca, telemetry } = members;
  return new Operations({
    ...{ certificates, store: mesh.store, history, status, firstAdministrator: auth.firstAdministrator },
    invite: (order, createdBy) => invitations.create(order, createdBy),
    caPin: () => ca.authority.pin,
    ...{ ender: faults.ender, experiments: faults.experiments },
    totals: (sinceMs) => telemetry.queries.totals(sinceMs === undefined ? {} : { sinceMs }),
  });
}
