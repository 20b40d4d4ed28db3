// Clients of a gateway whose bytes are no HTTP for it: TLS is passed on or ended by its server name, TCP has one route.
import type { Socket } from 'node:net';
import type { GatewayServer, GatewayTcpRoute, TcpGatewayListener } from '@malha/traffic/config';
import { compileTcpRoutes, type TcpRouter } from '@malha/traffic/tcp-router';
import { NO_DESTINATION } from '../filters/request-recorder.ts';
import type { Listener } from '../listener/listener.ts';
import type { TcpPlace } from '../outbound/tcp-forwarder.ts';
import type { GatewayPortOptions } from './port-options.ts';
import { TlsTerminator } from './tls-terminator.ts';

export class TcpAcceptor {
  private readonly options: GatewayPortOptions;
  private readonly place: TcpPlace;
  private readonly terminator: TlsTerminator;
  private config: TcpGatewayListener | undefined;
  private router: TcpRouter<GatewayTcpRoute> | undefined;

  constructor(options: GatewayPortOptions, listener: Listener) {
    this.options = options;
    this.place = { listener, called: NO_DESTINATION };
    this.terminator = new TlsTerminator({
      telemetry: options.stack.telemetry,
      handshakeTimeoutMs: options.timeouts.handshakeTimeoutMs,
      secured: (socket, serverName) => this.forward(socket, serverName),
    });
  }

  /** Compiles; the function that it returns brings the configuration into force. */
  prepare(config: TcpGatewayListener): () => void {
    if (config === this.config) return () => undefined;
    const router = compileTcpRoutes(config);
    return () => {
      this.config = config;
      this.router = router;
      this.certificatesChanged();
    };
  }

  /** New handshakes show what is there now; connections keep what they began with. */
  certificatesChanged(): void {
    const { config } = this;
    if (config?.protocol === 'TLS') this.terminator.serve(config.routes.flatMap(serversOf), this.options.certificates);
  }

  accept(socket: Socket): void {
    if (this.config?.protocol === 'TLS')
      this.options.forwarder.readServerName(socket, this.place, (serverName) => this.acceptTls(socket, serverName));
    else this.forward(socket, '');
  }

  private acceptTls(socket: Socket, serverName: string): void {
    if (this.router?.find(serverName)?.certificates === undefined) this.forward(socket, serverName);
    else this.terminator.accept(socket);
  }

  private forward(socket: Socket, serverName: string): void {
    const { forwarder } = this.options;
    forwarder.connect(socket, this.place, this.router?.route(serverName, forwarder.random));
  }
}

/** A server for each name: the handshake goes by the name that chooses the route. */
function serversOf({ listener, serverNames, certificates }: GatewayTcpRoute): GatewayServer[] {
  if (certificates === undefined) return [];
  return serverNames.map((hostname) => ({ name: listener, hostname, certificates }));
}
