// The root router: every procedure of the control plane under the name of its noun. The console imports its type.

import { createProxiesRouter, type ProxiesRouterDeps } from '../agents/router.ts';
import type { AuthRouterDeps } from '../auth/router.ts';
import { createApiTokensRouter, createAuditRouter, createSessionRouter, createUsersRouter } from '../auth/router.ts';
import {
  type CertificatesRouterDeps,
  createCertificatesRouter,
  createJoinTokensRouter,
  type JoinTokensRouterDeps,
} from '../ca/router.ts';
import { createExperimentsRouter, type ExperimentsRouterDeps } from '../experiments/router.ts';
import { createExplainRouter, type ExplainRouterDeps } from '../explain/router.ts';
import { createFaultsRouter, type FaultsRouterDeps } from '../faults/router.ts';
import { createGatewayCertificatesRouter, type GatewayCertificatesRouterDeps } from '../gateway-certificates/router.ts';
import { createLimitsRouter, type LimitsRouterDeps } from '../limits/router.ts';
import { createMeshRouter } from '../mesh/router.ts';
import type { MeshStatusReader } from '../mesh/status.ts';
import { createResilienceRouter, type ResilienceRouterDeps } from '../resilience/router.ts';
import { type ChangesRouterDeps, createChangesRouter } from '../resources/changes-router.ts';
import { createResourcesRouter, type ResourcesRouterDeps } from '../resources/router.ts';
import type { Golden } from '../telemetry/index.ts';
import {
  createOverviewRouter,
  createServicesRouter,
  createSplitRouter,
  createTopologyRouter,
  createTracesRouter,
  type TelemetryRouterDeps,
} from '../telemetry/router.ts';
import type { Propagation } from '../xds/propagation/propagation.ts';
import { createXdsRouter } from '../xds/router.ts';
import { router } from './init.ts';

export interface RootDeps {
  readonly auth: AuthRouterDeps;
  readonly mesh: { readonly status: MeshStatusReader };
  readonly resources: ResourcesRouterDeps;
  readonly changes: ChangesRouterDeps<Golden>;
  readonly explain: ExplainRouterDeps;
  readonly resilience: ResilienceRouterDeps;
  readonly faults: FaultsRouterDeps;
  readonly experiments: ExperimentsRouterDeps;
  readonly limits: LimitsRouterDeps;
  readonly certificates: CertificatesRouterDeps;
  readonly gatewayCertificates: GatewayCertificatesRouterDeps;
  readonly joinTokens: JoinTokensRouterDeps;
  readonly proxies: ProxiesRouterDeps;
  readonly propagation: Propagation;
  readonly telemetry: TelemetryRouterDeps;
}

export function createRootRouter(deps: RootDeps) {
  return router({
    session: createSessionRouter(deps.auth),
    users: createUsersRouter(deps.auth),
    apiTokens: createApiTokensRouter(deps.auth),
    audit: createAuditRouter(deps.auth),
    mesh: createMeshRouter(deps.mesh),
    resources: createResourcesRouter(deps.resources),
    changes: createChangesRouter(deps.changes),
    explain: createExplainRouter(deps.explain),
    resilience: createResilienceRouter(deps.resilience),
    faults: createFaultsRouter(deps.faults),
    experiments: createExperimentsRouter(deps.experiments),
    limits: createLimitsRouter(deps.limits),
    certificates: createCertificatesRouter(deps.certificates),
    gatewayCertificates: createGatewayCertificatesRouter(deps.gatewayCertificates),
    joinTokens: createJoinTokensRouter(deps.joinTokens),
    proxies: createProxiesRouter(deps.proxies),
    propagation: createXdsRouter(deps.propagation),
    overview: createOverviewRouter(deps.telemetry),
    services: createServicesRouter(deps.telemetry),
    topology: createTopologyRouter(deps.telemetry),
    split: createSplitRouter(deps.telemetry),
    traces: createTracesRouter(deps.telemetry),
  });
}

export type AppRouter = ReturnType<typeof createRootRouter>;
