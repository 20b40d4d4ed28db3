// Listener of a gateway -> GatewayListener of the engine.
import { anyIs } from '@bufbuild/protobuf/wkt';
import type { GatewayListener, GatewayServer, GatewayTcpRoute, HttpGatewayListener } from '@malha/traffic';
import {
  type FilterChain,
  FilterChainMatchSchema,
  FilterChainSchema,
  FilterSchema,
} from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import {
  ListenerSchema,
  type Listener as WireListener,
} from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { HttpConnectionManagerSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { TcpProxySchema } from '@malha/xds/generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb';
import {
  CommonTlsContextSchema,
  DownstreamTlsContextSchema,
} from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import { listeningPort } from './listening-port.ts';
import { onlyFields, ResourceError, required, unpack } from './strict.ts';
import { tcpProxy } from './tcp-proxy.ts';

const checkListener = onlyFields(ListenerSchema, ['name', 'address', 'trafficDirection', 'filterChains']);
const checkChain = onlyFields(FilterChainSchema, ['name', 'filterChainMatch', 'transportSocket', 'filters']);
const checkMatch = onlyFields(FilterChainMatchSchema, ['serverNames', 'transportProtocol']);
const checkFilter = onlyFields(FilterSchema, ['name', 'typedConfig']);
const checkManager = onlyFields(HttpConnectionManagerSchema, ['statPrefix', 'rds', 'xffNumTrustedHops', 'tracing']);
const checkTls = onlyFields(DownstreamTlsContextSchema, ['commonTlsContext']);
const checkCommonTls = onlyFields(CommonTlsContextSchema, ['tlsCertificateSdsSecretConfigs']);

/** What a chain matches by when its clients speak TLS. */
const TLS = 'tls';

type Manager = Pick<HttpGatewayListener, 'routeTable' | 'trustedHops' | 'tracing'>;

interface DecodedChain extends Manager {
  readonly server: GatewayServer;
  readonly protocol: HttpGatewayListener['protocol'];
}

export function gatewayListener(from: WireListener): GatewayListener {
  checkListener(from, '');
  const [first] = from.filterChains;
  if (first === undefined) throw new ResourceError('filter_chains', 'missing');
  const { configType } = first.filters[0] ?? {};
  const isTcp = configType?.case === 'typedConfig' && anyIs(configType.value, TcpProxySchema);
  return isTcp ? tcpListener(from, first) : httpListener(from);
}

function tcpListener(from: WireListener, first: FilterChain): GatewayListener {
  const isTls = (chain: FilterChain) => chain.filterChainMatch?.transportProtocol === TLS;
  const protocol = isTls(first) ? 'TLS' : 'TCP';
  const odd = from.filterChains.findIndex((chain) => isTls(chain) !== isTls(first));
  if (odd >= 0) throw new ResourceError(`filter_chains[${odd}]`, 'has another protocol than the first');
  const routes = from.filterChains.map((chain, index) => tcpRoute(chain, `filter_chains[${index}]`));
  return { port: listeningPort(from), protocol, routes };
}

function tcpRoute(chain: FilterChain, path: string): GatewayTcpRoute {
  const { serverNames } = matchOf(chain, path);
  const { statPrefix: listener, clusters } = tcpProxy(chain, path);
  const certificates = certificatesOf(chain, path);
  return { name: chain.name, listener, serverNames, clusters, ...(certificates !== undefined && { certificates }) };
}

function httpListener(from: WireListener): GatewayListener {
  const chains = from.filterChains.map((chain, index) => decodeChain(chain, `filter_chains[${index}]`));
  const [first] = chains;
  if (first === undefined) throw new ResourceError('filter_chains', 'missing');
  const { protocol, routeTable, trustedHops, tracing } = first;
  const odd = chains.findIndex((each) => each.protocol !== protocol || each.routeTable !== routeTable);
  if (odd >= 0) throw new ResourceError(`filter_chains[${odd}]`, 'has another protocol or route table than the first');
  const servers = chains.map(({ server }) => server);
  return { port: listeningPort(from), protocol, routeTable, servers, trustedHops, tracing };
}

function matchOf(chain: FilterChain, path: string) {
  checkChain(chain, path);
  const match = required(chain.filterChainMatch, `${path}.filter_chain_match`);
  checkMatch(match, `${path}.filter_chain_match`);
  const { transportProtocol } = match;
  if (transportProtocol !== '' && transportProtocol !== TLS) {
    throw new ResourceError(`${path}.filter_chain_match.transport_protocol`, `neither ${TLS} nor empty`);
  }
  return match;
}

function decodeChain(chain: FilterChain, path: string): DecodedChain {
  const [hostname, ...others] = matchOf(chain, path).serverNames;
  if (hostname === undefined || others.length > 0) {
    throw new ResourceError(`${path}.filter_chain_match.server_names`, 'not exactly one name');
  }
  const certificates = certificatesOf(chain, path);
  return {
    server: { name: chain.name, hostname: hostname.toLowerCase(), certificates: certificates ?? [] },
    protocol: certificates === undefined ? 'HTTP' : 'HTTPS',
    ...managerOf(chain, path),
  };
}

/** Undefined for plaintext. */
function certificatesOf({ transportSocket }: FilterChain, path: string): readonly string[] | undefined {
  if (transportSocket === undefined) return undefined;
  const at = `${path}.transport_socket`;
  const { configType } = transportSocket;
  const context = unpack(
    DownstreamTlsContextSchema,
    configType.case === 'typedConfig' ? configType.value : undefined,
    at,
  );
  checkTls(context, at);
  const common = required(context.commonTlsContext, `${at}.common_tls_context`);
  checkCommonTls(common, `${at}.common_tls_context`);
  return common.tlsCertificateSdsSecretConfigs.map(({ name }) => name);
}

function managerOf({ filters }: FilterChain, path: string): Manager {
  const [filter, ...more] = filters;
  if (filter === undefined || more.length > 0) throw new ResourceError(`${path}.filters`, 'not exactly one filter');
  const at = `${path}.filters[0](${filter.name})`;
  checkFilter(filter, at);
  const { configType } = filter;
  const manager = unpack(
    HttpConnectionManagerSchema,
    configType.case === 'typedConfig' ? configType.value : undefined,
    at,
  );
  checkManager(manager, at);
  if (manager.routeSpecifier.case !== 'rds') throw new ResourceError(`${at}.rds`, 'missing');
  const samplePercent = manager.tracing?.randomSampling?.value ?? 0;
  return {
    routeTable: manager.routeSpecifier.value.routeConfigName,
    trustedHops: manager.xffNumTrustedHops,
    tracing: { samplePercent },
  };
}
