// Cluster -> Cluster of the engine.
import { durationMs } from '@bufbuild/protobuf/wkt';
import type { Cluster, ClusterLimits, ClusterName, SpiffeId, UpstreamTls } from '@malha/traffic';
import { CLUSTER_METADATA, HTTP_PROTOCOL_OPTIONS } from '@malha/xds/extension-names';
import {
  CircuitBreakers_ThresholdsSchema,
  CircuitBreakersSchema,
} from '@malha/xds/generated/envoy/config/cluster/v3/circuit_breaker_pb';
import {
  Cluster_DiscoveryType,
  ClusterSchema,
  type Cluster as WireCluster,
} from '@malha/xds/generated/envoy/config/cluster/v3/cluster_pb';
import { HttpProtocolOptionsSchema as CommonOptionsSchema } from '@malha/xds/generated/envoy/config/core/v3/protocol_pb';
import { UpstreamTlsContextSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import { HttpProtocolOptionsSchema } from '@malha/xds/generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb';
import { ClusterInfoSchema } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { breaker } from './breaker.ts';
import { protocol } from './enums.ts';
import { healthCheck } from './health-check.ts';
import { loadBalancer } from './load-balancer.ts';
import { onlyMetadata } from './metadata.ts';
import { outlierDetection } from './outlier-detection.ts';
import { decodeMessage, onlyFields, ResourceError, required, unpack } from './strict.ts';
import { peerIdentities } from './tls.ts';

const checkCluster = onlyFields(ClusterSchema, [
  'name',
  'type',
  'edsClusterConfig',
  'connectTimeout',
  'outlierDetection',
  'healthChecks',
  'circuitBreakers',
  'typedExtensionProtocolOptions',
  'transportSocket',
  'metadata',
]);
const checkBreakers = onlyFields(CircuitBreakersSchema, ['thresholds']);
const checkThresholds = onlyFields(CircuitBreakers_ThresholdsSchema, [
  'maxConnections',
  'maxPendingRequests',
  'maxRequests',
]);
const checkOptions = onlyFields(HttpProtocolOptionsSchema, ['commonHttpProtocolOptions', 'autoConfig']);
const checkCommon = onlyFields(CommonOptionsSchema, ['idleTimeout']);
const checkTls = onlyFields(UpstreamTlsContextSchema, ['commonTlsContext', 'sni']);

export function decodeCluster(bytes: Uint8Array): Cluster {
  const from = decodeMessage(ClusterSchema, bytes, '');
  checkCluster(from, '');
  if (from.clusterDiscoveryType.value !== Cluster_DiscoveryType.EDS) {
    throw new ResourceError('type', 'only EDS is supported by this proxy');
  }
  if (from.edsClusterConfig !== undefined && from.edsClusterConfig.serviceName !== '') {
    throw new ResourceError('eds_cluster_config.service_name', 'not supported by this proxy');
  }
  const metadata = onlyMetadata(from.metadata, CLUSTER_METADATA, 'metadata');
  const info = unpack(ClusterInfoSchema, metadata, `metadata.typed_filter_metadata[${CLUSTER_METADATA}]`);
  const service = required(info.service, 'metadata.service');
  const probes = healthCheck(from.healthChecks, service.name, 'health_checks');
  return {
    name: from.name as ClusterName,
    service: { namespace: service.namespace, name: service.name },
    port: info.port,
    version: info.version,
    protocol: protocol(info.protocol, 'metadata.protocol'),
    connectTimeoutMs: durationMs(required(from.connectTimeout, 'connect_timeout')),
    idleTimeoutMs: idleTimeoutMs(from),
    limits: limits(from),
    loadBalancer: loadBalancer(info.loadBalancer, 'metadata.load_balancer'),
    ...(from.outlierDetection !== undefined && {
      outlierDetection: outlierDetection(from.outlierDetection, 'outlier_detection'),
    }),
    ...(probes !== undefined && { healthCheck: probes }),
    ...(info.breaker !== undefined && { breaker: breaker(info.breaker, 'metadata.breaker') }),
    tls: upstreamTls(from),
  };
}

function limits({ circuitBreakers }: WireCluster): ClusterLimits {
  const path = 'circuit_breakers';
  const breakers = required(circuitBreakers, path);
  checkBreakers(breakers, path);
  const [thresholds, ...more] = breakers.thresholds;
  if (more.length > 0) throw new ResourceError(`${path}.thresholds[1]`, 'only one priority is supported by this proxy');
  const at = `${path}.thresholds[0]`;
  const only = required(thresholds, at);
  checkThresholds(only, at);
  return {
    maxConnections: required(only.maxConnections, `${at}.max_connections`),
    maxPending: required(only.maxPendingRequests, `${at}.max_pending_requests`),
    maxRequests: required(only.maxRequests, `${at}.max_requests`),
  };
}

function idleTimeoutMs({ typedExtensionProtocolOptions }: WireCluster): number {
  const path = `typed_extension_protocol_options[${HTTP_PROTOCOL_OPTIONS}]`;
  for (const name of Object.keys(typedExtensionProtocolOptions)) {
    if (name !== HTTP_PROTOCOL_OPTIONS) {
      throw new ResourceError(`typed_extension_protocol_options[${name}]`, 'not supported by this proxy');
    }
  }
  const options = unpack(HttpProtocolOptionsSchema, typedExtensionProtocolOptions[HTTP_PROTOCOL_OPTIONS], path);
  checkOptions(options, path);
  const common = required(options.commonHttpProtocolOptions, `${path}.common_http_protocol_options`);
  checkCommon(common, `${path}.common_http_protocol_options`);
  return durationMs(required(common.idleTimeout, `${path}.common_http_protocol_options.idle_timeout`));
}

function upstreamTls({ transportSocket }: WireCluster): UpstreamTls {
  const path = 'transport_socket.typed_config';
  const config = transportSocket?.configType;
  const tls = unpack(UpstreamTlsContextSchema, config?.case === 'typedConfig' ? config.value : undefined, path);
  checkTls(tls, path);
  const identities = peerIdentities(tls.commonTlsContext, `${path}.common_tls_context`);
  return { serverName: tls.sni, spiffeIds: identities as SpiffeId[] };
}
