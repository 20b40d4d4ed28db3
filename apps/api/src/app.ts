// Composition root of the control plane: its parts in the order in which each stands on those before it.
import type { Clock } from '@malha/traffic/clock';
import type { Logger } from 'pino';
import type { Foundation } from './composition/foundation.ts';
import { listenForMembers, listenForOperators, type Ports } from './composition/listeners.ts';
import { createMemberPlane } from './composition/member-plane.ts';
import { loadMesh } from './composition/mesh.ts';
import { createOperatorPlane } from './composition/operator-plane.ts';
import { openStorage } from './composition/storage.ts';
import { Teardown } from './composition/teardown.ts';
import type { Config } from './config.ts';
import { ControlPlaneMetrics } from './metrics/control-plane-metrics.ts';

export interface AppOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface App {
  readonly ports: Ports;
  /** Lets calls in flight finish, within the configured time. */
  stop(): Promise<void>;
}

/** Resolves when every port listens. A start that fails leaves nothing open. */
export async function startApp(options: AppOptions): Promise<App> {
  const { meshName, trustDomain } = options.config;
  const teardown = new Teardown();
  const metrics = new ControlPlaneMetrics({ meshName, trustDomain });
  const foundation = { ...options, metrics, teardown };
  try {
    const ports = await start(foundation);
    return { ports, stop: () => teardown.run() };
  } catch (error) {
    await teardown.run().catch((failure: unknown) => options.logger.warn({ err: failure }, 'closing failed'));
    throw error;
  }
}

async function start(foundation: Foundation): Promise<Ports> {
  const storage = await openStorage(foundation);
  const mesh = await loadMesh(foundation, storage);
  const members = await createMemberPlane(foundation, storage, mesh);
  let joinPort = foundation.config.listen.joinPort;
  const operators = await createOperatorPlane(foundation, { storage, mesh, members, joinPort: () => joinPort });
  const memberPorts = await listenForMembers(foundation, members);
  joinPort = memberPorts.join;
  const ports = { ...memberPorts, ...(await listenForOperators(foundation, operators)) };
  foundation.logger.info({ ...ports, revision: mesh.store.state.revision }, 'control plane ready');
  return ports;
}
