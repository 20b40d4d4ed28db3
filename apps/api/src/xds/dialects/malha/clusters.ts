// Clusters of the dialect `malha`: endpoints over EDS, SNI and SPIFFE IDs in the TLS context, identity of the service in metadata.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import type { Cluster } from '@malha/traffic';
import { CLUSTER_TYPE } from '@malha/xds';
import { CLUSTER_METADATA, HTTP_PROTOCOL_OPTIONS } from '@malha/xds/extension-names';
import { Cluster_DiscoveryType, ClusterSchema } from '@malha/xds/generated/envoy/config/cluster/v3/cluster_pb';
import { UpstreamTlsContextSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import { HttpProtocolOptionsSchema } from '@malha/xds/generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb';
import { ClusterInfoSchema } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import type { ResourcePlan } from '../dialect.ts';
import { thresholds } from '../shared/clusters.ts';
import { healthChecks } from '../shared/health-checks.ts';
import { exactString } from '../shared/matches.ts';
import { outlierDetection } from '../shared/outlier-detection.ts';
import { PROTOCOLS } from '../shared/protocols.ts';
import { commonTlsContext } from '../shared/tls.ts';
import { loadBalancer } from './load-balancer.ts';

export function clusterPlan(cluster: Cluster): ResourcePlan {
  return { typeUrl: CLUSTER_TYPE, name: cluster.name, source: cluster, bytes: () => encodeCluster(cluster) };
}

function encodeCluster(cluster: Cluster): Uint8Array {
  const init: MessageInitShape<typeof ClusterSchema> = {
    name: cluster.name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: { configSourceSpecifier: { case: 'ads', value: {} } } },
    connectTimeout: durationFromMs(cluster.connectTimeoutMs),
    circuitBreakers: { thresholds: [thresholds(cluster.limits)] },
    healthChecks: healthChecks(cluster),
    ...(cluster.outlierDetection !== undefined && { outlierDetection: outlierDetection(cluster.outlierDetection) }),
    typedExtensionProtocolOptions: { [HTTP_PROTOCOL_OPTIONS]: protocolOptions(cluster) },
    transportSocket: {
      name: 'envoy.transport_sockets.tls',
      configType: { case: 'typedConfig', value: tlsContext(cluster) },
    },
    metadata: { typedFilterMetadata: { [CLUSTER_METADATA]: info(cluster) } },
  };
  return toBinary(ClusterSchema, create(ClusterSchema, init));
}

function protocolOptions(cluster: Cluster) {
  return anyPack(
    HttpProtocolOptionsSchema,
    create(HttpProtocolOptionsSchema, {
      commonHttpProtocolOptions: { idleTimeout: durationFromMs(cluster.idleTimeoutMs) },
      upstreamProtocolOptions: { case: 'autoConfig', value: {} },
    }),
  );
}

function tlsContext({ tls }: Cluster) {
  return anyPack(
    UpstreamTlsContextSchema,
    create(UpstreamTlsContextSchema, {
      sni: tls.serverName,
      commonTlsContext: commonTlsContext(tls.spiffeIds.map(exactString)),
    }),
  );
}

function info({ service, port, version, protocol, loadBalancer: balancer, breaker }: Cluster) {
  return anyPack(
    ClusterInfoSchema,
    create(ClusterInfoSchema, {
      service: { ...service },
      port,
      version,
      protocol: PROTOCOLS[protocol],
      loadBalancer: loadBalancer(balancer),
      ...(breaker !== undefined && { breaker }),
    }),
  );
}
