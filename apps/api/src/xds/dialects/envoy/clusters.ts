// Clusters for Envoy: EDS over ADS, mutual TLS to those endpoints that take it, limits and the retry budget.
import { create, toBinary } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { Cluster, ClusterName, RetryBudgetConfig } from '@malha/traffic';
import { CLUSTER_TYPE } from '@malha/xds';
import { HTTP_PROTOCOL_OPTIONS } from '@malha/xds/extension-names';
import { Cluster_DiscoveryType, ClusterSchema } from '@malha/xds/generated/envoy/config/cluster/v3/cluster_pb';
import { RawBufferSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb';
import { TlsParameters_TlsProtocol } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/common_pb';
import { UpstreamTlsContextSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/tls_pb';
import { HttpProtocolOptionsSchema } from '@malha/xds/generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb';
import type { DialectContext, ResourcePlan, SecretFiles } from '../dialect.ts';
import { thresholds } from '../shared/clusters.ts';
import { healthChecks } from '../shared/health-checks.ts';
import { exactString } from '../shared/matches.ts';
import { outlierDetection } from '../shared/outlier-detection.ts';
import { commonTlsContext } from '../shared/tls.ts';
import { TLS_ENDPOINT } from './endpoints.ts';
import { loadBalancerFields } from './load-balancer.ts';
import { ADS, pack, typed } from './types.ts';

/** Envoy takes an empty list for "anyone whom the authority knows"; nobody has this identity. */
const NOBODY = 'spiffe://nobody.invalid/';

/** Marks clusters without a budget in the encoder's memo, which wants an object. */
const NO_BUDGET = {};
const NO_FILES = {};

/** `budget`: that of the first route to the cluster; Envoy knows one for each cluster only. */
export function clusterPlan(
  cluster: Cluster,
  budget: RetryBudgetConfig | undefined,
  { secretFiles }: DialectContext,
): ResourcePlan {
  return {
    typeUrl: CLUSTER_TYPE,
    name: cluster.name,
    source: [cluster, budget ?? NO_BUDGET, secretFiles ?? NO_FILES],
    bytes: () => encodeCluster(cluster, budget, secretFiles),
  };
}

/** Of the same endpoints for bytes: a peer takes a connection for HTTP by the ALPN that Envoy offers for all of a cluster's. */
export function bytesClusterName(name: ClusterName): ClusterName {
  return `bytes|${name}` as ClusterName;
}

export function bytesClusterPlan(cluster: Cluster, { secretFiles }: DialectContext): ResourcePlan {
  const name = bytesClusterName(cluster.name);
  return {
    typeUrl: CLUSTER_TYPE,
    name,
    source: [cluster, NO_BUDGET, secretFiles ?? NO_FILES],
    bytes: () => {
      // Checked once, by the cluster of the same endpoints that is for HTTP.
      const { healthCheck: _, ...unchecked } = cluster;
      return encodeCluster({ ...unchecked, name, protocol: 'tcp' }, undefined, secretFiles, cluster.name);
    },
  };
}

/** `serviceName`: of the endpoints. */
function encodeCluster(
  cluster: Cluster,
  budget: RetryBudgetConfig | undefined,
  secretFiles: SecretFiles | undefined,
  serviceName: string = cluster.name,
): Uint8Array {
  const tls = {
    name: 'envoy.transport_sockets.tls',
    configType: typed(UpstreamTlsContextSchema, upstreamTls(cluster, secretFiles)),
  };
  const plaintext = { name: 'envoy.transport_sockets.raw_buffer', configType: typed(RawBufferSchema, {}) };
  const message = create(ClusterSchema, {
    name: cluster.name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: ADS, ...(serviceName !== cluster.name && { serviceName }) },
    connectTimeout: durationFromMs(Math.max(1, cluster.connectTimeoutMs)),
    ...loadBalancerFields(cluster.loadBalancer),
    healthChecks: healthChecks(cluster),
    ...(cluster.outlierDetection !== undefined && { outlierDetection: outlierDetection(cluster.outlierDetection) }),
    circuitBreakers: {
      thresholds: [
        {
          ...thresholds(cluster.limits),
          ...(budget !== undefined && {
            retryBudget: { budgetPercent: { value: budget.percent }, minRetryConcurrency: budget.minConcurrent },
          }),
        },
      ],
    },
    typedExtensionProtocolOptions: { [HTTP_PROTOCOL_OPTIONS]: protocolOptions(cluster) },
    transportSocketMatches: [
      { name: 'mtls', match: TLS_ENDPOINT, transportSocket: tls },
      { name: 'plaintext', match: {}, transportSocket: plaintext },
    ],
  });
  return toBinary(ClusterSchema, message);
}

function isHttp2({ protocol }: Cluster): boolean {
  return protocol === 'http2' || protocol === 'grpc';
}

function protocolOptions(cluster: Cluster) {
  return pack(HttpProtocolOptionsSchema, {
    commonHttpProtocolOptions: { idleTimeout: durationFromMs(cluster.idleTimeoutMs) },
    upstreamProtocolOptions: {
      case: 'explicitHttpConfig',
      value: {
        protocolConfig: isHttp2(cluster)
          ? { case: 'http2ProtocolOptions', value: { allowConnect: true } }
          : { case: 'httpProtocolOptions', value: {} },
      },
    },
  });
}

function upstreamTls(cluster: Cluster, secretFiles: SecretFiles | undefined) {
  const { serverName, spiffeIds } = cluster.tls;
  const peers = spiffeIds.length === 0 ? [NOBODY] : spiffeIds;
  const http = isHttp2(cluster) ? 'h2' : 'http/1.1';
  const isRaw = cluster.protocol === 'tcp' || cluster.protocol === 'tls';
  return {
    sni: serverName,
    commonTlsContext: {
      ...commonTlsContext(peers.map(exactString), secretFiles),
      tlsParams: {
        tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3,
        tlsMaximumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3,
      },
      alpnProtocols: isRaw ? [] : [http],
    },
  };
}
