// Listener -> the outbound or the inbound listener of the engine.
import type { GatewayListener, InboundListener, InboundPort, OutboundListener, TcpListener } from '@malha/traffic';
import {
  INBOUND_FILTER,
  INBOUND_LISTENER,
  isGatewayListener,
  isTcpListener,
  LISTENER_METADATA,
  OUTBOUND_LISTENER,
} from '@malha/xds/extension-names';
import {
  type FilterChain,
  FilterChainMatchSchema,
  FilterChainSchema,
} from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import {
  ListenerSchema,
  type Listener as WireListener,
} from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { RouterSchema } from '@malha/xds/generated/envoy/extensions/filters/http/router/v3/router_pb';
import {
  type HttpConnectionManager,
  HttpConnectionManager_TracingSchema,
  HttpConnectionManagerSchema,
} from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { InboundListenerSchema, InboundPortSchema } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { mtlsMode, protocol } from './enums.ts';
import { gatewayListener } from './gateway-listener.ts';
import { onlyMetadata } from './metadata.ts';
import { overloadConfig, requestBounds } from './overload.ts';
import { connectionLimit, rateLimit } from './rate-limits.ts';
import { authorizationPolicy } from './rbac.ts';
import { decodeMessage, onlyFields, ResourceError, required, unpack } from './strict.ts';
import { tcpListener } from './tcp-listener.ts';

export type DecodedListener =
  | { readonly kind: 'outbound'; readonly listener: OutboundListener }
  | { readonly kind: 'inbound'; readonly listener: InboundListener }
  | { readonly kind: 'tcp'; readonly listener: TcpListener }
  | { readonly kind: 'gateway'; readonly listener: GatewayListener };

const checkOutbound = onlyFields(ListenerSchema, ['name', 'trafficDirection', 'apiListener']);
const checkInbound = onlyFields(ListenerSchema, ['name', 'trafficDirection', 'metadata', 'filterChains']);
const checkChain = onlyFields(FilterChainSchema, ['name', 'filterChainMatch', 'filters']);
const checkMatch = onlyFields(FilterChainMatchSchema, ['destinationPort', 'serverNames']);
const checkManager = onlyFields(HttpConnectionManagerSchema, ['statPrefix', 'rds', 'tracing', 'httpFilters']);
const checkTracing = onlyFields(HttpConnectionManager_TracingSchema, ['randomSampling']);
const checkRouter = onlyFields(RouterSchema, []);
const checkPort = onlyFields(InboundPortSchema, [
  'appAddress',
  'protocol',
  'mode',
  'hosts',
  'service',
  'authorization',
  'rateLimits',
  'connectionLimits',
  'overload',
  'requests',
  'takesBytes',
]);

export function decodeListener(bytes: Uint8Array): DecodedListener {
  const listener = decodeMessage(ListenerSchema, bytes, '');
  switch (listener.name) {
    case OUTBOUND_LISTENER:
      return { kind: 'outbound', listener: outbound(listener) };
    case INBOUND_LISTENER:
      return { kind: 'inbound', listener: inbound(listener) };
    default:
      if (isTcpListener(listener.name)) return { kind: 'tcp', listener: tcpListener(listener) };
      if (isGatewayListener(listener.name)) return { kind: 'gateway', listener: gatewayListener(listener) };
      throw new ResourceError('name', `this proxy has no listener ${listener.name}`);
  }
}

function outbound(from: WireListener): OutboundListener {
  checkOutbound(from, '');
  const path = 'api_listener.api_listener';
  const manager = unpack(HttpConnectionManagerSchema, from.apiListener?.apiListener, path);
  checkManager(manager, path);
  checkFilters(manager, path);
  if (manager.routeSpecifier.case !== 'rds') throw new ResourceError(`${path}.rds`, 'missing');
  const tracing = required(manager.tracing, `${path}.tracing`);
  checkTracing(tracing, `${path}.tracing`);
  return {
    routeTable: manager.routeSpecifier.value.routeConfigName,
    tracing: { samplePercent: tracing.randomSampling?.value ?? 0 },
  };
}

function checkFilters({ httpFilters }: HttpConnectionManager, path: string): void {
  httpFilters.forEach((filter, index) => {
    const at = `${path}.http_filters[${index}]`;
    const config = filter.configType.case === 'typedConfig' ? filter.configType.value : undefined;
    checkRouter(unpack(RouterSchema, config, `${at}(${filter.name})`), at);
  });
}

function inbound(from: WireListener): InboundListener {
  checkInbound(from, '');
  const metadata = onlyMetadata(from.metadata, LISTENER_METADATA, 'metadata');
  const info = unpack(InboundListenerSchema, metadata, `metadata.typed_filter_metadata[${LISTENER_METADATA}]`);
  return {
    ports: from.filterChains.map((chain, index) => inboundPort(chain, `filter_chains[${index}]`)),
    tracing: { samplePercent: info.traceSamplePercent },
  };
}

function inboundPort(chain: FilterChain, path: string): InboundPort {
  checkChain(chain, path);
  const match = required(chain.filterChainMatch, `${path}.filter_chain_match`);
  checkMatch(match, `${path}.filter_chain_match`);
  const [filter, ...more] = chain.filters;
  const at = `${path}.filters[0](${filter?.name ?? ''})`;
  if (more.length > 0 || filter?.name !== INBOUND_FILTER) {
    throw new ResourceError(at, `only the filter ${INBOUND_FILTER} is supported by this proxy`);
  }
  const config = unpack(
    InboundPortSchema,
    filter.configType.case === 'typedConfig' ? filter.configType.value : undefined,
    at,
  );
  checkPort(config, at);
  const service = required(config.service, `${at}.service`);
  return {
    port: required(match.destinationPort, `${path}.filter_chain_match.destination_port`),
    appAddress: config.appAddress,
    protocol: protocol(config.protocol, `${at}.protocol`),
    mode: mtlsMode(config.mode, `${at}.mode`),
    serverNames: match.serverNames,
    hosts: config.hosts,
    service: { namespace: service.namespace, name: service.name },
    authorization: {
      policies: config.authorization.map((policy, index) =>
        authorizationPolicy(policy, `${at}.authorization[${index}]`),
      ),
    },
    ...(config.rateLimits.length > 0 && {
      rateLimits: config.rateLimits.map((limit, index) => rateLimit(limit, `${at}.rate_limits[${index}]`)),
    }),
    ...(config.connectionLimits.length > 0 && {
      connectionLimits: config.connectionLimits.map((limit, index) =>
        connectionLimit(limit, `${at}.connection_limits[${index}]`),
      ),
    }),
    ...(config.overload !== undefined && { overload: overloadConfig(config.overload, `${at}.overload`) }),
    ...(config.requests !== undefined && { requests: requestBounds(config.requests, `${at}.requests`) }),
    ...(config.takesBytes && { takesBytes: true }),
  };
}
