// Adaptive concurrency of the ports of one proxy: what each has learned outlives changes of the configuration.
import { Admission } from '@malha/traffic/overload/admission';
import { type OverloadConfig, PRIORITY_HEADER, priorityOf } from '@malha/traffic/overload/config';
import type { Exchange } from '../../exchange/exchange.ts';
import type { ProxyError } from '../../exchange/proxy-error.ts';
import { type PriorityNames, priorityNames, Turn, type TurnEnvironment } from './turn.ts';

/** Plain data, for operators. */
export interface OverloadState {
  /** `<namespace>/<name>` of the service. */
  readonly service: string;
  /** Of the workload. */
  readonly port: number;
  /** Requests at a time that the application is given now. */
  readonly limit: number;
  /** Bounds of the limit. */
  readonly minConcurrency: number;
  readonly maxConcurrency: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** Median latency without a queue; 0 = not measured yet. */
  readonly baselineMs: number;
}

interface Port {
  config: OverloadConfig;
  names: PriorityNames;
  readonly admission: Admission;
}

export class Overloads {
  private readonly environment: TurnEnvironment;
  private readonly ports = new Map<number, Port>();

  constructor(environment: TurnEnvironment) {
    this.environment = environment;
  }

  /** Only ports that still ask for it keep what they have learned. */
  follow(ports: readonly { readonly port: number; readonly overload?: OverloadConfig }[]): void {
    const asking = new Map(ports.flatMap(({ port, overload }) => (overload === undefined ? [] : [[port, overload]])));
    for (const [port, known] of this.ports) {
      const config = asking.get(port);
      if (config === undefined) this.ports.delete(port);
      else if (config !== known.config) {
        known.config = config;
        known.names = priorityNames(config.id);
        known.admission.reconfigure(config);
      }
    }
  }

  /**
   * At once or later, with the refusal of a request that is shed, or whose client did not wait. One that may go on gives its
   * place back by what `exchange.watcher` is told. `port` is the workload's.
   */
  admit(
    exchange: Exchange,
    port: number,
    config: OverloadConfig,
    admitted: (refusal: ProxyError | undefined) => void,
  ): void {
    const { request, connection } = exchange;
    if (isProbe(request.path, config.probePaths)) {
      admitted(undefined);
      return;
    }
    // Anybody can write a header: a caller without an identity cannot put itself before the others.
    const header = connection.peer === undefined ? undefined : request.headers.get(PRIORITY_HEADER);
    const { admission, names } = this.portOf(port, config);
    const { environment } = this;
    new Turn(exchange, admission, priorityOf(header), { environment, id: config.id, names, admitted }).ask();
  }

  states(): OverloadState[] {
    return [...this.ports].map(([port, { config, admission }]) => {
      const { id: service, minConcurrency, maxConcurrency } = config;
      const { limit, inFlight, waiting, baselineMs } = admission;
      return { service, port, limit, minConcurrency, maxConcurrency, inFlight, waiting, baselineMs };
    });
  }

  private portOf(port: number, config: OverloadConfig): Port {
    const known = this.ports.get(port);
    if (known !== undefined) return known;
    const admission = new Admission(config, this.environment.monotonic());
    const made = { config, admission, names: priorityNames(config.id) };
    this.ports.set(port, made);
    return made;
  }
}

/** A service that is called dead because it is busy is worse off than before. */
function isProbe(target: string, probePaths: readonly string[]): boolean {
  for (const path of probePaths) if (target === path) return true;
  return false;
}
