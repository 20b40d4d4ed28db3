// Listener of a gateway -> GatewayListener of the engine.
import type { GatewayListener, GatewayServer, Tracing } from '@malha/traffic';
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
import {
  CommonTlsContextSchema,
  DownstreamTlsContextSchema,
} from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import { listeningPort } from './listening-port.ts';
import { onlyFields, ResourceError, required, unpack } from './strict.ts';

const checkListener = onlyFields(ListenerSchema, ['name', 'address', 'trafficDirection', 'filterChains']);
const checkChain = onlyFields(FilterChainSchema, ['name', 'filterChainMatch', 'transportSocket', 'filters']);
const checkMatch = onlyFields(FilterChainMatchSchema, ['serverNames']);
const checkFilter = onlyFields(FilterSchema, ['name', 'typedConfig']);
const checkManager = onlyFields(HttpConnectionManagerSchema, ['statPrefix', 'rds', 'tracing']);
const checkTls = onlyFields(DownstreamTlsContextSchema, ['commonTlsContext']);
const checkCommonTls = onlyFields(CommonTlsContextSchema, ['tlsCertificateSdsSecretConfigs']);

interface DecodedChain {
  readonly server: GatewayServer;
  readonly protocol: GatewayListener['protocol'];
  readonly routeTable: string;
  readonly tracing: Tracing;
}

export function gatewayListener(from: WireListener): GatewayListener {
  checkListener(from, '');
  const chains = from.filterChains.map((chain, index) => decodeChain(chain, `filter_chains[${index}]`));
  const [first] = chains;
  if (first === undefined) throw new ResourceError('filter_chains', 'missing');
  const { protocol, routeTable, tracing } = first;
  const odd = chains.findIndex((each) => each.protocol !== protocol || each.routeTable !== routeTable);
  if (odd >= 0) throw new ResourceError(`filter_chains[${odd}]`, 'has another protocol or route table than the first');
  return { port: listeningPort(from), protocol, routeTable, servers: chains.map(({ server }) => server), tracing };
}

function decodeChain(chain: FilterChain, path: string): DecodedChain {
  checkChain(chain, path);
  const match = required(chain.filterChainMatch, `${path}.filter_chain_match`);
  checkMatch(match, `${path}.filter_chain_match`);
  const [hostname, ...others] = match.serverNames;
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

function managerOf({ filters }: FilterChain, path: string): Pick<DecodedChain, 'routeTable' | 'tracing'> {
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
  return { routeTable: manager.routeSpecifier.value.routeConfigName, tracing: { samplePercent } };
}
