// The registry of workloads: who is in the mesh, at which address, and whether it lives.
import { randomUUID } from 'node:crypto';
import type { Clock } from '@malha/traffic/clock';
import type pg from 'pg';
import type { Peer } from '../agents/peer-identity.ts';
import { inTransaction } from '../ca/repository.ts';
import type { AddressRange } from './address-range.ts';
import { RegistryError } from './errors.ts';
import type { Health } from './health.ts';
import { lease, lockLeases, release } from './leases.ts';
import {
  lockRegistry,
  nextSequence,
  resumeUnchanged,
  type SessionStart,
  type StateChange,
  selectWorkload,
  writeSession,
  writeStates,
} from './repository.ts';
import { type Reservation, reserve, type WorkloadReservation } from './reservation.ts';
import type { Beat, HeldSession, SessionInfo, Sessions } from './sessions.ts';
import { labelsOf, type RegisteredPort, toResource, type WorkloadRow } from './workload-row.ts';
import type { RegistrySnapshot, RegistryWorld } from './world.ts';

/** What an agent says of its workload when its session begins. */
export interface Hello {
  readonly namespace: string;
  readonly name: string;
  /** Without namespace: a workload serves a service of its own namespace. */
  readonly service: string;
  readonly version: string;
  readonly instanceId: string;
  readonly softwareVersion: string;
  readonly model: string;
  readonly address: string;
  readonly inboundPort: number;
  readonly ports: readonly RegisteredPort[];
  readonly labels: Readonly<Record<string, string>>;
  readonly isHealthy: boolean;
}

export interface RegistryDeps {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly replica: string;
  readonly world: RegistryWorld;
  readonly sessions: Sessions;
  readonly health: Health;
  readonly workloadRange: AddressRange;
  readonly serviceRange: AddressRange;
  readonly onError: (error: unknown) => void;
}

export class Registry {
  readonly #deps: RegistryDeps;
  #saving: Promise<void> | undefined;
  #isSaveWanted = false;
  #lastAdoptionMs = Number.NEGATIVE_INFINITY;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
  }

  /** Live and draining workloads as this replica knows them. */
  workloads(): RegistrySnapshot {
    return this.#deps.world.snapshot();
  }

  onChange(listener: (snapshot: RegistrySnapshot) => void): () => void {
    return this.#deps.world.onChange(listener);
  }

  /** In the caller's transaction: name and address of a workload that joins. */
  reserve(client: pg.PoolClient, wanted: WorkloadReservation): Promise<Reservation> {
    return reserve(client, wanted, this.#deps.workloadRange);
  }

  /** The registered workload, also one that has not said Hello yet or is out. */
  find(namespace: string, name: string): Promise<WorkloadRow | undefined> {
    return selectWorkload(this.#deps.pool, namespace, name);
  }

  /** The workload is in the world when this resolves. An earlier session of it, here or elsewhere, loses it. */
  async register(hello: Hello, peer: Peer): Promise<SessionInfo> {
    const { pool, replica, sessions, world } = this.#deps;
    const known = await selectWorkload(pool, hello.namespace, hello.name);
    const start = { ...this.#sessionStart(known, hello, peer), session: randomUUID(), replica };
    if (!(await resumeUnchanged(pool, start))) {
      await writeSession(pool, start);
      await world.sync();
    }
    const hadAnotherReplica = known?.state !== 'joined' && known?.replica !== replica;
    if (hadAnotherReplica) this.#lastAdoptionMs = this.#deps.clock.monotonic();
    const { namespace, name } = hello;
    const info = { session: start.session, namespace, name, certificateNotAfterMs: peer.notAfterMs };
    sessions.start(info, hello.isHealthy);
    return info;
  }

  /** When an agent of another replica last came to this one. Monotonic milliseconds. */
  get lastAdoptionMs(): number {
    return this.#lastAdoptionMs;
  }

  /** False when another session speaks for the workload by now. */
  heartbeat(info: SessionInfo, beat: Beat): boolean {
    const held = this.#deps.sessions.get(info);
    if (held === undefined) return false;
    this.#deps.sessions.beat(held, beat);
    if (held.isStateUnsaved) this.saveStates().catch(this.#deps.onError);
    return true;
  }

  /** What the agent refused of its configuration; undefined = nothing any more. */
  refused(info: SessionInfo, nack: string | undefined): void {
    const held = this.#deps.sessions.get(info);
    if (held === undefined) return;
    held.nack = nack;
    held.isDirty = true;
  }

  /** The agent leaves on purpose: out at once. */
  async goodbye(info: SessionInfo): Promise<void> {
    const held = this.#deps.sessions.get(info);
    if (held === undefined) return;
    held.state = 'out';
    held.isStateUnsaved = true;
    await this.saveStates();
    this.#deps.sessions.drop(info);
  }

  /** Writes what beats changed. Calls during a write are answered by one more; what failed is tried by the next call. */
  saveStates(): Promise<void> {
    this.#isSaveWanted = true;
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #save(): Promise<void> {
    while (this.#isSaveWanted) {
      this.#isSaveWanted = false;
      const unsaved = this.#deps.sessions.all().filter((held) => held.isStateUnsaved);
      if (unsaved.length === 0) return;
      for (const held of unsaved) held.isStateUnsaved = false;
      try {
        await this.writeStates(unsaved.map(stateOf));
      } catch (error) {
        for (const held of unsaved) held.isStateUnsaved = true;
        throw error;
      }
    }
  }

  /** Writes states of workloads; those that another session has taken over are left alone. */
  async writeStates(changes: readonly StateChange[]): Promise<void> {
    const { pool, world } = this.#deps;
    await inTransaction(pool, async (client) => {
      const next = (await lockRegistry(client)) + 1;
      if ((await writeStates(client, changes, next)) > 0) await nextSequence(client);
    });
    await world.sync();
  }

  /** Virtual IP of each Service, by `namespace/name`; the same as long as the Service exists. */
  async virtualIps(services: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const addresses = new Map<string, string>();
    await inTransaction(this.#deps.pool, async (client) => {
      await lockLeases(client);
      for (const owner of services) {
        addresses.set(owner, await lease(client, 'service', owner, this.#deps.serviceRange));
      }
    });
    return addresses;
  }

  /** Services that are gone; their addresses become free much later. */
  releaseVirtualIps(services: readonly string[]): Promise<void> {
    return release(this.#deps.pool, 'service', services);
  }

  #sessionStart(found: WorkloadRow | undefined, hello: Hello, peer: Peer): Omit<SessionStart, 'session' | 'replica'> {
    const known = ownWorkload(found, hello, peer);
    // An address that was given out stays what it was; elsewhere the workload knows best where it can be reached.
    if (this.#deps.workloadRange.slotOf(known.address) !== undefined && known.address !== hello.address) {
      const message = `the workload has the address ${known.address}, not ${hello.address}`;
      throw new RegistryError('invalid', 'MALHA5053', message);
    }
    const { namespace, name, instanceId, softwareVersion, isHealthy } = hello;
    const { version, address, inboundPort, model, ports } = hello;
    const labels = labelsOf(hello.labels, known.service, version);
    // Throws when the whole is not a Workload that policies can work on.
    toResource({ ...known, version, address, inbound_port: inboundPort, model, labels, ports });
    const facts = { version, address, inboundPort, model, labels, ports };
    return { namespace, name, instanceId, softwareVersion, isHealthy, facts };
  }
}

export function stateOf(held: HeldSession): StateChange {
  const { namespace, name, session, state, isHealthy } = held;
  return { namespace, name, session, state, isHealthy };
}

/** A certificate speaks for the workloads of its own identity only, and each serves what it joined for. */
function ownWorkload(known: WorkloadRow | undefined, hello: Hello, peer: Peer): WorkloadRow {
  const key = `${hello.namespace}/${hello.name}`;
  if (known === undefined) {
    throw new RegistryError('not-found', 'MALHA5052', `the workload ${key} is not registered: join again`);
  }
  if (known.spiffe_id !== peer.identity.id) {
    const message = `the workload ${key} belongs to ${known.spiffe_id}, the certificate is of ${peer.identity.id}`;
    throw new RegistryError('forbidden', 'MALHA5051', message);
  }
  if (known.service !== hello.service) {
    const message = `the workload ${key} joined for the service ${known.service}, not ${hello.service}`;
    throw new RegistryError('forbidden', 'MALHA5051', message);
  }
  return known;
}
