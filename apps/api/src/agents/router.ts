// tRPC: the list of proxies with what each serves, dumps and drain.
import { z } from 'zod';
import type { Audit } from '../auth/audit.ts';
import { operatorProcedure, router, viewerProcedure } from '../trpc/init.ts';
import { subscribeLatest } from '../trpc/subscribe.ts';
import type { Agents } from './agents.ts';
import { DUMP_SUBJECTS } from './messages.ts';
import type { ProxyRow } from './repository.ts';

const REFRESH_EVERY_MS = 2_000;
/** As the registry judges silence. */
const SILENCE_MAX_MS = 3_000;

export interface ProxyConfiguration {
  /** Of the configuration that the proxy serves; null = not known. */
  readonly revision: number | null;
  /** It serves what is wanted of it. */
  readonly isCurrent: boolean;
}

export interface ProxiesRouterDeps {
  readonly agents: Agents;
  /** What XDS knows of a workload (`namespace/name`) that serves the configuration of this hash. */
  readonly configurationOf: (workload: string, servedHash: string) => ProxyConfiguration;
  readonly audit: Audit;
}

/** `out` = not in the mesh any more: the row is kept for a while, and counted nowhere. */
export type ProxyState = 'in-sync' | 'stale' | 'disconnected' | 'nacked' | 'out';

export interface ProxyStatus {
  readonly workload: string;
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly model: string;
  readonly instanceId: string;
  readonly state: ProxyState;
  readonly isDraining: boolean;
  readonly servedRevision: number | null;
  readonly address: string;
  readonly softwareVersion: string;
  readonly connectedAtMs: number | null;
  readonly lastSeenMs: number | null;
  readonly rssBytes: number;
  readonly cpuCores: number;
  readonly openConnections: number;
  readonly certificateNotAfterMs: number | null;
  readonly nack: string | null;
}

const workloadName = z.string().regex(/^[-a-z0-9]{1,63}\/[-.a-z0-9]{1,253}$/);

export function createProxiesRouter(deps: ProxiesRouterDeps) {
  const { agents, audit } = deps;
  const list = async () => (await agents.list()).map((row) => statusOf(row, deps));
  return router({
    list: viewerProcedure.query(list),
    on: viewerProcedure.subscription(async function* ({ signal }) {
      yield await list();
      for await (const _ of subscribeLatest((emit) => newsOf(agents, emit), signal)) yield await list();
    }),
    dump: operatorProcedure
      .input(z.strictObject({ workload: workloadName, what: z.enum(DUMP_SUBJECTS) }))
      .query(async ({ input }) => Buffer.from(await agents.dump(input.workload, input.what)).toString('utf8')),
    drain: operatorProcedure.input(z.strictObject({ workload: workloadName })).mutation(async ({ input, ctx }) => {
      await agents.drain(input.workload);
      await audit({ actor: ctx.principal.email, action: 'proxies.drain', target: input.workload });
    }),
  });
}

/** Sessions that come and go at once, everything else every two seconds. */
function newsOf(agents: Agents, emit: () => void): () => void {
  const stop = agents.onChange(emit);
  const timer = setInterval(emit, REFRESH_EVERY_MS);
  return () => {
    stop();
    clearInterval(timer);
  };
}

export function statusOf(row: ProxyRow, { configurationOf }: Pick<ProxiesRouterDeps, 'configurationOf'>): ProxyStatus {
  const { revision, isCurrent } = configurationOf(`${row.namespace}/${row.name}`, row.served_hash ?? '');
  return {
    workload: row.name,
    namespace: row.namespace,
    service: row.service,
    version: row.version,
    model: row.model,
    instanceId: row.instance_id,
    state: stateOf(row, isCurrent),
    isDraining: row.state === 'draining',
    servedRevision: revision,
    address: row.address,
    softwareVersion: row.software_version,
    connectedAtMs: row.connected_at?.getTime() ?? null,
    lastSeenMs: row.last_seen?.getTime() ?? null,
    rssBytes: Number(row.rss_bytes ?? 0),
    cpuCores: row.cpu_cores ?? 0,
    openConnections: row.open_connections ?? 0,
    certificateNotAfterMs: row.certificate_not_after?.getTime() ?? null,
    nack: row.nack,
  };
}

/** What the proxy told of its protection, while it is heard. */
export function reportOf(row: ProxyRow) {
  const { namespace, name, service, protection } = row;
  const isConnected = row.state !== 'out' && row.silence_ms !== null && row.silence_ms <= SILENCE_MAX_MS;
  return { namespace, name, service, protection, isConnected, beatAtMs: row.last_seen?.getTime() ?? 0 };
}

function stateOf(row: ProxyRow, isCurrent: boolean): ProxyState {
  if (row.state === 'out') return 'out';
  if (row.silence_ms === null || row.silence_ms > SILENCE_MAX_MS) return 'disconnected';
  if (row.nack !== null) return 'nacked';
  return isCurrent ? 'in-sync' : 'stale';
}
