// A proxy without a control plane: serves what a folder says, and follows the folder.
import { describeFinding } from '@malha/cli/finding-text';
import type { Finding } from '@malha/model';
import type { MeshConfig } from '@malha/traffic';
import type { Clock } from '@malha/traffic/clock';
import type { StandaloneConfig } from '../config.ts';
import type { SecretMaterial } from '../data-plane.ts';
import { PortProblems } from '../gateway/port-problems.ts';
import { detailsOf, type Log, reasonOf } from '../log.ts';
import type { BoundPorts, WorkerPort, WorkloadIdentity } from '../worker/worker-port.ts';
import { type CompiledFolder, compileFolder } from './compile-folder.ts';
import { type FolderWatcher, watchFolder } from './folder-watcher.ts';
import { readIdentity } from './identity-folder.ts';
import { readFolder, type SourceFile } from './resource-folder.ts';
import { shareUnchanged } from './structural-sharing.ts';

export interface StandaloneDeps {
  readonly config: StandaloneConfig;
  readonly worker: WorkerPort;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Standalone {
  readonly workload: WorkloadIdentity;
  readonly ports: BoundPorts;
  secrets(): SecretMaterial | undefined;
  source(): Readonly<Record<string, unknown>>;
  stopWatching(): void;
}

/** Resolves when the proxy listens. Throws when the folder is not usable at the start; later faults keep the last good. */
export async function startStandalone(deps: StandaloneDeps): Promise<Standalone> {
  const runner = new StandaloneRunner(deps);
  await runner.start();
  return runner;
}

class StandaloneRunner implements Standalone {
  workload: WorkloadIdentity = { namespace: '', name: '', service: '', version: '' };
  ports: BoundPorts = { outboundPort: 0, inboundPort: 0 };
  #secrets: SecretMaterial | undefined;
  #files: readonly SourceFile[] = [];
  #config: MeshConfig | undefined;
  #loadedAtMs = 0;
  #refused: string | undefined;
  #reported = new Set<string>();
  readonly #portProblems: PortProblems;
  #watchers: readonly FolderWatcher[] = [];

  constructor(private readonly deps: StandaloneDeps) {
    this.#portProblems = new PortProblems(deps.worker, deps.log);
  }

  secrets = (): SecretMaterial | undefined => this.#secrets;

  source = (): Readonly<Record<string, unknown>> => ({
    source: this.deps.config.resources,
    loadedAt: new Date(this.#loadedAtMs).toISOString(),
    refusedChange: this.#refused ?? null,
  });

  async start(): Promise<void> {
    const { config, worker, clock, log } = this.deps;
    if (config.identityDir === undefined) {
      log.warn('no --identity-dir: mTLS is DISABLE everywhere, calls are neither encrypted nor authenticated');
    } else {
      this.#secrets = await readIdentity(config.identityDir, clock.now());
    }
    const files = await readFolder(config.resources);
    const compiled = this.#compile(files);
    this.workload = compiled.own.identity;
    const { outboundPort, inboundPort } = config.listen;
    await worker.setUp({
      workload: this.workload,
      bind: {
        address: config.bindAddress,
        outboundPort,
        inboundPort,
        gatewayAddress: config.gatewayAddress ?? config.bindAddress,
      },
      certificatesDir: config.certificatesDir,
      limits: config.limits,
      geoipDatabase: config.geoipDatabase,
      startTimeMs: clock.now(),
    });
    if (this.#secrets !== undefined) await worker.setIdentity(this.#secrets);
    await this.#serve(files, compiled);
    this.ports = await worker.listen();
    await this.#portProblems.report();
    this.#warnOfOtherAddress(compiled);
    this.#watch();
  }

  stopWatching(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  #compile(files: readonly SourceFile[]): CompiledFolder {
    return compileFolder(files, { workload: this.deps.config.workload, trustDomain: this.#secrets?.trustDomain });
  }

  async #serve(files: readonly SourceFile[], compiled: CompiledFolder): Promise<void> {
    this.#config = shareUnchanged(this.#config, compiled.config);
    await this.deps.worker.applyConfig(this.#config);
    this.#files = files;
    this.#loadedAtMs = this.deps.clock.now();
    this.#refused = undefined;
    this.#report(compiled.findings);
  }

  /** Each doubt is said once, and again only after it was gone. */
  #report(findings: readonly Finding[]): void {
    const lines = findings.map((finding) => ({
      line: describeFinding(finding),
      isError: finding.severity === 'error',
    }));
    for (const { line, isError } of lines) {
      if (this.#reported.has(line)) continue;
      if (isError) this.deps.log.error(`left out: ${line}`);
      else this.deps.log.warn(line);
    }
    this.#reported = new Set(lines.map((each) => each.line));
  }

  #watch(): void {
    const { resources, identityDir } = this.deps.config;
    this.#watchers = [
      watchFolder(resources, () => this.#reload()),
      ...(identityDir === undefined ? [] : [watchFolder(identityDir, () => this.#reloadIdentity(identityDir))]),
    ];
  }

  async #reload(): Promise<void> {
    const { config, clock, log } = this.deps;
    try {
      const files = await readFolder(config.resources);
      if (sameFiles(files, this.#files) && this.#refused === undefined) return;
      const began = clock.monotonic();
      await this.#serve(files, this.#compile(files));
      await this.#portProblems.report();
      log.info('serving the changed resources', { files: files.length, ms: Math.round(clock.monotonic() - began) });
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    const lines = detailsOf(error);
    const reason = [reasonOf(error), ...lines].join('\n');
    if (reason === this.#refused) return;
    this.#refused = reason;
    this.deps.log.error(`change refused, the last good configuration goes on: ${reasonOf(error)}`);
    for (const line of lines) this.deps.log.error(line);
  }

  async #reloadIdentity(folder: string): Promise<void> {
    try {
      const secrets = await readIdentity(folder, this.deps.clock.now());
      if (
        secrets.certificateChainPem === this.#secrets?.certificateChainPem &&
        secrets.trustBundlePem === this.#secrets.trustBundlePem
      )
        return;
      await this.deps.worker.setIdentity(secrets);
      this.#secrets = secrets;
      this.deps.log.info('new identity in use', { spiffeId: secrets.spiffeId });
    } catch (error) {
      this.deps.log.error(`identity refused, the last good one goes on: ${reasonOf(error)}`);
    }
  }

  /** Others dial what the Workload says; a proxy that listens elsewhere is never reached. */
  #warnOfOtherAddress({ own }: CompiledFolder): void {
    const { address, inboundPort = 15_006 } = own.resource.spec;
    const { bindAddress } = this.deps.config;
    const isAny = bindAddress === '0.0.0.0' || bindAddress === '::';
    if ((isAny || bindAddress === address) && inboundPort === this.ports.inboundPort) return;
    this.deps.log.warn('other proxies will not reach this one: its Workload names another address', {
      workload: `${address}:${inboundPort}`,
      listens: `${bindAddress}:${this.ports.inboundPort}`,
    });
  }
}

function sameFiles(a: readonly SourceFile[], b: readonly SourceFile[]): boolean {
  return a.length === b.length && a.every((file, i) => file.name === b[i]?.name && file.text === b[i]?.text);
}
