// The configuration that this agent serves: decoded as it comes, handed to the worker, kept on disk for the next start.
import type { MeshConfig } from '@malha/traffic';
import type { GatewayCertificate } from '../gateway/certificates.ts';
import { PortProblems } from '../gateway/port-problems.ts';
import { type Log, reasonOf } from '../log.ts';
import type { WorkerPort } from '../worker/worker-port.ts';
import {
  ConfigStore,
  NO_CERTIFICATES,
  type RawResource,
  type Refusal,
  type RemovedResource,
} from '../xds/config-store.ts';
import type { SavedConfig } from './state-folder.ts';

/** A first configuration is soon on disk: without one a proxy cannot start alone. */
const FIRST_SAVE_DELAY_MS = 500;
/** Later ones are put together, and not written by all proxies of a host at the moment when all of them have a change to serve. */
const SAVE_DELAY_MS = 1_000;
const SAVE_JITTER_MS = 1_000;

export interface ServedConfigDeps {
  readonly worker: WorkerPort;
  readonly save: (config: SavedConfig) => void;
  readonly log: Log;
  /** After each change that is in use, or was refused in part. */
  readonly onServed: (hash: string, refusals: readonly Refusal[]) => void;
}

export class ServedConfig {
  readonly store = new ConfigStore();
  readonly #refusals = new Map<string, Refusal>();
  readonly #portProblems: PortProblems;
  #hash = '';
  #config: MeshConfig | undefined;
  #certificates = NO_CERTIFICATES;
  #saveTimer: NodeJS.Timeout | undefined;
  #isSaved = false;
  /** Changes are served one after another. */
  #last: Promise<void> = Promise.resolve();

  constructor(private readonly deps: ServedConfigDeps) {
    this.#portProblems = new PortProblems(deps.worker, deps.log);
  }

  /** Of what is in use; empty until a first configuration is served. */
  get hash(): string {
    return this.#hash;
  }

  /** Every cluster that there is can be used; before that, calls would fail that soon do not. */
  get isWhole(): boolean {
    const clusters = this.#config?.clusters.length ?? 0;
    return clusters > 0 && clusters === this.store.references().endpoints.length;
  }

  get refusals(): readonly Refusal[] {
    return [...this.#refusals.values()];
  }

  /** The last good configuration of an earlier process. False when it is not one. */
  async restore(saved: SavedConfig): Promise<boolean> {
    this.take(saved.resources, []);
    await this.serve();
    return this.#hash !== '';
  }

  /** Decodes a change; what is refused keeps its last good version. Nothing is served yet. */
  take(upserts: readonly RawResource[], removed: readonly RemovedResource[]): readonly Refusal[] {
    const { nacks } = this.store.apply(upserts, removed);
    for (const each of [...upserts, ...removed]) this.#refusals.delete(keyOf(each));
    for (const each of nacks) {
      this.#refusals.set(keyOf(each), each);
      this.deps.log.warn(`refused, the last good one stays: ${each.message}`);
    }
    return nacks;
  }

  /** Serves what was taken. Resolves when it is in use and reported. */
  serve(): Promise<void> {
    const config = this.store.current();
    const certificates = this.store.certificates();
    const hash = this.store.hash();
    this.#last = this.#last
      .then(() => this.#serve(config, certificates, hash))
      .catch((error: unknown) => this.deps.log.error(`a configuration could not be served: ${reasonOf(error)}`));
    return this.#last;
  }

  /** Writes what waits to be written. */
  flush(): void {
    if (this.#saveTimer === undefined) return;
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    try {
      this.deps.save({ hash: this.#hash, resources: [...this.store.resources()] });
      this.#isSaved = true;
    } catch (error) {
      this.deps.log.error(`the last good configuration is not on disk: ${reasonOf(error)}`);
    }
  }

  #saveDelayMs(): number {
    return this.#isSaved ? SAVE_DELAY_MS + Math.random() * SAVE_JITTER_MS : FIRST_SAVE_DELAY_MS;
  }

  async #serve(
    config: MeshConfig | undefined,
    certificates: readonly GatewayCertificate[],
    hash: string,
  ): Promise<void> {
    // Not whole yet: nothing is served, so nothing may be reported as served.
    if (config === undefined) return;
    const isSame = config === this.#config && certificates === this.#certificates;
    // Before the ports that show them: the first handshake must not fail.
    if (certificates !== this.#certificates) await this.deps.worker.setCertificates(certificates);
    this.#certificates = certificates;
    if (config !== this.#config) await this.deps.worker.applyConfig(config);
    this.#config = config;
    if (!isSame && config.gateways !== undefined) await this.#portProblems.report();
    this.#hash = hash;
    this.#saveTimer ??= setTimeout(() => this.flush(), this.#saveDelayMs());
    this.deps.onServed(hash, this.refusals);
  }
}

function keyOf({ typeUrl, name }: RemovedResource): string {
  return `${typeUrl}\0${name}`;
}
