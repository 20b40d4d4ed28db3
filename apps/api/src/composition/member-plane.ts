// What proxies and agents talk to: certificates, agent sessions, xDS, telemetry.
import { isIP } from 'node:net';
import { discoveryService } from '@malha/xds/services';
import { type AgentsHandle, createAgents } from '../agents/index.ts';
import { type CaHandle, createCa } from '../ca/index.ts';
import { certificateProblems, viewsOf } from '../gateway-certificates/index.ts';
import { createTelemetry, type TelemetryHandle } from '../telemetry/index.ts';
import { createXdsServer, type XdsServer } from '../xds/index.ts';
import type { Foundation } from './foundation.ts';
import type { Mesh } from './mesh.ts';
import type { Storage } from './storage.ts';

/** Revisions that may be named beside a problem. */
const REVISION_MARKS_MAX = 50;

export interface MemberPlane {
  readonly ca: CaHandle;
  readonly agents: AgentsHandle;
  readonly xds: XdsServer;
  readonly telemetry: TelemetryHandle;
  /** Name or address by which agents reach this process. */
  readonly publicHost: string;
}

/** Nothing listens yet. */
export async function createMemberPlane(foundation: Foundation, storage: Storage, mesh: Mesh): Promise<MemberPlane> {
  const publicHost = foundation.config.listen.publicNames[0] ?? '127.0.0.1';
  const ca = await openAuthority(foundation, storage);
  // Its teardown comes last, so that what proxies send while they are drained is still stored.
  const telemetry = openTelemetry(foundation, storage, mesh, ca);
  const agents = openAgents(foundation, storage, { mesh, ca, publicHost });
  const xds = openXds(foundation, { mesh, ca, agents, telemetry });
  for (const { definition, implementation } of telemetry.memberServices) {
    agents.servers.addService(definition, implementation);
  }
  return { ca, agents, xds, telemetry, publicHost };
}

async function openAuthority(foundation: Foundation, { pool }: Storage): Promise<CaHandle> {
  const { config, clock, random, logger, teardown } = foundation;
  const { trustDomain, sealKey, stateDir } = config;
  const names = ['localhost', ...config.listen.publicNames];
  const ca = await createCa({
    ...{ pool, clock, random, logger, trustDomain, sealKey, stateDir },
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: ['127.0.0.1', ...names.filter((name) => isIP(name) !== 0)],
  });
  teardown.add(() => ca.stop());
  return ca;
}

function openTelemetry(foundation: Foundation, { pool }: Storage, mesh: Mesh, ca: CaHandle): TelemetryHandle {
  const { clock, logger, metrics, teardown } = foundation;
  const telemetry = createTelemetry({
    ...{ pool, clock, logger, observer: metrics.telemetry },
    world: () => mesh.world.world,
    revisionsBetween: async (fromMs, toMs) => {
      const rows = await mesh.repository.list({ limit: REVISION_MARKS_MAX });
      return rows.filter(({ createdAtMs }) => createdAtMs >= fromMs && createdAtMs <= toMs);
    },
    otherProblems: () =>
      certificateProblems(viewsOf(mesh.certificates.list(), mesh.world.world.resources), clock.now()),
    identify: (call) => ({ spiffeId: ca.peerOf(call).identity.id }),
  });
  teardown.add(() => telemetry.stop());
  return telemetry;
}

function openAgents(
  { config, clock, logger, metrics, teardown }: Foundation,
  { pool, feed }: Storage,
  { mesh, ca, publicHost }: { readonly mesh: Mesh; readonly ca: CaHandle; readonly publicHost: string },
): AgentsHandle {
  const { replica, registry } = mesh;
  const { xdsHost, xdsPort, joinPort } = config.listen;
  const agents = createAgents({
    ...{ pool, feed, clock, logger, replica, ca, registry, publicHost, joinPort },
    host: xdsHost,
    memberPort: xdsPort,
    onIssued: metrics.certificateIssued,
  });
  metrics.watch({ agentsConnected: () => agents.agents.connected });
  teardown.add(() => agents.stop(config.drainMs));
  return agents;
}

function openXds(
  { clock, logger, metrics, teardown }: Foundation,
  { mesh, ca, agents, telemetry }: Pick<MemberPlane, 'ca' | 'agents' | 'telemetry'> & { readonly mesh: Mesh },
): XdsServer {
  const xds = createXdsServer({
    source: mesh.world,
    identify: (call) => ca.peerOf(call),
    toGrpcFailure: agents.toFailure,
    logger: logger.child({ module: 'xds' }),
    clock,
    observer: metrics.xds,
    callersOf: telemetry.recentCallersOf,
  });
  agents.servers.addService(discoveryService, { ...xds.implementation });
  agents.agents.onServed(({ workload, hash, atMs, errors }) => xds.onServed(workload, hash, atMs, errors));
  agents.agents.onDenied((workload) => xds.disconnect(workload));
  metrics.watch({ xdsStreams: () => xds.connections() });
  teardown.add(() => xds.close());
  return xds;
}
