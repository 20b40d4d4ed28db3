// All ports of a gateway, as the configuration says, and the certificates that they show.
import type { GatewayListener, RouteTable } from '@malha/traffic/config';
import type { RouteBreakerReport } from '@malha/traffic/route-breakers';
import { ListeningPorts } from '../listener/listening-ports.ts';
import { type FoundCertificates, GatewayCertificates } from './certificates.ts';
import { ClientCountries, type FoundCountries } from './client-countries.ts';
import { GatewayPort } from './gateway-listener.ts';
import type { GatewayPortOptions } from './port-options.ts';

export type GatewayListenersOptions = Omit<GatewayPortOptions, 'certificates' | 'countries'> & {
  readonly address: string;
};

/** What the admin port shows of one port. */
export interface GatewayPortStats {
  readonly port: number;
  readonly protocol: GatewayListener['protocol'];
  readonly isListening: boolean;
  readonly connections: number;
  /** Why it does not listen, which certificates are not there, and which rules never match. */
  readonly problems: readonly string[];
}

export class GatewayListeners {
  readonly ports: ListeningPorts<GatewayPort>;
  private readonly options: GatewayListenersOptions;
  private readonly certificates = new GatewayCertificates();
  private readonly countries = new ClientCountries();

  constructor(options: GatewayListenersOptions) {
    this.options = options;
    this.ports = new ListeningPorts(options.address);
  }

  /** Compiles; throws with nothing changed. The function that it returns brings the ports into force. */
  prepare(configs: readonly GatewayListener[], tables: readonly RouteTable[]): () => void {
    const prepared = configs.map((config) => {
      const { certificates, countries } = this;
      const port = this.ports.get(config.port) ?? new GatewayPort({ ...this.options, certificates, countries });
      return { number: config.port, port, commit: port.prepare(config, tables) };
    });
    return () => {
      for (const { commit } of prepared) commit();
      this.ports.replace(new Map(prepared.map(({ number, port }) => [number, port])));
    };
  }

  setCertificates(found: FoundCertificates): void {
    this.certificates.replace(found);
    for (const [, port] of this.ports.entries()) port.certificatesChanged();
  }

  setCountries(found: FoundCountries): void {
    this.countries.replace(found);
  }

  breakerReports(nowMs: number): RouteBreakerReport[] {
    return this.ports.entries().flatMap(([, port]) => port.breakerReports(nowMs));
  }

  stats(): GatewayPortStats[] {
    return this.ports.entries().flatMap(([number, { config, listener, problems: ofRules }]) => {
      if (config === undefined) return [];
      const { isListening, openConnections, problem } = listener;
      const problems = [...(problem === '' ? [] : [problem]), ...this.certificates.problemsOf(config), ...ofRules];
      return [{ port: number, protocol: config.protocol, isListening, connections: openConnections, problems }];
    });
  }
}
