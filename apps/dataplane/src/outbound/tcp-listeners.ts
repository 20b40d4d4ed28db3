// Listeners for the upstreams that the workload declares: each connection goes to a backend of the port's routes.
import type { Socket } from 'node:net';
import type { TcpListener } from '@malha/traffic/config';
import { compileTcpRoutes, type TcpRouter } from '@malha/traffic/tcp-router';
import { type Destination, NO_DESTINATION } from '../filters/request-recorder.ts';
import { Listener } from '../listener/listener.ts';
import { ListeningPorts } from '../listener/listening-ports.ts';
import type { Telemetry } from '../telemetry/record.ts';
import type { TcpForwarder } from './tcp-forwarder.ts';

export interface TcpListenersOptions {
  readonly address: string;
  readonly forwarder: TcpForwarder;
  readonly telemetry: Telemetry;
  readonly monotonic: () => number;
  readonly connectionsMax: number;
}

/** One port; its configuration is swapped under it, connections go on by the one that they began with. */
interface UpstreamPort {
  config: TcpListener;
  router: TcpRouter;
  called: Destination;
  readonly listener: Listener;
}

type Compiled = Omit<UpstreamPort, 'listener'>;

export class TcpListeners {
  readonly ports: ListeningPorts<UpstreamPort>;
  private readonly options: TcpListenersOptions;
  private configs: readonly TcpListener[] = [];

  constructor(options: TcpListenersOptions) {
    this.options = options;
    this.ports = new ListeningPorts(options.address);
  }

  /** Compiles; the function that it returns brings the listeners into force. */
  prepare(configs: readonly TcpListener[]): () => void {
    if (configs === this.configs) return () => undefined;
    const compiled = configs.map((config): Compiled => {
      const known = this.ports.get(config.port);
      // Telemetry knows destinations by identity.
      const called = known?.config === config ? known.called : calledService(config);
      return { config, router: compileTcpRoutes(config), called };
    });
    return () => {
      this.configs = configs;
      this.ports.replace(new Map(compiled.map((each) => [each.config.port, this.portFor(each)])));
    };
  }

  private portFor(compiled: Compiled): UpstreamPort {
    const known = this.ports.get(compiled.config.port);
    if (known !== undefined) return Object.assign(known, compiled);
    const { telemetry, connectionsMax, monotonic } = this.options;
    const accept = (socket: Socket): void => this.accepted(socket, port);
    const listener = new Listener({ side: 'outbound', telemetry, connectionsMax, monotonic, accept });
    const port: UpstreamPort = { ...compiled, listener };
    return port;
  }

  private accepted(socket: Socket, port: UpstreamPort): void {
    const { forwarder } = this.options;
    const connect = (serverName: string) => {
      const place = { listener: port.listener, called: port.called, faults: port.config.faults };
      forwarder.connect(socket, place, port.router.route(serverName, forwarder.random));
    };
    if (port.config.protocol === 'tcp') connect('');
    else forwarder.readServerName(socket, port, connect);
  }
}

/** No endpoint was reached: the service is still known. */
function calledService({ service, servicePort }: TcpListener): Destination {
  const { namespace, name } = service;
  return Object.freeze({
    ...NO_DESTINATION,
    peer: Object.freeze({ ...NO_DESTINATION.peer, namespace, service: name }),
    serviceNamespace: namespace,
    service: name,
    port: servicePort,
  });
}
