// The stack of one gateway port, top to bottom: the client's claims, the right connection; then that of outbound calls.
import type { GatewayServer, HttpGatewayListener, RouteTable } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import { isMisdirected } from '@malha/traffic/gateway';
import { splitAuthority } from '@malha/traffic/mutation';
import type { RouteBreakerReport } from '@malha/traffic/route-breakers';
import { respondWithError } from '../exchange/error-response.ts';
import type { Exchange, ExchangeHandler } from '../exchange/exchange.ts';
import { ProxyError } from '../exchange/proxy-error.ts';
import { replaceEdgeHeaders } from '../filters/edge-headers.ts';
import { NO_DESTINATION } from '../filters/request-recorder.ts';
import { type OutboundDependencies, OutboundStack } from '../outbound/outbound-stack.ts';
import type { ConnectionLimit, RejectionReason } from '../telemetry/record.ts';
import { asksForCountries, type ClientCountries } from './client-countries.ts';

export class GatewayStack implements ExchangeHandler {
  private readonly dependencies: OutboundDependencies;
  private readonly outbound: OutboundStack;
  private servers: readonly GatewayServer[] = [];
  private trustedHops = 0;
  private readonly countries: ClientCountries;
  private isCountryAsked = false;

  constructor(dependencies: OutboundDependencies, countries: ClientCountries) {
    this.dependencies = dependencies;
    this.countries = countries;
    this.outbound = new OutboundStack(dependencies);
  }

  /** Throws with nothing changed; the function that it returns brings the configuration into force. */
  prepare(listener: HttpGatewayListener, tables: readonly RouteTable[]): () => void {
    const commit = this.outbound.prepare(listener, tables);
    const isCountryAsked = asksForCountries(tables.find(({ name }) => name === listener.routeTable));
    return () => {
      commit();
      this.servers = listener.servers;
      this.trustedHops = listener.trustedHops;
      this.isCountryAsked = isCountryAsked;
    };
  }

  requestStarted(exchange: Exchange): void {
    const { request, connection } = exchange;
    replaceEdgeHeaders(request.headers, connection, this.trustedHops);
    // By now the address of the client, as far as anybody who said it is believed.
    if (this.isCountryAsked) request.country = this.countries.countryOf(request.headers.get('x-forwarded-for'));
    const { host } = splitAuthority(request.authority);
    const { client } = connection;
    if (client?.scheme === 'https' && isMisdirected(this.servers, host, client.serverName)) {
      respondWithError(exchange, new ProxyError('misdirected', `${request.authority} over ${client.serverName}`));
      const outcome = { flags: RequestFlags.NR, attempts: 1, ttfbMs: -1 };
      this.dependencies.recorder.tell(exchange, NO_DESTINATION, outcome);
      return;
    }
    this.outbound.requestStarted(exchange);
  }

  breakerReports(nowMs: number): readonly RouteBreakerReport[] {
    return this.outbound.breakerReports(nowMs);
  }

  /** Why rules of this port never match. */
  get problems(): readonly string[] {
    return this.countries.problemsOf(this.isCountryAsked);
  }

  requestRefused(reason: RejectionReason): void {
    this.outbound.requestRefused(reason);
  }

  limitMet(event: ConnectionLimit): void {
    this.outbound.limitMet(event);
  }
}
