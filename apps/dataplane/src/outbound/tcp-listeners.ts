// Listeners for the upstreams that the workload declares, as the configuration says.
import type { RouteTable, TcpListener, Tracing } from '@malha/traffic/config';
import type { RouteBreakerReport } from '@malha/traffic/route-breakers';
import { ListeningPorts } from '../listener/listening-ports.ts';
import { UpstreamPort, type UpstreamPortOptions } from './upstream-port.ts';

export interface TcpListenersOptions extends UpstreamPortOptions {
  readonly address: string;
}

export class TcpListeners {
  readonly ports: ListeningPorts<UpstreamPort>;
  private readonly options: TcpListenersOptions;

  constructor(options: TcpListenersOptions) {
    this.options = options;
    this.ports = new ListeningPorts(options.address);
  }

  /** Compiles; throws with nothing changed. The function that it returns brings the listeners into force. */
  prepare(configs: readonly TcpListener[], tracing: Tracing, tables: readonly RouteTable[]): () => void {
    const prepared = configs.map((config) => {
      const port = this.ports.get(config.port) ?? new UpstreamPort(this.options);
      return { number: config.port, port, commit: port.prepare(config, tracing, tables) };
    });
    return () => {
      for (const { commit } of prepared) commit();
      this.ports.replace(new Map(prepared.map(({ number, port }) => [number, port])));
    };
  }

  breakerReports(nowMs: number): RouteBreakerReport[] {
    return this.ports.entries().flatMap(([, port]) => port.breakerReports(nowMs));
  }
}
