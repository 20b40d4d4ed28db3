// One port of a gateway. Its protocol may change under it: connections go on as what they began with.
import type { Socket } from 'node:net';
import type { GatewayListener, RouteTable } from '@malha/traffic/config';
import { isHttpListener } from '@malha/traffic/gateway';
import type { RouteBreakerReport } from '@malha/traffic/route-breakers';
import { Listener } from '../listener/listener.ts';
import type { ServerContext } from '../listener/server-context.ts';
import { HttpAcceptor } from './http-acceptor.ts';
import type { GatewayPortOptions } from './port-options.ts';
import { TcpAcceptor } from './tcp-acceptor.ts';

export class GatewayPort {
  readonly listener: Listener;
  private readonly http: HttpAcceptor;
  private readonly tcp: TcpAcceptor;
  private current: GatewayListener | undefined;

  constructor(options: GatewayPortOptions) {
    const { monotonic, connectionsMax } = options;
    const { telemetry } = options.stack;
    const accept = (socket: Socket): void => this.accepted(socket);
    this.listener = new Listener({ side: 'outbound', telemetry, connectionsMax, monotonic, accept });
    this.http = new HttpAcceptor(options, this.listener);
    this.tcp = new TcpAcceptor(options, this.listener);
  }

  get context(): ServerContext {
    return this.http.context;
  }

  get config(): GatewayListener | undefined {
    return this.current;
  }

  breakerReports(nowMs: number): readonly RouteBreakerReport[] {
    return this.http.breakerReports(nowMs);
  }

  /** Why rules of it never match. */
  get problems(): readonly string[] {
    return this.current !== undefined && isHttpListener(this.current) ? this.http.problems : [];
  }

  /** Throws with nothing changed; the function that it returns brings the configuration into force. */
  prepare(config: GatewayListener, tables: readonly RouteTable[]): () => void {
    const commit = isHttpListener(config) ? this.http.prepare(config, tables) : this.tcp.prepare(config);
    return () => {
      commit();
      this.current = config;
    };
  }

  certificatesChanged(): void {
    this.http.certificatesChanged();
    this.tcp.certificatesChanged();
  }

  retired(): void {
    this.context.isDraining = true;
  }

  private accepted(socket: Socket): void {
    if (this.current === undefined) socket.destroy();
    else if (isHttpListener(this.current)) this.http.accept(socket);
    else this.tcp.accept(socket);
  }
}
