// All ports of a gateway: opened, changed and retired as the configuration says. One that cannot be opened holds up none.
import type { GatewayListener, RouteTable } from '@malha/traffic/config';
import type { Listener } from '../listener/listener.ts';
import type { ServerContext } from '../listener/server-context.ts';
import { type FoundCertificates, GatewayCertificates } from './certificates.ts';
import { GatewayPort, type GatewayPortOptions } from './gateway-listener.ts';

/** A port that cannot be listened on (another process has it) is tried again after so long. */
const LISTEN_AGAIN_MS = 1000;

export type GatewayListenersOptions = Omit<GatewayPortOptions, 'certificates'> & { readonly address: string };

/** What the admin port shows of one port. */
export interface GatewayPortStats {
  readonly port: number;
  readonly protocol: GatewayListener['protocol'];
  readonly isListening: boolean;
  readonly connections: number;
  /** Why it does not listen, and which certificates are not there. */
  readonly problems: readonly string[];
}

interface Opened {
  readonly port: GatewayPort;
  config: GatewayListener;
  isListening: boolean;
  isClosed: boolean;
  /** Why it does not listen; empty before it was tried. */
  problem: string;
}

export class GatewayListeners {
  private readonly options: GatewayListenersOptions;
  private readonly certificates = new GatewayCertificates();
  private readonly opened = new Map<number, Opened>();
  /** No longer accepting, with connections that have not ended. */
  private readonly retired = new Set<GatewayPort>();
  private opening: Promise<unknown> = Promise.resolve();
  private isStarted = false;

  constructor(options: GatewayListenersOptions) {
    this.options = options;
  }

  /** Compiles; throws with nothing changed. The function that it returns brings the ports into force. */
  prepare(configs: readonly GatewayListener[], tables: readonly RouteTable[]): () => void {
    const commits = configs.map((config) => {
      const known = this.opened.get(config.port);
      const port = known?.port ?? new GatewayPort({ ...this.options, certificates: this.certificates });
      return { config, known, port, commit: port.prepare(config, tables) };
    });
    return () => {
      const wanted = new Set(configs.map(({ port }) => port));
      for (const [number, opened] of this.opened) if (!wanted.has(number)) this.retire(number, opened);
      for (const { config, known, port, commit } of commits) {
        commit();
        if (known !== undefined) known.config = config;
        else this.open(port, config);
      }
    };
  }

  setCertificates(found: FoundCertificates): void {
    this.certificates.replace(found);
    for (const { port } of this.opened.values()) port.certificatesChanged();
  }

  /** Resolves when every port was tried once. */
  async start(): Promise<void> {
    this.isStarted = true;
    for (const opened of this.opened.values()) this.listen(opened);
    await this.settled();
  }

  /** Resolves when every port that was opened since was tried once. */
  async settled(): Promise<void> {
    await this.opening;
  }

  stats(): GatewayPortStats[] {
    return [...this.opened.values()].map(({ port, config, isListening, problem }) => ({
      port: config.port,
      protocol: config.protocol,
      isListening,
      connections: port.listener.openConnections,
      problems: [...(problem === '' ? [] : [problem]), ...this.certificates.problemsOf(config.servers)],
    }));
  }

  /** All that have connections or take them, for the drain. */
  all(): { readonly listener: Listener; readonly context: ServerContext }[] {
    return [...Array.from(this.opened.values(), ({ port }) => port), ...this.retired];
  }

  destroy(): void {
    for (const opened of this.opened.values()) opened.isClosed = true;
    for (const { listener } of this.all()) listener.destroy();
  }

  private open(port: GatewayPort, config: GatewayListener): void {
    const opened: Opened = { port, config, isListening: false, isClosed: false, problem: '' };
    this.opened.set(config.port, opened);
    if (this.isStarted) this.listen(opened);
  }

  private listen(opened: Opened): void {
    const before = this.opening;
    const tried = this.tryToListen(opened);
    this.opening = Promise.all([before, tried]);
  }

  private async tryToListen(opened: Opened): Promise<void> {
    const { listener } = opened.port;
    try {
      await listener.listen(this.options.address, opened.config.port);
      opened.isListening = true;
      opened.problem = '';
      if (opened.isClosed) listener.stopAccepting();
    } catch (error) {
      this.options.stack.telemetry.counter('listen-failed');
      opened.problem = error instanceof Error ? error.message : String(error);
      const again = () => {
        if (!opened.isClosed) this.listen(opened);
      };
      if (!opened.isClosed) setTimeout(again, LISTEN_AGAIN_MS).unref();
    }
  }

  private retire(number: number, opened: Opened): void {
    const { port } = opened;
    this.opened.delete(number);
    opened.isClosed = true;
    port.context.isDraining = true;
    port.listener.stopAccepting();
    port.listener.drainConnections();
    if (port.listener.openConnections === 0) return;
    this.retired.add(port);
    void port.listener.emptied().then(() => this.retired.delete(port));
  }
}
