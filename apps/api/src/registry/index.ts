// Composition of the registry.
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { NotificationFeed } from '../db/listener.ts';
import { AddressRange } from './address-range.ts';
import { Health } from './health.ts';
import { Keeper } from './keeper.ts';
import { Registry } from './registry.ts';
import { Sessions } from './sessions.ts';
import { RegistryWorld } from './world.ts';

export type { Registry } from './registry.ts';
export type { RegisteredWorkload } from './workload-row.ts';
export type { RegistrySnapshot } from './world.ts';

export interface RegistryOptions {
  readonly pool: pg.Pool;
  readonly feed: NotificationFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Identifies this api process among its replicas; a fresh UUID per start. */
  readonly replica: string;
  /** Loopback addresses of workloads on the control plane's host: `127.64.0.0/16`. */
  readonly workloadCidr: string;
  /** Virtual IPs of Services: `127.96.0.0/16`. */
  readonly serviceCidr: string;
}

export interface RegistryHandle {
  readonly registry: Registry;
  /** Says that this replica speaks for its agents no longer. */
  stop(): Promise<void>;
  /** Stops without a word, as a process that dies. */
  halt(): void;
}

/** Resolves when the registry is loaded; from then on it follows changes by itself. */
export async function createRegistry(options: RegistryOptions): Promise<RegistryHandle> {
  const { pool, feed, clock, replica } = options;
  const logger = options.logger.child({ module: 'registry' });
  const onError = (error: unknown) => logger.warn({ err: error }, 'registry: a step failed and will be done again');
  const world = new RegistryWorld(pool, onError);
  const health = new Health(clock);
  const sessions = new Sessions(clock, health);
  const registry = new Registry({
    pool,
    clock,
    replica,
    world,
    sessions,
    health,
    workloadRange: new AddressRange(options.workloadCidr),
    serviceRange: new AddressRange(options.serviceCidr),
    onError,
  });
  const keeper = new Keeper({
    pool,
    replica,
    registry,
    sessions,
    health,
    monotonic: () => clock.monotonic(),
    onOut: ({ namespace, name }, why) => logger.info({ workload: `${namespace}/${name}` }, `workload out: ${why}`),
    onError,
  });
  await world.sync({ reload: true });
  const stopListening = feed.on('malha_registry', (payload) => {
    world.sync({ reload: payload === undefined }).catch(onError);
  });
  keeper.start();
  return {
    registry,
    async stop() {
      stopListening();
      await keeper.stop();
    },
    halt() {
      stopListening();
      keeper.halt();
    },
  };
}
