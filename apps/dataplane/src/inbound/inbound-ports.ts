// Which port of the workload a call is for: by server name over mTLS, by host in plaintext.
import type { InboundPort } from '@malha/traffic/config';
import { splitAuthority } from '@malha/traffic/mutation';
import type { ClusterEnvironment, ClusterRuntime } from '../cluster/cluster-runtime.ts';
import { appCluster, InboundPortRuntime } from './inbound-port.ts';

export class InboundPorts {
  private readonly environment: ClusterEnvironment;
  private configs: readonly InboundPort[] = [];
  private runtimes: readonly InboundPortRuntime[] = [];
  private byServerName = new Map<string, InboundPortRuntime>();
  private byHost = new Map<string, InboundPortRuntime[]>();
  private readonly byApp = new WeakMap<ClusterRuntime, InboundPortRuntime>();

  constructor(environment: ClusterEnvironment) {
    this.environment = environment;
  }

  /** False: every port is STRICT, and no plaintext byte has any business here. */
  takesPlaintext = false;

  get all(): readonly InboundPortRuntime[] {
    return this.runtimes;
  }

  /** Throws with nothing changed; the function that it returns brings the ports into force. */
  prepare(configs: readonly InboundPort[]): () => void {
    if (configs === this.configs) return () => undefined;
    const previous = new Map(this.runtimes.map((runtime) => [runtime.config.port, runtime]));
    const next = configs.map((config) => this.runtimeOf(config, previous.get(config.port)));
    return () => this.commit(configs, next);
  }

  /** Without SNI and Host nothing tells ports apart: bytes are taken in plaintext only where there is one port. */
  get plaintextBytes(): InboundPortRuntime | undefined {
    const [only] = this.runtimes;
    return this.runtimes.length === 1 && only?.takesBytes === true && only.config.mode !== 'STRICT' ? only : undefined;
  }

  ofServerName(serverName: string): InboundPortRuntime | undefined {
    return this.byServerName.get(serverName);
  }

  /** Also for requests that began before the port was removed. */
  ofApp(app: ClusterRuntime): InboundPortRuntime | undefined {
    return this.byApp.get(app);
  }

  /** Of several ports of one host the one whose service port is named; a workload with one port needs no name. */
  ofAuthority(authority: string): InboundPortRuntime | undefined {
    const { host, port } = splitAuthority(authority);
    const candidates = this.byHost.get(host) ?? this.runtimes;
    if (candidates.length === 1) return candidates[0];
    return candidates.find((candidate) => candidate.servicePorts.has(port ?? 80) || candidate.config.port === port);
  }

  destroy(): void {
    for (const { app } of this.runtimes) app.destroy();
  }

  private commit(configs: readonly InboundPort[], next: readonly InboundPortRuntime[]): void {
    const previous = this.runtimes;
    this.configs = configs;
    this.runtimes = next;
    this.byServerName = new Map(next.flatMap((port) => port.config.serverNames.map((name) => [name, port] as const)));
    this.byHost = new Map();
    for (const port of next) {
      this.byApp.set(port.app, port);
      for (const host of port.config.hosts) this.byHost.set(host, [...(this.byHost.get(host) ?? []), port]);
    }
    this.takesPlaintext = next.some((port) => port.config.mode !== 'STRICT');
    const apps = new Set(next.map((port) => port.app));
    for (const { app } of previous) if (!apps.has(app)) app.drain();
  }

  private runtimeOf(config: InboundPort, previous: InboundPortRuntime | undefined): InboundPortRuntime {
    if (previous === undefined) return new InboundPortRuntime(config, appCluster(config, this.environment));
    if (previous.config === config) return previous;
    const isSameApp = previous.config.appAddress === config.appAddress && previous.config.protocol === config.protocol;
    return new InboundPortRuntime(config, isSameApp ? previous.app : appCluster(config, this.environment));
  }
}
